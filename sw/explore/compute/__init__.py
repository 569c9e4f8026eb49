"""What every point is worth: features, templates, chips, costs, on one machine or many."""
