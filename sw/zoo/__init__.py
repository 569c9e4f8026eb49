"""Trained bundles that come with Engram, ``zoo:NAME``; each records the command that made it."""
