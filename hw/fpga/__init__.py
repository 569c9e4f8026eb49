"""FPGA: the top of a board, clocks, tools, reports and exported Verilog."""
