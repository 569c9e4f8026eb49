"""``engram export``: what of a classifier goes into the tools of others."""
