"""Examples: for each core Verilog that uses it and explains its ports, and for one a header for C."""
