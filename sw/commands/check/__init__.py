"""``engram check``: models against laws and equations."""
