"""Tests of ``sw/commands/board``."""
