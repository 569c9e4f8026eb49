"""``engram import``: a network of the user's own."""
