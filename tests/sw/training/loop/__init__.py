"""Tests of ``sw/training/loop``."""
