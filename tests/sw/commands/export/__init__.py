"""Tests of ``sw/commands/export``."""
