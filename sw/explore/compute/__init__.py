"""Results of every point: features, templates, chips, costs, on one machine or many."""
