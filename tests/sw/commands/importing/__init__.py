"""Tests of ``sw/commands/importing``."""
