// The image accelerator as the C++ harness sees it.
//
// All inputs end in registers. So Verilator computes the accelerator once per clock edge, and not again whenever the
// harness changes an input, which makes simulation twice as fast.

`default_nettype none

module image_top #(
    parameter int WORD_BITS = 1,
    parameter int CONVERSION_BITS = 1,
    parameter int RESULT_BITS = 1
) (
    input  wire                       clk,
    input  wire                       reset,
    input  wire                       offer,          // `pixel` is there to be loaded
    input  wire [7:0]                 pixel,
    output wire                       loads,          // `pixel` is loaded at the coming edge if offered
    output wire                       pixel_taken,    // handshakes at the coming edge
    input  wire                       accept,         // a result may be taken in the cycle after the coming edge
    output wire                       result_valid,
    output wire                       result_taken,
    output wire [RESULT_BITS-1:0]     result,
    output wire                       word_taken,
    output wire [WORD_BITS-1:0]       word,
    output wire                       conversion_taken,
    output wire [CONVERSION_BITS-1:0] conversion
);
    reg        rst, pixel_valid, result_ready;
    reg  [7:0] payload;
    wire       pixel_ready;

    assign loads = !pixel_valid || pixel_ready;
    assign pixel_taken = pixel_valid && pixel_ready;
    assign result_taken = result_valid && result_ready;
    always @(posedge clk) begin
        rst <= reset;
        result_ready <= accept;
        if (reset) pixel_valid <= 0;
        else if (loads) begin
            pixel_valid <= offer;
            payload <= pixel;
        end
    end

    image_accelerator dut (
        .clk, .rst,
        .pixels__valid(pixel_valid), .pixels__ready(pixel_ready), .pixels__payload(payload),
        .result__valid(result_valid), .result__ready(result_ready), .result__payload(result),
        .level_tap__valid(word_taken), .level_tap__payload(word),
        .conversion_tap__valid(conversion_taken), .conversion_tap__payload(conversion),
        .score_address('0), .score()
    );
endmodule

`default_nettype wire
