"""Programs that load bitstreams: which one a board takes, and what is said where none is there."""

import pytest

from hw.fpga.programmers import chosen_loading, known_loadings
from sw.errors import EngramError


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Make programs that do nothing, the only ones on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def install(*names):
        for name in names:
            path = tmp_path / name
            path.write_text("#!/bin/sh\n")
            path.chmod(0o755)

    return install


@pytest.mark.parametrize(
    ("board", "family", "flash", "there", "wanted"),
    [
        ("icebreaker", "ice40", False, ("openFPGALoader", "iceprog"), "iceprog"),
        ("icebreaker", "ice40", True, ("openFPGALoader",), "openFPGALoader -b ice40_generic"),
        ("icebreaker_bitsy", "ice40", False, ("iceprog", "dfu-util"), "dfu-util -d ,1d50:6146 -a 0 -R -D"),
        ("icesugar", "ice40", False, ("iceprog", "icesprog"), "icesprog"),
        ("ulx3s-85f", "ecp5", False, ("ecpprog", "openFPGALoader"), "openFPGALoader -b ulx3s"),
        ("ULX3S_12F_Platform", "ecp5", True, ("openFPGALoader",), "openFPGALoader -b ulx3s -f"),
        ("another", "ecp5", False, ("ecpprog",), "ecpprog -S"),
        ("another", "ecp5", True, ("ecpprog",), "ecpprog"),
        ("orangecrab_r0_2", "ecp5", False, ("dfu-util",), "dfu-util -a 0 -D"),
        ("tang_nano_9k", "gowin", False, ("openFPGALoader",), "openFPGALoader -b tangnano9k"),
    ],
)
def test_a_board_is_loaded_by_its_first_program_that_is_there(installed, board, family, flash, there, wanted):
    installed(*there)
    way = chosen_loading(board, family, flash=flash)
    assert " ".join((way.program, *way.arguments)) == wanted
    assert way.stays or not flash


@pytest.mark.parametrize(
    ("board", "family", "message"),
    [
        (
            "icebreaker",
            "ice40",
            r"icebreaker is loaded with iceprog or openFPGALoader, none is on the PATH; install iceprog "
            r"\(apt install fpga-icestorm\) or openFPGALoader \(apt install openfpgaloader\)",
        ),
        ("fomu_pvt", "ice40", r"fomu_pvt is loaded with dfu-util, none is .* \(apt install dfu-util\)"),
        ("arty_a7", "xc7", "no program is known that loads arty_a7; load it with its maker's tool"),
    ],
)
def test_what_is_missing_is_named(installed, board, family, message):
    installed("another")
    with pytest.raises(EngramError, match=message):
        chosen_loading(board, family, flash=False)


def test_every_board_of_ours_has_a_way_that_stays():
    from hw.boards import known

    for board in known.load_all():
        assert any(way.stays for way in known_loadings(board.name, board.family)), board.name
