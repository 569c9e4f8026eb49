"""Compiled models: Verilator, the compiler, and a cache of what they make."""
