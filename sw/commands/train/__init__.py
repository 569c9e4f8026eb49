"""``engram train``."""
