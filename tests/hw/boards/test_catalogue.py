from hw.boards.catalogue import catalogue
from hw.boards.known import load, names


def test_our_own_come_first_and_no_platform_comes_twice():
    entries = list(catalogue())

    found = [entry.name for entry in entries]
    assert found[: len(names())] == list(names())
    assert found[len(names()) :] == sorted(found[len(names()) :], key=str.casefold)
    platforms = [entry.platform for entry in entries]
    assert len(set(platforms)) == len(platforms) == len(found)


def test_every_name_is_one_that_a_build_takes():
    entries = {entry.name: entry for entry in catalogue()}

    assert {"orangecrab_r0_2", "ECPIX585Platform", "icesugar_nano"} <= set(entries)
    for entry in entries.values():
        if entry.board:
            assert load(entry.name, entry.uart) == entry.board
        else:
            assert entry.reason and "\n" not in entry.reason


def test_a_board_without_uart_comes_with_an_example():
    entries = {entry.name: entry for entry in catalogue()}

    assert entries["orangecrab_r0_2"].uart == "io:0:0,1"
    assert entries["versa_ecp5"].uart is None
