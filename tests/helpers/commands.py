"""What tests of commands share: running one, and a small untrained bundle of the digits."""

from pathlib import Path

import typer
from click.testing import Result
from typer.testing import CliRunner

from sw.bundle import Bundle, save
from sw.bundle.provenance import Provenance
from sw.cli import application
from sw.commands.train.command import train
from sw.data.dataset import load as load_data
from sw.data.parts import Dataset
from sw.design import DesignPoint, Layer
from sw.training.recipe import Recipe
from tests.helpers.bundles import random_bundle

__all__ = ["QUICK", "digits_bundle", "run", "train_command"]

QUICK = Recipe(2, 1, 1, batch=20, shift=0.0, rotate_deg=0.0)
SMALL = DesignPoint(
    name="small-digits",
    height=8,
    width=8,
    classes=10,
    layers=(Layer(kind="conv3x3", out_channels=16, stride=2),),
)


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    done = CliRunner().invoke(application(), [str(argument) for argument in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def train_command(*arguments: object) -> Result:
    """Invoke ``engram train`` alone; exceptions become its exit code as in the command."""
    alone = typer.Typer()
    alone.command()(train)
    return CliRunner().invoke(alone, [str(argument) for argument in arguments])


def digits_bundle(folder: Path) -> tuple[Dataset, Bundle, Path]:
    """The digits, an untrained bundle that says it was trained on them, and its path."""
    data = load_data("digits")
    bundle = random_bundle(SMALL, 1).with_(
        provenance=Provenance(
            data=data.origin,
            metrics={"test.float": 0.75, "test.quantised": 0.5},
        )
    )
    save(bundle, folder / "digits.engram")
    return data, bundle, folder / "digits.engram"
