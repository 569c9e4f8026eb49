"""``engram run`` at a socket, where a chip answers that says what a test wants; see ``tests/sim/virtual``."""

import json

import numpy as np
import pytest
from PIL import Image

from hw.host.protocol import Answer
from sw.bundle import save
from sw.commands.board.ports import built_baud
from sw.reference import pipeline
from tests.helpers.bundles import random_bundle, random_images, tiny_design
from tests.helpers.commands import run
from tests.helpers.host import fake_chip

DESIGN = tiny_design()
BUNDLE = random_bundle(DESIGN, 1, codes="random")
IMAGES = random_images(DESIGN, 3, 2)
EXPECTED = pipeline.run(BUNDLE, IMAGES)


@pytest.fixture
def bundle(tmp_path):
    save(BUNDLE, tmp_path / "chip.engram")
    return tmp_path / "chip.engram"


@pytest.fixture
def pictures(tmp_path):
    np.savez(tmp_path / "own.npz", images=IMAGES, labels=EXPECTED.label)
    return tmp_path / "own.npz"


def test_a_chip_that_agrees_is_a_table(bundle, pictures):
    with fake_chip(BUNDLE, IMAGES) as port:
        code, out, err = run("run", bundle, "--port", port, "--image", pictures)
    assert code == 0 and "disagreement" not in err
    for words in (
        f"port               {port}, 1,000,000 bit/s\n",
        f"images             3 of {pictures}\n",
        "accuracy           100.00 % (chip against labels)\n",
        "disagreements      0 with the reference, in class, template and margin\n",
        "own.npz[2]",
    ):
        assert words in out


def test_every_value_that_disagrees_is_named_and_the_exit_code_is_1(bundle, pictures):
    def change(image, answer):
        said = Answer.from_bytes(answer)
        return said._replace(margin=said.margin + image % 2).to_bytes()

    with fake_chip(BUNDLE, IMAGES, change) as port:
        code, out, err = run("run", bundle, "--port", port, "--image", pictures, "--scores", "--json")
    said, margin = json.loads(out), int(EXPECTED.margin[1])
    assert code == 1 and (said["disagreements"], said["images"], said["accuracy"]) == (1, 3, 1.0)
    assert said["disagreeing"] == [
        {"image": 1, "value": "margin", "index": [], "expected": margin, "got": margin + 1}
    ]
    assert said["answers"][1]["name"] == "own.npz[1]" and said["answers"][1]["margin"] == margin + 1
    assert f"disagreement: image 1, margin: expected {margin}, got {margin + 1}\n" in err


def test_ten_disagreements_are_shown_and_the_rest_counted(bundle, tmp_path):
    images = np.repeat(IMAGES[:1], 12, axis=0)
    np.savez(tmp_path / "many.npz", images=images)
    with fake_chip(BUNDLE, images, lambda image, answer: answer[:5] + b"\x01\x02\x03\x04") as port:
        code, _, err = run("run", bundle, "--port", port, "--image", tmp_path / "many.npz")
    assert code == 1 and err.count("disagreement: image") == 10 and err.endswith("and 2 more\n")


def test_pictures_without_labels_have_no_accuracy(bundle, tmp_path):
    Image.fromarray(IMAGES[0]).save(tmp_path / "one.png")
    with fake_chip(BUNDLE, IMAGES) as port:
        code, out, _ = run("run", bundle, "--port", port, "--image", tmp_path / "one.png", "--json")
    said = json.loads(out)
    assert code == 0 and said["accuracy"] is None and said["slowdown"] is None
    assert said["answers"] == [
        {
            "name": "one.png",
            "accepted": int(EXPECTED.accepted[0]),
            "label": int(EXPECTED.label[0]),
            "template": int(EXPECTED.template[0]),
            "margin": int(EXPECTED.margin[0]),
        }
    ]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--image", "x.png", "--images", "3"), "--image stands in place of test images; leave --images and"),
        (("--image", "none.png"), "cannot read none.png: No such file or directory"),
        ((), "must say which data set it was trained on, it does not; name one with --data"),
    ],
)
def test_what_cannot_be_sent_is_one_line(bundle, more, message):
    code, out, err = run("run", bundle, "--port", "/dev/none", *more)
    assert (code, out, err.count("\n")) == (2, "", 1) and message in err


def test_nobody_at_the_other_end_is_one_line(bundle, pictures):
    code, out, err = run(
        "run", bundle, "--port", "loop://", "--image", pictures, "--timeout", 0.05, "--baud", 9600
    )
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: the chip must answer 26 bytes, got 1; check port and speed")


def test_the_speed_is_that_of_the_report_beside_the_bundle(bundle):
    report = bundle.with_name("report.json")
    assert built_baud(str(bundle), BUNDLE.digest) == 1_000_000
    report.write_text(json.dumps({"digest": BUNDLE.digest, "baud": 115_200}))
    assert built_baud(str(bundle), BUNDLE.digest) == 115_200
    report.write_text(json.dumps({"digest": "that of another", "baud": 115_200}))
    assert built_baud(str(bundle), BUNDLE.digest) == 1_000_000
    report.write_text("[]")
    assert built_baud(str(bundle), BUNDLE.digest) == 1_000_000
    assert built_baud("zoo:digits", BUNDLE.digest) == 1_000_000
