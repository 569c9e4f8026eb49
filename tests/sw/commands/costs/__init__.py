"""Tests of ``sw/commands/costs``."""
