"""Data sets: by name or from a file, and the one a bundle was trained on."""
