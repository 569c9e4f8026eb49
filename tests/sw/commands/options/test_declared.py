"""Options that are declared once: what a command takes, gets and records."""

import inspect
import shlex
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from sw.commands.options.declared import OptionsOf, Recorded, step_of, takes_options


class Kind(StrEnum):
    one = "one"
    two = "two"


def group(
    width: Annotated[int, typer.Option("--width", help="How wide.")] = 4,
    law: Annotated[str, typer.Option("--law"), Recorded.by_name] = "usual",
    noise: Annotated[bool, typer.Option("--noise/--no-noise")] = False,
) -> None:
    """Options that several commands have."""


@dataclass(frozen=True)
class Request:
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...")]
    kind: Annotated[Kind, typer.Option("--kind", help="Which."), Recorded.always] = Kind.one
    file: Annotated[Path | None, typer.Option("--file"), Recorded.by_name] = None
    name: Annotated[list[str] | None, typer.Option("--name")] = None
    path: Annotated[Path | None, typer.Option("--path")] = None
    array: Annotated[dict[str, Any], OptionsOf(inspect.signature(group).parameters.values())] = field(
        default_factory=dict
    )
    jobs: Annotated[int | None, typer.Option("--jobs"), Recorded.never] = None
    at_least: Annotated[float | None, typer.Option("--at-least", min=0)] = None
    seed: Annotated[int, typer.Option("--seed")] = 0


@pytest.fixture
def asked():
    """Runs a command with a request and one option; gives what it got, or its exit code."""
    got = []

    @takes_options
    def command(request: Request, json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """What it does."""
        got.append((request, json))

    application = typer.Typer()
    application.command()(command)

    def run(*arguments):
        done = CliRunner().invoke(application, list(arguments), env={"COLUMNS": "200"})
        return got.pop() if got else (done.exit_code, done.output)

    return run


def test_without_options_a_request_has_its_defaults(asked):
    assert asked("a", "b") == (Request(["a", "b"]), False)


def test_every_option_arrives_in_its_place_and_a_group_holds_what_was_given(asked):
    line = "a --kind two --file x/y.toml --name n --name m --width 5 --noise --jobs 3 --at-least 0.5 --json"
    request, json = asked(*line.split())
    assert json
    assert request == Request(
        ["a"], Kind.two, Path("x/y.toml"), ["n", "m"], None, {"width": 5, "noise": True}, 3, 0.5
    )
    request, _ = asked("a", "--width", "4", "--no-noise")
    assert request.array == {}


def test_a_group_by_hand_holds_what_a_person_wrote_also_where_it_is_the_default():
    got = []

    @takes_options
    def command(
        array: Annotated[
            dict[str, Any], OptionsOf(inspect.signature(group).parameters.values(), by_hand=True)
        ],
    ) -> None:
        """What it does."""
        got.append(array)

    application = typer.Typer()
    application.command()(command)
    for arguments in ([], ["--width", "4"], ["--no-noise", "--law", "own"]):
        assert CliRunner().invoke(application, arguments).exit_code == 0
    assert got == [{}, {"width": 4}, {"law": "own", "noise": False}]


def test_help_and_refusals_are_those_of_the_declaration(asked):
    code, said = asked("--help")
    assert code == 0
    assert "What it does." in said and "How wide." in said and "Which." in said
    assert said.index("--kind") < said.index("--width") < said.index("--jobs") < said.index("--json")
    assert asked("a", "--at-least", "-1")[0] == 2
    assert asked()[0] == 2


def recorded(request):
    return dict(step_of("go", request, {}).options)


def test_what_differs_from_the_defaults_is_recorded_as_marked():
    assert recorded(Request(["a"])) == {"kind": "one"}
    request = Request(["a"], file=Path("x/y.toml"), array={"law": "x/own.csv", "noise": True}, jobs=3)
    assert recorded(request) == {"kind": "one", "file": "y.toml", "law": "own.csv", "noise": True}
    assert all(type(value) in (str, bool) for value in recorded(request).values())


def test_a_step_has_the_seed_apart_and_options_in_the_order_of_the_declaration():
    request = Request(["a"], at_least=0.5, array={"noise": True, "width": 5}, path=Path("x/z"), seed=7)
    step = step_of("go", request, {"numpy": "2"}, ["a.engram"])
    assert (step.command, step.arguments, step.seed, step.versions) == (
        "go",
        ("a.engram",),
        7,
        {"numpy": "2"},
    )
    assert step.options == (
        ("kind", "one"),
        ("path", "x/z"),
        ("width", 5),
        ("noise", True),
        ("at-least", 0.5),
    )


def test_the_line_of_a_step_can_be_typed_again(asked):
    request = Request(["a b"], Kind.two, None, ["x=1", "it's"], Path("x/z"), {"width": 5}, None, 0.5, 3)
    line = step_of("go", request, {}, request.sources).line
    assert line.startswith("engram go 'a b' --kind two --name x=1 --name ")
    again, _ = asked(*shlex.split(line)[2:])
    assert again == request
