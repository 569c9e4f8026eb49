"""What a training came to: read from recorded steps, refused where it cannot be."""

import pytest

from sw.bundle import save
from sw.bundle.provenance import Provenance
from sw.commands.train.facts import facts_of_bundle
from sw.errors import EngramError
from tests.helpers.bundles import TINY, random_bundle

TRAIN = {"command": "train", "options": [["data", "digits"]]}


@pytest.mark.parametrize(
    ("provenance", "message"),
    [
        (
            {"steps": [{"command": "tests"}]},
            "x.engram must be made by 'engram train', and by 'engram templates' after it, it says "
            "'engram tests --seed 0'",
        ),
        (
            {"steps": [TRAIN, {"command": "explore"}]},
            "x.engram must be made by 'engram train', and by 'engram templates' after it, it says "
            "'engram train --data digits --seed 0; engram explore --seed 0'",
        ),
        (
            {},
            "x.engram must be made by 'engram train', and by 'engram templates' after it, it says 'nothing'",
        ),
        (
            {"steps": [{**TRAIN, "interrupted": True}]},
            "x.engram must be trained to the end, it says 'engram train --data digits --seed 0  "
            "# interrupted'; let its run go on",
        ),
        (
            {"steps": [TRAIN]},
            "x.engram must be of the design that its command gives today, 'engram train --data digits "
            "--seed 0' gives another; train it anew",
        ),
        (
            {"steps": [{"command": "train", "options": [["data", "digits"], ["epochs", "few"]]}]},
            "--epochs in a recorded step must be of int, got 'few'",
        ),
        (
            {"steps": [{"command": "train", "options": [["data", "digits"], ["distil", "much"]]}]},
            "--distil in a recorded step must be of none, static, dynamic, got 'much'",
        ),
        (
            {"steps": [{"command": "train", "options": [["preset", "huge"]]}]},
            "--preset must be one of ",
        ),
        (
            {"steps": [TRAIN], "device": {"preset": "cmo-hfox"}},
            "x.engram must have ideal cells, it is a programmed chip; give what it was made of",
        ),
    ],
)
def test_bundles_of_another_making_are_refused(tmp_path, monkeypatch, provenance, message):
    monkeypatch.chdir(tmp_path)
    bundle = random_bundle(TINY, 0).with_(provenance=Provenance(**provenance))
    save(bundle, tmp_path / "x.engram")
    with pytest.raises(EngramError) as refusal:
        facts_of_bundle("x.engram")
    assert str(refusal.value).startswith(message)
