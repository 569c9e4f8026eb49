"""Before stage 1: from what a sensor gives to the uint8 values that are sent to a chip."""
