"""One TOML file per board: device, pins, clock, limits; and the constraint files that follow from it."""
