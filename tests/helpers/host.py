"""The host's side of the link, as a test plays it."""

from hw.chip import Chip

DIVISOR = 4


class Host:
    """The other end of the wire."""

    def __init__(self, ctx, chip: Chip):
        self._ctx, self._chip = ctx, chip

    async def send(self, data: bytes) -> None:
        for byte in data:
            for bit in [0, *[byte >> i & 1 for i in range(8)], 1]:
                self._ctx.set(self._chip.rx, bit)
                await self._ctx.tick().repeat(DIVISOR)

    async def receive(self, count: int) -> bytes:
        got = []
        for _ in range(count):
            while self._ctx.get(self._chip.tx):
                await self._ctx.tick()
            await self._ctx.tick().repeat(DIVISOR + DIVISOR // 2)
            byte = 0
            for place in range(8):
                byte |= self._ctx.get(self._chip.tx) << place
                await self._ctx.tick().repeat(DIVISOR)
            got.append(byte)
        return bytes(got)
