"""Tests of ``sw/rram/adc``."""
