"""Costs that take the generated hardware: what both explorer and evaluation price."""
