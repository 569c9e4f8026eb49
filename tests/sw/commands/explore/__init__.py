"""Tests of ``sw/commands/explore``."""
