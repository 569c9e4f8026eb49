// Drives one stream from a memory that the testbench fills while `go` is low.
//
// Offers entries 0 to `total` - 1 in order. Before each one it waits with probability `stall` / 65536 per cycle.
// An entry that was offered stays unchanged until it is taken. Entry `gate` and all later ones wait while
// `gated` is high. With `stall` 0 it offers one entry per cycle.

`default_nettype none

module stream_source #(
    parameter int WIDTH = 1,
    parameter int DEPTH = 1
) (
    input  wire              clk,
    input  wire              go,
    input  wire [31:0]       total,
    input  wire [31:0]       gate,
    input  wire              gated,
    input  wire [16:0]       stall,
    input  wire [31:0]       random,
    output reg               valid,
    input  wire              ready,
    output reg  [WIDTH-1:0]  payload,
    output reg  [31:0]       taken
);
    reg [WIDTH-1:0] memory [0:DEPTH-1] /* verilator public_flat_rw */;
    reg [31:0] offered;

    always @(posedge clk) begin
        if (!go) begin
            valid <= 0;
            offered <= 0;
            taken <= 0;
        end else begin
            if (valid && ready) taken <= taken + 1;
            if (!valid || ready) begin
                valid <= 0;
                if (offered < total && !(gated && offered >= gate) && {1'b0, random[31:16]} >= stall) begin
                    valid <= 1;
                    payload <= memory[offered];
                    offered <= offered + 1;
                end
            end
        end
    end
endmodule

`default_nettype wire
