// The image accelerator as the C++ harness sees it.
//
// All inputs end in registers. So Verilator computes the accelerator once per clock edge, and not again whenever the
// harness changes an input, which makes simulation twice as fast.
//
// With PROGRAMMABLE defined the accelerator has a programmer; without it nothing comes of the `write` ports. With
// READ_NOISE defined it has read noise; without it nothing comes of the index of the first image.

`default_nettype none

module image_top #(
    parameter int WORD_BITS = 1,
    parameter int CONVERSION_BITS = 1,
    parameter int RESULT_BITS = 1,
    parameter int WRITE_BITS = 1,
    parameter int WRITTEN_BITS = 1
) (
    input  wire                       clk,
    input  wire                       reset,
    input  wire                       sets_image,     // `first_image` is the index of the next image
    input  wire [31:0]                first_image,
    input  wire                       offer,          // `pixel` is there to be loaded
    input  wire [7:0]                 pixel,
    output wire                       loads,          // `pixel` is loaded at the coming edge if offered
    output wire                       pixel_taken,    // handshakes at the coming edge
    input  wire                       accept,         // results may be taken in the cycle after the coming edge
    output wire                       result_valid,
    output wire                       result_taken,
    output wire [RESULT_BITS-1:0]     result,
    output wire                       word_taken,
    output wire [WORD_BITS-1:0]       word,
    output wire                       conversion_taken,
    output wire [CONVERSION_BITS-1:0] conversion,
    input  wire                       write_offer,    // as for pixels and results: requests to the programmer
    input  wire [WRITE_BITS-1:0]      write,
    output wire                       write_loads,
    output wire                       written_valid,
    output wire                       written_taken,
    output wire [WRITTEN_BITS-1:0]    written
);
    reg        rst, pixel_valid, write_valid, accepts, next_valid;
    reg [31:0] next_image;
    reg  [7:0] payload;
    reg  [WRITE_BITS-1:0] write_payload;
    wire       pixel_ready, write_ready;

    assign loads = !pixel_valid || pixel_ready;
    assign pixel_taken = pixel_valid && pixel_ready;
    assign result_taken = result_valid && accepts;
    assign write_loads = !write_valid || write_ready;
    assign written_taken = written_valid && accepts;
    always @(posedge clk) begin
        rst <= reset;
        accepts <= accept;
        next_valid <= sets_image;
        next_image <= first_image;
        if (reset) pixel_valid <= 0;
        else if (loads) begin
            pixel_valid <= offer;
            payload <= pixel;
        end
        if (reset) write_valid <= 0;
        else if (write_loads) begin
            write_valid <= write_offer;
            write_payload <= write;
        end
    end

    image_accelerator dut (
        .clk, .rst,
        .pixels__valid(pixel_valid), .pixels__ready(pixel_ready), .pixels__payload(payload),
        .result__valid(result_valid), .result__ready(accepts), .result__payload(result),
        .level_tap__valid(word_taken), .level_tap__payload(word),
        .conversion_tap__valid(conversion_taken), .conversion_tap__payload(conversion),
`ifdef PROGRAMMABLE
        .write__valid(write_valid), .write__ready(write_ready), .write__payload(write_payload),
        .written__valid(written_valid), .written__ready(accepts), .written__payload(written),
`endif
`ifdef READ_NOISE
        .next_image__valid(next_valid), .next_image__payload(next_image),
`endif
        .score_address('0), .score()
    );
`ifndef PROGRAMMABLE
    assign write_ready = 0;
    assign written_valid = 0;
    assign written = 0;
`endif
endmodule

`default_nettype wire
