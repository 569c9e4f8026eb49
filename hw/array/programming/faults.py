"""Fault table: the devices of the behavioural array that somebody made stuck, for the tests of a system."""

from amaranth.hdl import Module, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["FaultTable"]


class FaultTable(wiring.Component):
    """A small memory of device addresses, searched entry by entry.

    Latency: 1 cycle from `search` to `done` while nothing is listed, else 2 for each entry searched and one
    more. There is no back-pressure: the result is valid in the cycle of `done` only.

    Parameters
    ----------
    entries
        Devices that can be listed at once.
    address_bits
        Bits of a device's address.

    Members
    -------
    search, address
        Look for a device; both must stay until `done`.
    done, found, full
        Whether it is listed, and whether it is not and there is no room for it.
    add, remove
        In the cycle of `done`: list the device, which does nothing when `full`, or take it off the list.
    """

    def __init__(self, entries: int, address_bits: int):
        self._entries = entries
        super().__init__(
            {
                "search": In(1),
                "address": In(address_bits),
                "done": Out(1),
                "found": Out(1),
                "full": Out(1),
                "add": In(1),
                "remove": In(1),
            }
        )

    def elaborate(self, platform):
        """Stops at the device; else `slot` is left at the last free entry."""
        m = Module()
        m.submodules.devices = devices = memory.Memory(
            shape=len(self.address), depth=self._entries, init=[], attrs={"ram_style": "block"}
        )
        read = devices.read_port()
        write = devices.write_port()
        listed = Signal(self._entries)
        entry = Signal(range(self._entries))
        slot = Signal(range(self._entries))
        found = Signal()
        m.d.comb += [
            read.addr.eq(entry),
            read.en.eq(1),
            write.addr.eq(slot),
            write.data.eq(self.address),
            self.found.eq(found),
            self.full.eq(~found & listed.all()),
        ]
        with m.FSM():
            with m.State("READY"):
                m.d.sync += [entry.eq(0), slot.eq(0), found.eq(0)]
                with m.If(self.search & listed.any()):
                    m.next = "FETCH"
                with m.Elif(self.search):
                    m.next = "DONE"
            with m.State("FETCH"):
                m.next = "COMPARE"
            with m.State("COMPARE"):
                taken = listed.bit_select(entry, 1)
                m.d.sync += entry.eq(entry + 1)
                m.next = "FETCH"
                with m.If(~taken):
                    m.d.sync += slot.eq(entry)
                with m.Elif(read.data == self.address):
                    m.d.sync += [slot.eq(entry), found.eq(1)]
                    m.next = "DONE"
                with m.If(entry == self._entries - 1):
                    m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += self.done.eq(1)
                m.next = "READY"
                with m.If(self.add & ~self.full):
                    m.d.comb += write.en.eq(1)
                    m.d.sync += listed.bit_select(slot, 1).eq(1)
                with m.If(self.remove & found):
                    m.d.sync += listed.bit_select(slot, 1).eq(0)
        return m
