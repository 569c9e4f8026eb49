"""Classifier: scores of templates over row tiles, and winner-take-all."""
