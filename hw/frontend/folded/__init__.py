"""Folded front end: one engine that computes layer after layer."""
