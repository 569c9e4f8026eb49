"""The registers as tables and in C."""

import re
import subprocess

import pytest

from hw.cores.registers import Control, Offset, Status, c_header, explained, identity
from tests.helpers.bundles import TINY, random_bundle
from tests.helpers.imports import ROOT

BUNDLE = random_bundle(TINY, seed=3)
NAMES = ["tiny", "*/ int x; /*", "a\\"]


def test_every_register_has_a_line_and_a_word_of_its_own():
    lines = explained().splitlines()
    assert [int(line.split()[0], 16) for line in lines] == [4 * place for place in range(len(Offset))]
    assert [line.split()[1] for line in lines] == [place.name for place in Offset]


def test_the_page_has_the_same_map():
    page = (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8")
    for line in explained().splitlines():
        offset, name, access, text = line.split(maxsplit=3)
        assert f"\n| {offset} | `{name}` | {access} | {text} |\n" in page


@pytest.mark.parametrize("name", NAMES)
def test_the_header_is_c_and_says_what_the_core_says(name):
    header = c_header(BUNDLE, name)
    macros = dict(re.findall(r"(?m)^#define (\w+) +(\w+)u", header))
    values = {macro: int(value, 0) for macro, value in macros.items()}
    assert [values[f"ENGRAM_{place.name.upper()}"] for place in Offset] == list(Offset)
    assert [values[f"ENGRAM_STATUS_{bit.name}".upper()] for bit in Status] == list(Status)
    assert [values[f"ENGRAM_CONTROL_{bit.name}".upper()] for bit in Control] == list(Control)
    fixed = identity(BUNDLE)
    assert values["ENGRAM_IS_DIGEST_LOW"] == fixed[Offset.digest_low]
    assert BUNDLE.digest.startswith(values["ENGRAM_IS_DIGEST_LOW"].to_bytes(4, "little").hex())
    assert (values["ENGRAM_WIDTH"], values["ENGRAM_HEIGHT"]) == (TINY.width, TINY.height)
    assert fixed[Offset.size] == TINY.width | TINY.height << 16
    command = ["g++", "-x", "c", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-"]
    program = f"{header}{header}unsigned sum(void) {{ return {' + '.join(macros)}; }}\n"
    assert subprocess.run(command, input=program.encode(), capture_output=True).stderr == b""


def test_read_noise_and_channels_show_in_the_version():
    noisy = random_bundle(TINY, seed=3, noise=True)
    colour = random_bundle(TINY.with_(channels=3), seed=3)
    versions = [identity(bundle)[Offset.version] >> 8 for bundle in (BUNDLE, noisy, colour)]
    assert versions == [0, 1, 2 << 8]
    assert f"#define {'ENGRAM_CHANNELS':<24} 3u" in c_header(colour, "colour")
