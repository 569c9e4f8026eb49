"""Converters: transfer, mismatch, nonlinearity and calibration."""
