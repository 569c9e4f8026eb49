"""cocotb testbenches and the RTL around the device under test."""
