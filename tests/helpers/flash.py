"""The SPI flash on a board, as a process of Amaranth's simulator."""

from hw.array.codes.code_image import FLASH_OFFSET

__all__ = ["Flash"]

RELEASE, READ = 0xAB, 0x03


class Flash:
    """Mode 0; asleep until it is released, and then it knows READ; holds 0xFF where nothing was written.

    `contents` begin at FLASH_OFFSET and may be exchanged while the process runs.
    """

    def __init__(self, pins, contents: bytes = b""):
        self._pins = pins
        self.contents = contents
        self.reads = 0

    async def run(self, ctx):
        """Answer until the simulation ends."""
        pins = self._pins
        awake = False
        was = 1, 0  # cs_n, sck
        received = bits = 0
        async for _, _, cs_n, sck, copi in ctx.tick().sample(pins.cs_n, pins.sck, pins.copi):
            if not cs_n:
                if was[0]:
                    received = bits = 0
                if sck and not was[1]:
                    received, bits = received << 1 | copi, bits + 1
                if not sck and was[1] and awake and bits >= 32 and received >> bits - 8 == READ:
                    self.reads += bits == 32
                    ctx.set(pins.cipo, self._bit((received >> bits - 32 & 0xFFFFFF) * 8 + bits - 32))
            elif not was[0] and bits == 8 and received == RELEASE:
                awake = True
            was = cs_n, sck

    def _bit(self, place: int) -> int:
        """Bit of the whole flash; a byte's top bit comes first."""
        byte, bit = divmod(place - 8 * FLASH_OFFSET, 8)
        value = self.contents[byte] if 0 <= byte < len(self.contents) else 0xFF
        return value >> 7 - bit & 1
