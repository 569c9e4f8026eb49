"""Who speaks to a person: commands, and nobody below them."""

import ast

import pytest

from tests.helpers.imports import DOORS, FILES, PRODUCT, imports_of, within

COMMANDS = {
    "sw.cli",
    "sw.distil",
    *DOORS,
    "sw.shell.start",
    "formal.__main__",
    "hw.build",
    "hw.tuning.calibrate",
    "hw.tuning.lut6",
    "hw.tuning.sparsity",
    "published.boards",
    "published.commands",
    "sim.cores.command",
    "sim.netlist.run",
    "sim.run",
    "sim.uart",
    *(name for name in FILES if within(name, ["sw.commands"])),
}
"""What talks to a person."""


def prints(source):
    """Lines that write to the terminal by hand."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return sorted(
        call.lineno for call in calls if ast.unparse(call.func) in {"print", "typer.echo", "click.echo"}
    )


def test_a_line_that_prints_is_found():
    assert prints("def f():\n    print(1)\ntyper.echo('x')\nbar.print(2)\n") == [2, 3]


def test_nobody_echoes():
    """Typer's echo writes UTF-8 to a terminal that calls itself ASCII."""
    assert [name for name, source in PRODUCT.items() if "typer.echo(" in source] == []


@pytest.mark.parametrize("module", sorted(name for name in FILES if not within(name, ["tests"])))
def test_nothing_below_the_commands_knows_a_command_or_the_terminal(module):
    source = FILES[module].read_text(encoding="utf-8")
    used = [each.module for each in imports_of(source)]
    if module not in COMMANDS:
        assert [name for name in used if within(name, ["sw.commands"])] == []
    if module not in COMMANDS | {"sw.console"}:
        assert [name for name in used if within(name, ["sw.console"])] == []
        assert prints(source) == []
