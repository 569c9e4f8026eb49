"""Quantiser: comparators at the feature map, and word-line values packed into words."""
