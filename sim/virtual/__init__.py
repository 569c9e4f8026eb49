"""Virtual boards: the top of a board under Verilator behind a pseudo-terminal."""
