"""``engram templates``."""
