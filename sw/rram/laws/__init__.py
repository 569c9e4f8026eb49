"""Laws of devices and lines, one effect per file."""
