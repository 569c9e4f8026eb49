"""Where the sources of the testbenches lie."""

from pathlib import Path

__all__ = ["TESTBENCHES"]

TESTBENCHES = Path(__file__).parent / "sources"
"""Folder of Verilog around the device under test, and of main programs in C++."""
