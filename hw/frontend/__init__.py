"""The CNN front end in hardware: one unit per layer, streaming one behind the other."""
