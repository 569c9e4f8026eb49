"""Programs as the shell sees them: what they print, and how they end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from sw import cli

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
import typer
from rich.table import Table
from sw.console import answer, messages, print_json, reports_errors, terminal
from sw.shell.start import start

@reports_errors
def show(name: str = "x", lines: int = 1, as_json: bool = False):
    'Show … everything.'
    with terminal.stage("µ ×", 2, "…") as stage:
        stage.done(2)
    if name != "x":
        open(name).close()
    table = Table(title="★ ±3 ≤ 5")
    table.add_column("█▁")
    table.add_row("µ" * 30)
    for _ in range(lines):
        if as_json:
            print_json({"Größe": "3 × 4"})
        else:
            answer.print(table)
            print("print × ü")
            messages.print("said × ü")

start(show)
""".encode("ascii", "backslashreplace").decode()  # in ASCII the program's own text is the same in any locale


def begin(*arguments, env=None, **streams):
    """Start the program; without any other word, pipes for its streams."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "20", **(env or {})},
        **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams),
    )


@pytest.mark.parametrize(
    ("env", "encoding", "shown"),
    [
        ({"PYTHONIOENCODING": "ascii"}, "ascii", "print x \\xfc"),
        ({"PYTHONIOENCODING": "iso8859-1:strict", "TERM": "dumb", "NO_COLOR": "1"}, "iso8859-1", "print × ü"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "ascii", "print x \\xfc"),
    ],
    ids=["ascii", "latin-1", "locale-C"],
)
def test_everything_is_printed_in_any_encoding(env, encoding, shown):
    done = begin(env={"PYTHONIOENCODING": "", **env})
    out, err = done.communicate(timeout=60)
    assert done.returncode == 0
    lines = out.decode(encoding).splitlines()
    assert lines[0].split() == ["*", "±3" if encoding != "ascii" else "+/-3", "<=", "5"]
    assert shown in lines
    assert any(line.strip("| ") == ("u" if encoding == "ascii" else "µ") * 30 for line in lines)
    assert not any(word in err for word in (b"Traceback", b"Error"))
    assert shown.replace("print", "said") in err.decode(encoding)


def test_a_reader_that_goes_away_ends_the_program_quietly():
    reading, writing = os.pipe()
    done = begin("--lines", "100000", stdout=writing)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    _, said = done.communicate(timeout=60)
    assert done.returncode == 141
    assert b"Traceback" not in said and b"Error" not in said and b"Exception" not in said


@pytest.mark.parametrize("arguments", [["--as-json"], ["--help"], []], ids=" ".join)
def test_a_full_disk_behind_standard_output_is_one_line_and_exit_code_2(arguments):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "wb") as full:
        done = begin(*arguments, stdout=full, env={"PYTHONIOENCODING": "utf-8"})
        _, err = done.communicate(timeout=60)
    assert done.returncode == 2
    last = err.decode().splitlines()[-1]
    assert last.startswith("error: cannot write to standard output: No space left on device; ")
    assert b"Traceback" not in err and b"Exception" not in err


def test_messages_that_cannot_be_shown_keep_no_answer_back():
    with open("/dev/full" if os.path.exists("/dev/full") else os.devnull, "wb") as full:
        done = begin("--as-json", stderr=full)
        out, _ = done.communicate(timeout=60)
    assert (done.returncode, json.loads(out)) == (0, {"Größe": "3 × 4"})


def test_a_closed_output_takes_no_file_of_ours_for_itself(tmp_path):
    note = tmp_path / "note"
    note.write_text("kept", encoding="utf-8")
    done = begin("--name", str(note), stdout=None, preexec_fn=lambda: os.close(1))
    done.communicate(timeout=60)
    assert (done.returncode, note.read_text(encoding="utf-8")) == (0, "kept")


def test_a_wrong_command_line_is_one_line():
    done = begin("--lines", "many")
    out, err = done.communicate(timeout=60)
    assert (done.returncode, out) == (2, b"")
    (line,) = err.decode().splitlines()
    assert line.startswith("error: Invalid value for '--lines': ") and line.endswith("; see '-c --help'")


def test_a_name_that_the_system_cannot_write_is_named():
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "utf-8"}
    program = PROGRAM.replace("start(show)", "start(lambda: show(name='Gr\\xf6\\xdfe'))")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=os.environ | env, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert (
        done.stderr.decode()
        .splitlines()[-1]
        .startswith("error: the name 'Gr\\xf6\\xdfe' must have only characters of ascii")
    )


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, typer.Abort])
def test_ctrl_c_while_commands_are_imported_is_one_line(interruption, monkeypatch, capsys):
    def importing():
        raise interruption

    monkeypatch.setattr(cli, "application", importing)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert (end.value.code, *capsys.readouterr()) == (130, "", "interrupted\n")
