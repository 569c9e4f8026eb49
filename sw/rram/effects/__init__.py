"""Differences between a chip and the ideal one: conditions, ways of coping, one object for each effect."""
