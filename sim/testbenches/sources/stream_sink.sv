// Takes one stream into a memory that the testbench reads while `go` is low.
//
// Not ready with probability `stall` / 65536 in each cycle, whether or not something is offered. Counts everything
// it takes, also what no longer fits. `violated` is set for good when an offer is withdrawn or changed before it
// was taken.

`default_nettype none

module stream_sink #(
    parameter int WIDTH = 1,
    parameter int DEPTH = 1
) (
    input  wire              clk,
    input  wire              rst,
    input  wire              go,
    input  wire [16:0]       stall,
    input  wire [31:0]       random,
    input  wire              valid,
    output reg               ready,
    input  wire [WIDTH-1:0]  payload,
    output reg  [31:0]       taken,
    output reg               violated
);
    reg [WIDTH-1:0] memory [0:DEPTH-1] /* verilator public_flat_rw */;
    reg             waited;
    reg [WIDTH-1:0] waiting;

    always @(posedge clk) begin
        ready <= go && {1'b0, random[31:16]} >= stall;
        waited <= !rst && valid && !ready;
        waiting <= payload;
        if (rst) violated <= 0;
        else if (waited && (!valid || payload != waiting)) violated <= 1;

        if (!go) taken <= 0;
        else if (valid && ready) begin
            if (taken < DEPTH) memory[taken] <= payload;
            taken <= taken + 1;
        end
    end
endmodule

`default_nettype wire
