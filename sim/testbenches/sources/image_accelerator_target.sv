// The accelerator with its front end in accelerator_bench.sv: its inputs are pixels.
// With READ_NOISE defined it has read noise; without it nothing comes of the index of the next image. With
// PROGRAMMABLE defined it has a programmer, which nobody asks for anything.

`default_nettype none

module bench_target #(
    parameter int INPUT_BITS = 1,
    parameter int WORD_BITS = 1,
    parameter int CONVERSION_BITS = 1,
    parameter int RESULT_BITS = 1,
    parameter int SCORE_BITS = 1,
    parameter int ADDRESS_BITS = 1
) (
    input  wire                       clk,
    input  wire                       rst,
    input  wire                       next_valid,     // `next_image` is the index of the next image
    input  wire [31:0]                next_image,
    input  wire                       input_valid,
    output wire                       input_ready,
    input  wire [INPUT_BITS-1:0]      input_payload,
    output wire                       word_valid,
    output wire [WORD_BITS-1:0]       word,
    output wire                       tap_valid,
    output wire [CONVERSION_BITS-1:0] tap,
    output wire                       result_valid,
    input  wire                       result_ready,
    output wire [RESULT_BITS-1:0]     result,
    input  wire [ADDRESS_BITS-1:0]    score_address,
    output wire [SCORE_BITS-1:0]      score
);
    image_accelerator dut (
        .clk, .rst,
        .pixels__valid(input_valid), .pixels__ready(input_ready), .pixels__payload(input_payload),
        .result__valid(result_valid), .result__ready(result_ready), .result__payload(result),
        .level_tap__valid(word_valid), .level_tap__payload(word),
        .conversion_tap__valid(tap_valid), .conversion_tap__payload(tap),
`ifdef READ_NOISE
        .next_image__valid(next_valid), .next_image__payload(next_image),
`endif
`ifdef PROGRAMMABLE
        .write__valid(1'b0), .write__ready(), .write__payload('0),
        .written__valid(), .written__ready(1'b0), .written__payload(), .failures(),
`endif
        .score_address(score_address), .score(score)
    );
endmodule

`default_nettype wire
