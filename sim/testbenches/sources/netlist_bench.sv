// The netlist of a board with the port names of the chip. The board has no reset pin: its own reset follows the
// PLL's lock, so `rst` goes nowhere.

`default_nettype none

module netlist_bench (
    input  wire clk /* verilator public_flat_rw */,
    input  wire rst /* verilator public_flat_rw */,
    input  wire rx /* verilator public_flat_rw */,
    output wire tx /* verilator public_flat_rw */
);
    top board (
        .clk(clk),
        .uart_rx(rx),
        .uart_tx(tx)
    );
endmodule

`default_nettype wire
