"""Energy: work of a classification, constants with sources, two accountings."""
