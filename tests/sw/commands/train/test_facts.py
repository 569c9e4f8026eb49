"""What a training came to: read from a recorded command, refused where it cannot be."""

import pytest

from sw.bundle import save
from sw.bundle.bundle import Provenance
from sw.commands.train.facts import commands_of, facts_of_bundle, options_of
from sw.errors import EngramError
from tests.helpers.bundles import TINY, random_bundle


def test_options_of_a_command_line():
    command = "engram train --data 'my; data.npz' --noise-aware --noise --recipe a=1 --recipe b=-2 --seed 3"
    assert options_of(command) == {
        "data": ["my; data.npz"],
        "noise-aware": [],
        "noise": [],
        "recipe": ["a=1", "b=-2"],
        "seed": ["3"],
    }


def test_commands_of_a_bundle_that_was_made_in_steps():
    command = (
        "engram train --data 'my; data.npz' --seed 3; engram templates x.engram --kind mean --seed 0; "
        "engram templates y.engram --kind keep --rows 64 --seed 0"
    )
    trained, *remade = commands_of(command)
    assert trained == {"data": ["my; data.npz"], "seed": ["3"]}
    assert [options["kind"] for options in remade] == [["mean"], ["keep"]]


@pytest.mark.parametrize(
    ("provenance", "message"),
    [
        (
            {"command": "tests"},
            "x.engram must be made by 'engram train', and by 'engram templates' after it, it says 'tests'",
        ),
        (
            {},
            "x.engram must be made by 'engram train', and by 'engram templates' after it, it says 'nothing'",
        ),
        (
            {"command": "engram train --data digits --seed 0  # interrupted"},
            "x.engram must be trained to the end, it says 'engram train --data digits --seed 0  "
            "# interrupted'; let its run go on",
        ),
        (
            {"command": "engram train --data digits --seed 0"},
            "x.engram must be of the design that its command gives today, 'engram train --data digits "
            "--seed 0' gives another; train it anew",
        ),
        (
            {"command": "engram train --data digits --epochs few --seed 0"},
            "--epochs in a recorded command must be of int, got ['few']",
        ),
        (
            {"command": "engram train --data digits --distil much --seed 0"},
            "--distil in a recorded command must be of none, static, dynamic, got ['much']",
        ),
        (
            {"command": "engram train --preset huge --seed 0"},
            "--preset must be one of ",
        ),
        (
            {"command": "engram train --data digits --seed 0", "device": {"preset": "cmo-hfox"}},
            "x.engram must have ideal cells, it is a programmed chip; give what it was made of",
        ),
    ],
)
def test_bundles_of_another_making_are_refused(tmp_path, monkeypatch, provenance, message):
    monkeypatch.chdir(tmp_path)
    bundle = random_bundle(TINY, 0).with_(provenance=Provenance(engram_version="0", **provenance))
    save(bundle, tmp_path / "x.engram")
    with pytest.raises(EngramError) as refusal:
        facts_of_bundle("x.engram")
    assert str(refusal.value).startswith(message)
