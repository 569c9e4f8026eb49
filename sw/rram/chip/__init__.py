"""One chip: an array programmed and read, what it records, and the full scale of its ADCs."""
