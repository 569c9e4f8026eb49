"""Trained bundles that come with Engram, ``zoo:NAME`` on the command line; each records the command that made it."""
