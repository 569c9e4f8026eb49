"""The synthesised netlist of a board, with cell models, held against the reference."""
