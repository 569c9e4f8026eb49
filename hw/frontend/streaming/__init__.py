"""Streaming front end: a unit for every layer, all at work at once."""
