"""Programming: pulses, how devices answer them, write-verify and injected faults."""
