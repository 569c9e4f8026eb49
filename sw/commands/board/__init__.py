"""Commands for a board: load a bitstream, run a chip, and a board that is not there."""
