"""Hardware side of Engram, in Amaranth: levels in, class out, on real FPGAs."""
