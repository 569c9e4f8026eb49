from hw.boards import known as boards
from hw.families.ecp5 import ECP5


def test_constraints_place_every_port():
    board = boards.load("ulx3s-85f")

    lines = ECP5.constraints(board, board.pins).splitlines()

    assert 'LOCATE COMP "uart_rx" SITE "M1";' in lines
    assert 'IOBUF PORT "uart_rx" IO_TYPE=LVCMOS33 PULLMODE=UP;' in lines
    assert 'LOCATE COMP "wifi_gpio0" SITE "L2";' in lines
    assert lines[-1] == 'FREQUENCY PORT "clk" 25 MHZ;'


def test_the_speed_grade_belongs_to_the_part():
    assert ECP5.part(boards.load("ulx3s-85f")) == ("--85k", "--package", "CABGA381", "--speed", "6")


def test_large_netlists_get_the_router_that_is_done_with_them():
    assert ECP5.routing(16_000) == ()
    assert ECP5.routing(16_001) == ("--router", "router2", "--tmg-ripup")
