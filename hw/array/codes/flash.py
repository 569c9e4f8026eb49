"""Flash loader: reads the codes from the board's SPI flash at start, and again until they are right."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hw.array.codes.code_image import FLASH_OFFSET, code_crc
from hw.array.codes.code_memory import PART_BITS, load_port

__all__ = ["PAUSE_CYCLES", "FlashLoader", "FlashPins", "load_cycles"]

RELEASE = 0xAB
"""Release from deep power-down, in which the iCE40 leaves the flash after configuration."""
READ = 0x03
"""Read from a 24-bit address on, without dummy cycles."""
COMMAND_BITS = 8
READ_BITS = 32

PAUSE_CYCLES = 4096
"""Cycles between two commands: 82 us or more, of which a W25Q128JV needs 3 us after RELEASE (tRES1 in its
data sheet) and the slower ones of other makers some 30 us."""

CRC_POLYNOMIAL = 0xEDB8_8320
"""CRC-32 of IEEE 802.3, lowest bit first, as zlib has it."""
CRC_START = 0xFFFF_FFFF


class FlashPins(wiring.Signature):
    """The flash's pins as the FPGA sees them: `cipo` comes in."""

    def __init__(self):
        super().__init__({"cs_n": Out(1, init=1), "sck": Out(1), "copi": Out(1), "cipo": In(1)})


def load_cycles(codes: bytes) -> int:
    """Cycles of :class:`FlashLoader` from reset to `ready` with the right image in the flash."""
    return 3 * PAUSE_CYCLES + 2 * (COMMAND_BITS + READ_BITS + 8 * len(codes))


class FlashLoader(wiring.Component):
    """Streams the code image into the code memory and says when all of it has arrived.

    SPI mode 0, one bit in two cycles. Each attempt: a pause, RELEASE, a pause, READ of the whole image, a
    pause. When the CRC-32 of what came is that of the codes which the chip was built for, `ready` rises and
    stays, and the flash is left alone. If not, the next attempt follows, for ever: a flash that is not
    written yet, or that holds other codes, never makes a chip that gives wrong answers.

    Latency: :func:`load_cycles` from reset to `ready`. Throughput: a part in 32 cycles. There is no
    back-pressure.

    Parameters
    ----------
    codes
        :func:`hw.array.codes.code_image.code_bytes` of the bundle; only length and CRC are used.

    Members
    -------
    flash
        Pins, all from registers.
    o
        Parts of the entries.
    ready
        The codes are in the code memory.
    """

    def __init__(self, codes: bytes):
        self._bits = 8 * len(codes)
        self._crc = code_crc(codes)
        super().__init__({"flash": Out(FlashPins()), "o": Out(load_port()), "ready": Out(1)})

    def elaborate(self, platform):
        """Pauses and transfers in turn; a shift register and the CRC behind the input."""
        m = Module()
        flash = self.flash
        wanted = self._crc ^ CRC_START  # zlib inverts the register at the end
        # After reset not the wanted one, or the first pause would end with `ready` before anything is read.
        crc = Signal(32, init=wanted ^ CRC_START)
        part = Signal(PART_BITS)
        came = Signal()
        reading = Signal()
        last = READ_BITS + self._bits - 1
        position = Signal(range(max(last + 1, PAUSE_CYCLES)))
        # Comparisons of the whole position have a cycle of their own: one early, and each bit lasts for two.
        ends_pause, last_bit = Signal(), Signal()
        m.d.sync += [
            ends_pause.eq(0),
            last_bit.eq(position == Mux(reading, last, COMMAND_BITS - 1)),
        ]
        release = _first_bit_lowest(RELEASE, COMMAND_BITS)
        read = _first_bit_lowest(READ << 24 | FLASH_OFFSET, READ_BITS)
        # Behind the last bit of READ its bits come again: a flash that sends takes no notice of them.
        next_bit = Mux(
            reading,
            (read >> 1).bit_select(position[:5], 1),
            (release >> 1).bit_select(position[:3], 1),
        )

        # A cycle after a bit was sampled it is in the part and enters the CRC.
        m.d.sync += came.eq(0)
        with m.If(came):
            m.d.sync += crc.eq(crc[1:] ^ ((crc[0] ^ part[-1]).replicate(32) & CRC_POLYNOMIAL))
        m.d.comb += [self.o.payload.eq(part), self.o.valid.eq(came & (position % PART_BITS == 0))]

        with m.FSM():
            with m.State("PAUSE"):
                m.d.sync += position.eq(position + 1)
                m.d.sync += ends_pause.eq(position == PAUSE_CYCLES - 2)
                with m.If(ends_pause):
                    m.d.sync += position.eq(0)
                    with m.If(~reading & (crc == wanted)):
                        m.next = "READY"
                    with m.Else():
                        first_bit = Mux(reading, read[0], release[0])
                        m.d.sync += [flash.cs_n.eq(0), flash.copi.eq(first_bit), crc.eq(CRC_START)]
                        m.next = "TRANSFER"
            with m.State("TRANSFER"):
                m.d.sync += flash.sck.eq(~flash.sck)
                with m.If(flash.sck):
                    m.d.sync += [
                        part.eq(Cat(part[1:], flash.cipo)),
                        came.eq(reading & (position >= READ_BITS)),
                        flash.copi.eq(next_bit),
                        position.eq(position + 1),
                    ]
                    with m.If(last_bit):
                        m.d.sync += [flash.cs_n.eq(1), position.eq(0), reading.eq(~reading)]
                        m.next = "PAUSE"
            with m.State("READY"):
                m.d.comb += self.ready.eq(1)
        return m


def _first_bit_lowest(command: int, bits: int) -> Const:
    """The command with its top bit, which is sent first, as bit 0."""
    return Const(int(f"{command:0{bits}b}"[::-1], 2), bits)
