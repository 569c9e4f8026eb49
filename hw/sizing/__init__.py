"""Sizing: how large a front end may be, what it takes of a part, and how long an image lasts."""
