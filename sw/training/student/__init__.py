"""The student: quantised layers, head, pruning, and its export to integers."""
