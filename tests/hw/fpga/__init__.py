"""Tests of ``hw/fpga``."""
