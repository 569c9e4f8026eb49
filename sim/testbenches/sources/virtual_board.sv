// The top of a board with what stands around the FPGA: clock, UART, busy LED and, with FLASH, its flash.
//
// The PLL's model passes the clock on, so `clk` has the core's frequency. What the flash holds is outside:
// `flash_data` is the byte at `flash_address`. BUSY_LOW is 1 where the LED is lit by a low level.

`default_nettype none

module virtual_board #(
    parameter bit BUSY_LOW = 0
) (
    input  wire        clk,
    input  wire        rx,
    output wire        tx,
    output wire        busy,
    output wire [23:0] flash_address,
    input  wire [7:0]  flash_data
);
    wire led_busy;
    assign busy = led_busy ^ BUSY_LOW;

`ifdef FLASH
    wire cs_n, sck, copi, cipo;
    spi_flash memory (.cs_n, .sck, .copi, .cipo, .address(flash_address), .data(flash_data));
`else
    assign flash_address = 0;
`endif

    top board (
        .clk(clk),
        .uart_rx(rx),
        .uart_tx(tx),
`ifdef FLASH
        .flash__cs_n(cs_n),
        .flash__sck(sck),
        .flash__copi(copi),
        .flash__cipo(cipo),
`endif
        .led_busy(led_busy)
    );
endmodule

`default_nettype wire
