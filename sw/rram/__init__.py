"""RRAM: devices, what their chips are like, and how templates are programmed into one.

:mod:`sw.rram.chip.programming` walks the effects of :mod:`sw.rram.effects`; each has a module of its own, and
so has each law of a device.
"""
