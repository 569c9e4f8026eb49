"""What came out: rows, Pareto front, recommendation, explanation, files."""
