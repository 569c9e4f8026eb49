"""Conductance codes: the memory that holds them, and how they come into it."""
