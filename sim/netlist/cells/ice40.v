// PLLs of the iCE40 for a simulation that is clocked at the core's frequency: the input is the output.
//
// Yosys has black boxes of them only. LOCK rises with the first clock edge.

module SB_PLL40_PAD #(
    parameter FEEDBACK_PATH = "",
    parameter PLLOUT_SELECT = "",
    parameter [3:0] DIVR = 0,
    parameter [6:0] DIVF = 0,
    parameter [2:0] DIVQ = 0,
    parameter [2:0] FILTER_RANGE = 0
) (
    input PACKAGEPIN, RESETB, BYPASS,
    output PLLOUTGLOBAL,
    output reg LOCK
);
    assign PLLOUTGLOBAL = PACKAGEPIN;
    initial LOCK = 0;
    always @(posedge PACKAGEPIN) LOCK <= RESETB;
endmodule

module SB_PLL40_CORE #(
    parameter FEEDBACK_PATH = "",
    parameter PLLOUT_SELECT = "",
    parameter [3:0] DIVR = 0,
    parameter [6:0] DIVF = 0,
    parameter [2:0] DIVQ = 0,
    parameter [2:0] FILTER_RANGE = 0
) (
    input REFERENCECLK, RESETB, BYPASS,
    output PLLOUTGLOBAL,
    output reg LOCK
);
    assign PLLOUTGLOBAL = REFERENCECLK;
    initial LOCK = 0;
    always @(posedge REFERENCECLK) LOCK <= RESETB;
endmodule
