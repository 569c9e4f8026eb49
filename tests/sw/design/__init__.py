"""Tests of ``sw/design``."""
