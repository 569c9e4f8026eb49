"""``engram evaluate``."""
