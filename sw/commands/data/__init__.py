"""``engram data ...``: data sets made of what the user has."""
