"""Read noise: one integer per conversion, from the generator that the reference has too."""
