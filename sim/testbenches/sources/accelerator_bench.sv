// Runs batches of images through the accelerator, with or without its front end, at the speed of compiled code. The
// module `bench_target` is in accelerator_target.sv or image_accelerator_target.sv.
//
// Python fills the source's memory, sets the job and raises `go`; it sleeps until `done` and reads everything that
// came out. All handshakes and all random stalls happen here, so no Python runs at a clock edge.
//
// With `keep_scores` every score is read back through the score port after each result. A score is only there until
// the first conversion of the next image, so all but the first HEADSTART inputs of an image are held back until the
// scores of the image before it have been read. Without, images follow each other as closely as they can.

`default_nettype none

module accelerator_bench #(
    parameter int INPUT_BITS = 1,
    parameter int WORD_BITS = 1,
    parameter int CONVERSION_BITS = 1,
    parameter int RESULT_BITS = 1,
    parameter int SCORE_BITS = 1,
    parameter int ADDRESS_BITS = 1,
    parameter int INPUTS = 1,            // per image
    parameter int HEADSTART = 0,
    parameter int WORDS = 1,             // per image
    parameter int CONVERSIONS = 1,       // per image
    parameter int TEMPLATES = 1,
    parameter int IMAGES = 1,            // largest batch
    parameter int QUIET_LIMIT = 1        // cycles without any handshake after which the run is given up
) (
    input  wire        clk /* verilator public_flat_rw */,
    input  wire        rst /* verilator public_flat_rw */,
    input  wire        go /* verilator public_flat_rw */,
    input  wire        keep_scores /* verilator public_flat_rw */,
    input  wire [31:0] images /* verilator public_flat_rw */,
    input  wire [31:0] seed /* verilator public_flat_rw */,
    input  wire        sets_image /* verilator public_flat_rw */,   // `first_image` is the index of the next image
    input  wire [31:0] first_image /* verilator public_flat_rw */,
    input  wire [16:0] source_stall /* verilator public_flat_rw */,
    input  wire [16:0] sink_stall /* verilator public_flat_rw */,
    output reg         done /* verilator public_flat_rd */
);
    localparam int DRAIN = 64;  // cycles to wait for what should not come

    function automatic [31:0] xorshift(input [31:0] x);
        // Marsaglia's 32-bit xorshift, shifts 13, 17, 5
        x = x ^ (x << 13);
        x = x ^ (x >> 17);
        xorshift = x ^ (x << 5);
    endfunction

    reg [31:0] source_random, sink_random;
    always @(posedge clk) begin
        source_random <= go ? xorshift(source_random) : seed | 1;
        sink_random <= go ? xorshift(sink_random) : ~seed | 1;
    end

    wire                       input_valid, input_ready;
    wire [INPUT_BITS-1:0]      input_payload;
    wire                       word_valid;
    wire [WORD_BITS-1:0]       word;
    wire                       result_valid, result_ready;
    wire [RESULT_BITS-1:0]     result;
    wire                       tap_valid;
    wire [CONVERSION_BITS-1:0] tap;
    reg  [ADDRESS_BITS-1:0]    score_address;
    wire [SCORE_BITS-1:0]      score;
    wire [31:0]                inputs_taken;
    wire [31:0]                results_taken /* verilator public_flat_rd */;
    wire                       violated /* verilator public_flat_rd */;
    reg  [31:0]                gate;

    stream_source #(.WIDTH(INPUT_BITS), .DEPTH(INPUTS * IMAGES)) source (
        .clk, .go, .total(images * INPUTS), .gate, .gated(keep_scores), .stall(source_stall), .random(source_random),
        .valid(input_valid), .ready(input_ready), .payload(input_payload), .taken(inputs_taken)
    );

    bench_target #(
        .INPUT_BITS(INPUT_BITS), .WORD_BITS(WORD_BITS), .CONVERSION_BITS(CONVERSION_BITS), .RESULT_BITS(RESULT_BITS),
        .SCORE_BITS(SCORE_BITS), .ADDRESS_BITS(ADDRESS_BITS)
    ) target (
        .clk, .rst, .next_valid(sets_image), .next_image(first_image), .input_valid, .input_ready, .input_payload,
        .word_valid, .word, .tap_valid, .tap, .result_valid, .result_ready, .result, .score_address, .score
    );

    stream_sink #(.WIDTH(RESULT_BITS), .DEPTH(IMAGES)) results (
        .clk, .rst, .go, .stall(sink_stall), .random(sink_random),
        .valid(result_valid), .ready(result_ready), .payload(result), .taken(results_taken), .violated(violated)
    );

    // The taps offer each value for one cycle only, so nothing here may wait.
    localparam int CHUNKS = (WORD_BITS + 31) / 32;
    wire [32*CHUNKS-1:0] padded = word;
    reg [31:0] words [0:CHUNKS*WORDS*IMAGES-1] /* verilator public_flat_rw */;
    reg [31:0] words_taken /* verilator public_flat_rd */;
    always @(posedge clk) begin
        if (!go) words_taken <= 0;
        else if (word_valid) begin
            if (words_taken < WORDS * IMAGES)
                for (int chunk = 0; chunk < CHUNKS; chunk++)
                    words[words_taken*CHUNKS+chunk] <= padded[32*chunk+:32];
            words_taken <= words_taken + 1;
        end
    end

    reg [CONVERSION_BITS-1:0] conversions [0:CONVERSIONS*IMAGES-1] /* verilator public_flat_rw */;
    reg [31:0] conversions_taken /* verilator public_flat_rd */;
    always @(posedge clk) begin
        if (!go) conversions_taken <= 0;
        else if (tap_valid) begin
            if (conversions_taken < CONVERSIONS * IMAGES) conversions[conversions_taken] <= tap;
            conversions_taken <= conversions_taken + 1;
        end
    end

    reg [SCORE_BITS-1:0] scores [0:TEMPLATES*IMAGES-1] /* verilator public_flat_rw */;
    reg [31:0] scores_taken /* verilator public_flat_rd */;
    reg [31:0] scores_asked;
    reg        answered;
    always @(posedge clk) begin
        answered <= 0;
        if (!go) begin
            scores_taken <= 0;
            scores_asked <= 0;
            score_address <= 0;
            gate <= INPUTS + HEADSTART;
        end else if (keep_scores) begin
            if (scores_asked < results_taken * TEMPLATES && scores_asked < TEMPLATES * IMAGES) begin
                answered <= 1;
                scores_asked <= scores_asked + 1;
                score_address <= score_address == TEMPLATES - 1 ? 0 : score_address + 1;
                if (score_address == TEMPLATES - 1) gate <= gate + INPUTS;
            end
            if (answered) begin
                scores[scores_taken] <= score;
                scores_taken <= scores_taken + 1;
            end
        end
    end

    // Cycle in which the first input of each image and its result were taken, counted from `go`.
    reg [63:0] started [0:IMAGES-1] /* verilator public_flat_rw */;
    reg [63:0] finished [0:IMAGES-1] /* verilator public_flat_rw */;
    reg [63:0] cycles /* verilator public_flat_rd */;
    reg [31:0] image, place, quiet;
    wire complete = results_taken >= images && (!keep_scores || scores_taken >= images * TEMPLATES);
    always @(posedge clk) begin
        if (!go) begin
            cycles <= 0;
            image <= 0;
            place <= 0;
            quiet <= 0;
            done <= 0;
        end else if (!done) begin
            cycles <= cycles + 1;
            if (input_valid && input_ready) begin
                if (place == 0) started[image] <= cycles;
                place <= place == INPUTS - 1 ? 0 : place + 1;
                if (place == INPUTS - 1) image <= image + 1;
            end
            if (result_valid && result_ready && results_taken < IMAGES) finished[results_taken] <= cycles;
            quiet <= (input_valid && input_ready) || tap_valid || (result_valid && result_ready) || answered
                ? 0 : quiet + 1;
            done <= quiet >= (complete ? DRAIN : QUIET_LIMIT);
        end
    end
endmodule

`default_nettype wire
