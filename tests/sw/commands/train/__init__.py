"""Tests of ``sw/commands/train``."""
