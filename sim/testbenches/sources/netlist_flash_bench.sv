// As netlist_bench.sv, for a board with a flash. From OFFSET on it holds BYTES bytes that the testbench writes, and
// elsewhere what it holds when it is erased.

`default_nettype none

module netlist_flash_bench #(
    parameter int OFFSET = 0,
    parameter int BYTES = 1
) (
    input  wire clk /* verilator public_flat_rw */,
    input  wire rst /* verilator public_flat_rw */,
    input  wire rx /* verilator public_flat_rw */,
    output wire tx /* verilator public_flat_rw */
);
    reg [7:0] flash [0:BYTES-1] /* verilator public_flat_rw */;

    wire cs_n, sck, copi, cipo;
    wire [23:0] address;
    wire [23:0] place = address - 24'(OFFSET);

    top board (
        .clk(clk),
        .uart_rx(rx),
        .uart_tx(tx),
        .flash__cs_n(cs_n),
        .flash__sck(sck),
        .flash__copi(copi),
        .flash__cipo(cipo)
    );

    spi_flash memory (
        .cs_n, .sck, .copi, .cipo, .address,
        .data(place < 24'(BYTES) ? flash[place] : 8'hFF)
    );
endmodule

`default_nettype wire
