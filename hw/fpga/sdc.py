"""SDC: the constraints of exported Verilog, for any flow."""

__all__ = ["sdc", "stream_sdc"]


def sdc(verilog: str, clock_mhz: float, divisor: int) -> str:
    """Synopsys design constraints, a template for the exported Verilog in any other flow."""
    return f"""\
# Constraints for {verilog}, to be completed with the pins of your board.
#
# clk   in   {clock_mhz:g} MHz or less. A UART bit is {divisor} cycles long in the Verilog:
#            {clock_mhz * 1e6 / divisor:.0f} baud at this clock, clock / {divisor} at another.
# rst   in   synchronous to clk, active high
# rx    in   from the host's transmitter, asynchronous, idles high: give it a pull-up
# tx    out  to the host's receiver
# busy  out  high while a request is being served, or before the chip is ready
# ready out  high when the chip can classify

create_clock -name clk -period {1000 / clock_mhz:.3f} [get_ports clk]
set_false_path -from [get_ports rx]
set_false_path -to [get_ports {{tx busy ready}}]
"""


def stream_sdc(verilog: str, clock_mhz: float, clock: str = "clk") -> str:
    """Synopsys design constraints of a core all of whose ports belong to the clock, its port `clock`."""
    return f"""\
# Constraints for {verilog}, a template for the design that it becomes a part of.
# All ports are synchronous to {clock}; inputs and outputs are meant to meet registers of yours.

create_clock -name {clock} -period {1000 / clock_mhz:.3f} [get_ports {clock}]
"""
