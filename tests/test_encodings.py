"""Text files and the text of child processes are UTF-8, whatever the locale of the person says."""

import ast

import pytest

from tests.helpers.imports import FILES

PRODUCT = sorted(name for name in FILES if not name.startswith("tests"))
FILE_TEXT = {"read_text", "write_text"}
CHILDREN = {"subprocess.run", "subprocess.Popen", "subprocess.check_output"}


def by_locale(source):
    """Lines of the calls that would read or write text in the encoding of the locale."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        function, options = ast.unparse(call.func), {option.arg for option in call.keywords}
        name = function.rpartition(".")[2]
        text = name in FILE_TEXT or _opens_text(call, function, name)
        text |= function in CHILDREN and bool({"text", "universal_newlines"} & options)
        if text and "encoding" not in options:
            found.append(call.lineno)
    return found


def _opens_text(call, function, name):
    """Whether a call opens a file as text: open(file, mode) or path.open(mode)."""
    if name not in {"open", "fdopen", "NamedTemporaryFile", "TemporaryFile"}:
        return False
    if function in {"os.open", "tarfile.open", "safetensors.safe_open", "Image.open"}:
        return False
    modes = [option.value for option in call.keywords if option.arg == "mode"]
    modes += call.args[1:2] if function in {"open", "os.fdopen"} else call.args[:1]
    return not (modes and "b" in ast.unparse(modes[0])) and (bool(modes) or name in {"open", "fdopen"})


@pytest.mark.parametrize("module", PRODUCT)
def test_every_text_names_its_encoding(module):
    assert by_locale(FILES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("path.read_text()", True),
        ("path.read_text(errors='replace')", True),
        ("path.write_text(text, encoding='utf-8')", False),
        ("open(path)", True),
        ("open(path, 'wb')", False),
        ("path.open('w')", True),
        ("path.open(mode='rb')", False),
        ("tarfile.open(fileobj=data, mode='r:gz')", False),
        ("os.open(path, os.O_RDWR)", False),
        ("subprocess.run(command, text=True)", True),
        ("subprocess.Popen(command, text=True, encoding='utf-8')", False),
        ("subprocess.run(command)", False),
    ],
)
def test_calls_are_told_apart(line, wrong):
    assert by_locale(line) == ([1] if wrong else [])
