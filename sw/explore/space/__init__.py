"""The space of an exploration: axes, points, settings, objectives, search."""
