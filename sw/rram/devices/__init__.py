"""Devices: presets, files, mapping from templates to conductances, programming error, stuck cells."""
