"""Run folders: going on bit by bit, logs that follow, one run and one process per folder."""

import csv
import json
import resource
import subprocess
import sys

import pytest
import torch

from sw.errors import EngramError
from sw.training.loop.state import State
from sw.training.run.folder import RunFolder
from sw.training.run.result import machine

IDENTITY = {"data": "mnist", "recipe": {"epochs": 6, "phases": [1, 2], "weight": None}, "seed": 0}


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def fit(part, epochs, die_before_saving=None):
    """A fit with everything that has a state: weights, optimiser, schedule, random numbers, best."""
    torch.manual_seed(1)
    model = torch.nn.Linear(5, 3)
    optimiser = torch.optim.AdamW(model.parameters(), 0.1)
    first, best = 1, 9.0
    state = part.load()
    if state is not None:
        names = [(number, key) for number in range(2) for key in ("step", "exp_avg", "exp_avg_sq")]
        model.load_state_dict({name: state.tensors[f"model.{name}"] for name in model.state_dict()})
        loaded = optimiser.state_dict()
        loaded["state"] = {0: {}, 1: {}}
        for number, key in names:
            loaded["state"][number][key] = state.tensors[f"optimiser.{number}.{key}"]
        optimiser.load_state_dict(loaded)
        torch.set_rng_state(state.tensors["rng"])
        first, best = state.values["epoch"] + 1, state.values["best"]
    for epoch in range(first, epochs + 1):
        loss = model(torch.randn(4, 5)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        best = min(best, loss.item())
        part.log({"epoch": epoch, "phase": "a, b", "loss": loss.item(), "macs_nonzero": None})
        if epoch == die_before_saving:
            return None
        tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
        for number, slots in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{key}": value for key, value in slots.items()}
        tensors["rng"] = torch.get_rng_state()
        part.save(State(tensors, {"epoch": epoch, "best": best}))
    return {**model.state_dict(), "best": torch.tensor(best)}


def test_a_run_in_pieces_is_the_run_in_one(tmp_path):
    with RunFolder(tmp_path / "whole", IDENTITY) as run:
        want = fit(run.part("student"), 6)
    for epochs, death in ((2, None), (5, 4), (6, None)):
        with RunFolder(tmp_path / "pieces", IDENTITY) as run:
            got = fit(run.part("student"), epochs, death)
    assert got.keys() == want.keys()
    for name in want:
        assert torch.equal(got[name], want[name])
    log = (tmp_path / "whole" / "student.csv").read_bytes()
    assert (tmp_path / "pieces" / "student.csv").read_bytes() == log
    assert [row["epoch"] for row in rows_of(tmp_path / "whole" / "student.csv")] == list("123456")


def test_log_holds_what_was_given_and_loses_what_came_after_the_checkpoint(tmp_path):
    with RunFolder(tmp_path, IDENTITY) as run:
        part = run.part("float")
        assert part.load() is None
        part.log({"epoch": 1, "phase": 'a "b", c', "loss": 0.1 + 0.2, "macs_nonzero": None})
        part.save(State({}, {}))
        part.log({"epoch": 2, "phase": "é", "loss": 1e-9, "macs_nonzero": 7})
        first = {"epoch": "1", "phase": 'a "b", c', "loss": "0.30000000000000004", "macs_nonzero": ""}
        second = {"epoch": "2", "phase": "é", "loss": "1e-09", "macs_nonzero": "7"}
        assert rows_of(part.log_file) == [first, second]
    with RunFolder(tmp_path, IDENTITY) as run:
        part = run.part("float")
        assert part.load() is not None
        assert rows_of(part.log_file) == [first]
        part.log_file.unlink()  # it comes back from the checkpoint
        part.log({"epoch": 2, "phase": "é", "loss": 1e-9, "macs_nonzero": 7})
        assert rows_of(part.log_file) == [first, second]


def test_a_log_without_a_checkpoint_begins_anew(tmp_path):
    for loss in (1, 2):
        with RunFolder(tmp_path, IDENTITY) as run:
            assert run.part("student").load() is None
            run.part("student").log({"epoch": 1, "loss": loss})
    assert rows_of(tmp_path / "student.csv") == [{"epoch": "1", "loss": "2"}]


def test_parts_are_apart(tmp_path):
    with RunFolder(tmp_path, IDENTITY) as run:
        for number, name in enumerate(("teacher", "float", "student")):
            run.part(name).log({"epoch": number})
            run.part(name).save(State({"x": torch.tensor(number)}, {"number": number}))
    with RunFolder(tmp_path, IDENTITY) as run:
        for number, name in enumerate(("teacher", "float", "student")):
            state = run.part(name).load()
            assert (state.tensors["x"].item(), state.values) == (number, {"number": number})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "seed is 0 there and 1 here"),
        ({"data": None}, "data is 'mnist' there and none here"),
        ({"recipe": IDENTITY["recipe"] | {"epochs": 6.0}}, "recipe.epochs is 6 there and 6.0 here"),
        ({"recipe": IDENTITY["recipe"] | {"phases": [1]}}, "recipe.phases is [1, 2] there and [1] here"),
        ({"recipe": IDENTITY["recipe"] | {"ema": 0.9}}, "recipe.ema is absent there and 0.9 here"),
        ({"recipe": {"epochs": 6, "phases": [1, 2]}}, "recipe.weight is none there and absent here"),
    ],
)
def test_another_run_is_refused_by_its_first_difference(tmp_path, change, message):
    RunFolder(tmp_path, IDENTITY).close()
    before = (tmp_path / "run.json").read_bytes()
    with pytest.raises(EngramError) as refusal:
        RunFolder(tmp_path, IDENTITY | change)
    assert str(refusal.value) == (
        f"{tmp_path} holds another run: {message}; give the same options, another --run folder, or --restart"
    )
    assert (tmp_path / "run.json").read_bytes() == before
    RunFolder(tmp_path, {key: IDENTITY[key] for key in reversed(IDENTITY)}).close()  # and it is not locked


def test_restart_removes_what_a_run_left_and_nothing_else(tmp_path):
    with RunFolder(tmp_path, IDENTITY) as run:
        fit(run.part("student"), 2)
        run.finish({})
    (tmp_path / "mine.csv").write_text("x")
    (tmp_path / ".student.safetensors.1.tmp").write_text("left by a kill")
    with RunFolder(tmp_path, {"seed": 5}, restart=True) as run:
        assert run.part("student").load() is None
        assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "mine.csv", "run.json"]
    with pytest.raises(EngramError, match="seed is 5 there and 0 here"):
        RunFolder(tmp_path, {"seed": 0})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '"' + 9 * "["])
def test_damaged_identity_is_refused_and_restarted(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(EngramError) as refusal:
        RunFolder(tmp_path, IDENTITY)
    assert str(refusal.value) == (
        f"{tmp_path / 'run.json'} must say which run the folder holds, it cannot be read; "
        "give another --run folder, or --restart"
    )
    RunFolder(tmp_path, IDENTITY, restart=True).close()
    RunFolder(tmp_path, IDENTITY).close()


@pytest.mark.parametrize("restart", [False, True])
def test_a_folder_of_other_things_is_refused_and_left_alone(tmp_path, restart):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(EngramError) as refusal:
        RunFolder(tmp_path, IDENTITY, restart=restart)
    assert str(refusal.value) == (
        f"--run must be a new folder or that of a run, {tmp_path} has no run.json and holds thesis.tex; "
        "give another"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_in_which_nothing_was_kept_goes_away_again(tmp_path):
    with RunFolder(tmp_path / "made", IDENTITY):
        pass
    assert not (tmp_path / "made").exists()
    (tmp_path / "found").mkdir()
    with RunFolder(tmp_path / "found", IDENTITY) as run:
        assert not run.begun
    assert list((tmp_path / "found").iterdir()) == []
    with RunFolder(tmp_path / "found", IDENTITY) as run:
        run.part("teacher").log({"epoch": 1})
    assert (tmp_path / "found" / "run.json").exists()


def test_a_folder_knows_whether_its_run_has_begun_and_finished(tmp_path):
    seen = []
    for piece in range(3):
        with RunFolder(tmp_path, IDENTITY) as run:
            seen.append((run.begun, run.finished))
            if piece == 0:
                run.part("teacher").save(State({}, {}))
            if piece == 1:
                run.finish({})
    assert seen == [(False, False), (True, False), (True, True)]


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(EngramError, match="cannot make the folder"):
        RunFolder(tmp_path / "x", IDENTITY)


@pytest.mark.parametrize(
    ("source", "what"), [("other/student", "run"), ("here/float", "part")], ids=["of a run", "of a part"]
)
def test_a_checkpoint_from_elsewhere_is_refused(tmp_path, source, what):
    with RunFolder(tmp_path / "other", IDENTITY | {"seed": 1}) as run:
        run.part("student").save(State({}, {}))
    with RunFolder(tmp_path / "here", IDENTITY) as run:
        run.part("float").save(State({}, {}))
        part = run.part("student")
        part.checkpoint.write_bytes((tmp_path / f"{source}.safetensors").read_bytes())
        with pytest.raises(EngramError) as refusal:
            part.load()
    assert str(refusal.value) == (
        f"{part.checkpoint} must be of this run's student (format 1), it is of another {what}; "
        "delete it to train this part anew, or give --restart"
    )


def test_a_full_disk_is_one_line_and_the_checkpoint_before_stays(tmp_path):
    with RunFolder(tmp_path, IDENTITY) as run:
        part = run.part("student")
        part.save(State({"x": torch.ones(9)}, {"epoch": 1}))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        try:
            with pytest.raises(EngramError) as refusal:
                part.save(State({"x": torch.ones(9000)}, {"epoch": 2}))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(refusal.value) == (
        f"cannot write {part.checkpoint}: File too large; the checkpoint before it stays: "
        "make room, then the same command goes on"
    )
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".safetensors"]
    with RunFolder(tmp_path, IDENTITY) as run:
        assert run.part("student").load().values == {"epoch": 1}


OTHER_PROCESS = """
import sys
from pathlib import Path
from sw.training.run.folder import RunFolder
run = RunFolder(Path(sys.argv[1]), {"data": "mnist"})
print("open", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_until_the_first_is_dead(tmp_path):
    command = [sys.executable, "-c", OTHER_PROCESS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "open\n"
            with pytest.raises(EngramError) as refusal:
                RunFolder(tmp_path, {"data": "mnist"}, restart=True)
        finally:
            other.kill()
    said = str(refusal.value)
    assert said.startswith(f"{tmp_path} must be used by one command at a time, ") and "\n" not in said
    assert f"(process {other.pid} on " in said
    assert said.endswith("; wait for it, or give another --run folder")
    RunFolder(tmp_path, {"data": "mnist"}).close()


def test_result_has_the_seconds_of_all_pieces_up_to_their_checkpoints(tmp_path, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("sw.training.run.folder.time.monotonic", lambda: clock[0])
    for piece in range(2):
        with RunFolder(tmp_path, IDENTITY) as run:
            run.part("teacher").load()
            clock[0] += 10 - 10 * piece
            if not piece:
                run.part("teacher").save(State({}, {}))
            run.part("student").load()
            clock[0] += 5
            run.part("student").save(State({}, {"piece": piece}))
            clock[0] += 2  # lost in the first piece
            if piece:
                run.finish({"accuracy": {"ideal": 0.5}})
        clock[0] -= 300
    result = json.loads((tmp_path / "result.json").read_text())
    assert result == {"accuracy": {"ideal": 0.5}, "seconds": 10 + 5 + 5 + 2, "machine": machine()}
