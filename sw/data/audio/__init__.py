"""Recordings: read from WAV files or arrays, and turned into maps."""
