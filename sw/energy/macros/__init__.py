"""Macros: arrays of published chips, what they cost at other sizes, and what their chips measured."""
