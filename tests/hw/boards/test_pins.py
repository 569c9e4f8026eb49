import re

import pytest
from amaranth.build import Clock, Connector, Pins, Resource, Subsignal
from amaranth.hdl import Elaboratable, Module
from amaranth.lib import io
from amaranth.vendor import LatticePlatform, SiliconBluePlatform

from hw.boards.known import load
from hw.boards.pins import platform_values, uart_for
from hw.boards.platforms import find_class, listed, made
from sw.errors import EngramError


class Bare(SiliconBluePlatform):
    """Nothing but a part."""

    device, package, default_clk = "iCE40UP5K", "SG48", "SB_HFOSC"
    resources, connectors = (), ()


class Small(Bare):
    """An oscillator, two connectors, one of them with only one pin that is free."""

    resources = (
        Resource("clk12", 0, Pins("35"), Clock(12e6)),
        Resource("button", 0, Pins("2")),
        Resource("led", 0, Pins("11")),
    )
    connectors = (Connector("j", 0, "35 2 3"), Connector("j", 1, "11 - 4 6"))


class Twice(Bare):
    """The UART at the oscillator's pin."""

    resources = (
        Resource("clk12", 0, Pins("35"), Clock(12e6)),
        Resource("uart", 0, Subsignal("rx", Pins("35")), Subsignal("tx", Pins("2"))),
    )


class Foreign(LatticePlatform):
    """A part of none of the families."""

    device, package, speed, default_clk = "LCMXO2-1200HC", "TG144", "4", "clk"
    resources, connectors = (), ()


@pytest.mark.parametrize(
    ("platform", "uart", "message"),
    [
        (Bare, None, "Bare: there is no oscillator outside the part, and one inside is too inexact"),
        (
            Small,
            None,
            r"Small: the platform has no UART; .* such as --uart j:1:3,4; its connectors: j:0, j:1",
        ),
        (Small, "j:7:1,2", r"Small: there is no connector j:7; choose two pins for it with --uart"),
        (Small, "j:0:1,9", r"Small: connector j:0 has no pin 9; it has 1, 2, 3"),
        (Small, "j:0:1", r"--uart must read CONNECTOR:NUMBER:RX,TX or RX,TX .*, got 'j:0:1'"),
        (Small, "1,2,3", r"--uart must read .*, got '1,2,3'"),
        (
            Small,
            "j:0:3,3",
            r"pins must differ: .* uses physical pin 3, but it is already used by .*engram_uart",
        ),
        (
            Small,
            "j:0:1,3",
            r"pins must differ: .*rx uses physical pin 35, .* already used by .* clk12_0; choose",
        ),
        (
            Twice,
            None,
            r"Twice: pins must differ: .* uart_0.rx uses physical pin 35, .* by .* clk12_0; choose",
        ),
        (Foreign, None, r"Foreign: bitstreams can be made for parts of ice40, .*, got LCMXO2-1200HC"),
    ],
)
def test_what_a_platform_lacks_is_one_line(platform, uart, message):
    with pytest.raises(EngramError, match=message) as refusal:
        platform_values(platform, uart)
    assert "\n" not in str(refusal.value)


def test_the_uart_is_where_a_person_wants_it():
    assert platform_values(Small, "J:1:3,4")["uart"] == {"rx": "4", "tx": "6"}
    assert platform_values(Small, " 43, 42")["uart"] == {"rx": "43", "tx": "42"}


def test_a_led_whose_pin_is_taken_is_none():
    assert platform_values(Small, "11,43").get("leds") is None
    assert platform_values(Small, "43,42")["leds"] == {"busy": "11", "active_low": False}


def test_a_differential_oscillator_goes_by_its_positive_pin_and_its_own_standard():
    board = load("versa_ecp5")

    assert board.clock.pin == "P3"
    assert [board.io_type_of(port) for port in ("clk", "uart_rx", "led_busy")] == [
        "LVDS",
        "LVCMOS33",
        "LVCMOS25",
    ]


class Loop(Elaboratable):
    """A UART that hears itself, and two LEDs, as people write it for Amaranth's own flow."""

    def elaborate(self, platform):
        m = Module()
        uart, led = platform.request("uart", 0, dir="-"), platform.request("rgb_led", 0, dir="-")
        m.submodules.rx = rx = io.FFBuffer("i", uart.rx)
        for port in (uart.tx, led.r, led.g):
            buffer = io.Buffer("o", port)
            m.submodules += buffer
            m.d.comb += buffer.o.eq(rx.i)
        return m


def test_the_pins_are_those_of_amaranths_own_build_plan():
    board = load("icesugar_pro")

    plan = made(find_class("icesugar_pro")).prepare(Loop(), "top")

    sites = dict(re.findall(r'LOCATE COMP "(\w+)" SITE "(\w+)";', plan.files["top.lpf"]))
    assert board.pins == {
        "clk": sites["clk25_0__io"],
        "uart_rx": sites["uart_0__rx__io"],
        "uart_tx": sites["uart_0__tx__io"],
        "led_busy": sites["rgb_led_0__r__io"],
        "led_locked": sites["rgb_led_0__g__io"],
    }


def test_every_platform_is_a_board_or_says_in_one_line_why_not():
    """At least 25 of them, the proposal for a UART taken where they have none."""
    boards, refusals = {}, {}
    for platform in listed():
        name = platform.__name__
        try:
            uart = uart_for(platform)
            boards[name] = load(name, uart)
        except EngramError as refusal:
            refusals[name] = str(refusal)

    assert len(boards) >= 35
    assert all("\n" not in text for text in refusals.values())
    assert all(
        name.startswith(("MachXO", "StepMXO", "TinyFPGAA", "Tang", "UpduinoV1")) for name in refusals
    ), refusals
