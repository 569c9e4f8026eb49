"""Host link: UART, protocol and controller on the chip, and the driver on the other side."""
