"""The outcome of an exploration: rows, Pareto front, recommendation, explanation, files."""
