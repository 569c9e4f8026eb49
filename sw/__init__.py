"""Software side of Engram: from a data set to a bundle, and the exact integer reference."""
