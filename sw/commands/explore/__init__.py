"""``engram explore``."""
