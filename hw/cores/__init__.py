"""Cores for other designs: the image accelerator behind plain streams, AXI-Stream or Wishbone."""
