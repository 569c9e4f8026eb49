// Block RAM and PLL of Gowin parts, of which Yosys has black boxes only.
//
// Written after what Yosys says of them in brams.txt and brams_map.v, for what it makes of our designs: one
// clock, at most one writing port, no output registers. Where Yosys is promised nothing, the model gives
// wrong values.

// Initial contents, 32 units in each parameter, and all of them as one value.
`define GOWIN_INIT(bits) \
    parameter [bits - 1:0] INIT_RAM_00 = 0, INIT_RAM_01 = 0, INIT_RAM_02 = 0, INIT_RAM_03 = 0, \
    parameter [bits - 1:0] INIT_RAM_04 = 0, INIT_RAM_05 = 0, INIT_RAM_06 = 0, INIT_RAM_07 = 0, \
    parameter [bits - 1:0] INIT_RAM_08 = 0, INIT_RAM_09 = 0, INIT_RAM_0A = 0, INIT_RAM_0B = 0, \
    parameter [bits - 1:0] INIT_RAM_0C = 0, INIT_RAM_0D = 0, INIT_RAM_0E = 0, INIT_RAM_0F = 0, \
    parameter [bits - 1:0] INIT_RAM_10 = 0, INIT_RAM_11 = 0, INIT_RAM_12 = 0, INIT_RAM_13 = 0, \
    parameter [bits - 1:0] INIT_RAM_14 = 0, INIT_RAM_15 = 0, INIT_RAM_16 = 0, INIT_RAM_17 = 0, \
    parameter [bits - 1:0] INIT_RAM_18 = 0, INIT_RAM_19 = 0, INIT_RAM_1A = 0, INIT_RAM_1B = 0, \
    parameter [bits - 1:0] INIT_RAM_1C = 0, INIT_RAM_1D = 0, INIT_RAM_1E = 0, INIT_RAM_1F = 0, \
    parameter [bits - 1:0] INIT_RAM_20 = 0, INIT_RAM_21 = 0, INIT_RAM_22 = 0, INIT_RAM_23 = 0, \
    parameter [bits - 1:0] INIT_RAM_24 = 0, INIT_RAM_25 = 0, INIT_RAM_26 = 0, INIT_RAM_27 = 0, \
    parameter [bits - 1:0] INIT_RAM_28 = 0, INIT_RAM_29 = 0, INIT_RAM_2A = 0, INIT_RAM_2B = 0, \
    parameter [bits - 1:0] INIT_RAM_2C = 0, INIT_RAM_2D = 0, INIT_RAM_2E = 0, INIT_RAM_2F = 0, \
    parameter [bits - 1:0] INIT_RAM_30 = 0, INIT_RAM_31 = 0, INIT_RAM_32 = 0, INIT_RAM_33 = 0, \
    parameter [bits - 1:0] INIT_RAM_34 = 0, INIT_RAM_35 = 0, INIT_RAM_36 = 0, INIT_RAM_37 = 0, \
    parameter [bits - 1:0] INIT_RAM_38 = 0, INIT_RAM_39 = 0, INIT_RAM_3A = 0, INIT_RAM_3B = 0, \
    parameter [bits - 1:0] INIT_RAM_3C = 0, INIT_RAM_3D = 0, INIT_RAM_3E = 0, INIT_RAM_3F = 0
`define GOWIN_CONTENTS { \
    INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, INIT_RAM_3B, INIT_RAM_3A, INIT_RAM_39, \
    INIT_RAM_38, INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34, INIT_RAM_33, INIT_RAM_32, \
    INIT_RAM_31, INIT_RAM_30, INIT_RAM_2F, INIT_RAM_2E, INIT_RAM_2D, INIT_RAM_2C, INIT_RAM_2B, \
    INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28, INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, \
    INIT_RAM_23, INIT_RAM_22, INIT_RAM_21, INIT_RAM_20, INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, \
    INIT_RAM_1C, INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18, INIT_RAM_17, INIT_RAM_16, \
    INIT_RAM_15, INIT_RAM_14, INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10, INIT_RAM_0F, \
    INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, INIT_RAM_0B, INIT_RAM_0A, INIT_RAM_09, INIT_RAM_08, \
    INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04, INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, \
    INIT_RAM_00 \
}

// 2,048 units of 8 or 9 bits. A word of two or four units has the lowest first; words of 4, 2 and 1 bits lie
// in a unit of 8, the lowest first. Port A reads and writes, port B reads.
module engram_bsram #(
    parameter integer UNIT = 9,
    parameter integer WIDTH_A = UNIT, WIDTH_B = UNIT,
    parameter [1:0] WRITE_MODE = 0, // what a write reads: 0 nothing, 1 what it writes, 2 what was there
    parameter [2048 * UNIT - 1:0] INIT = 0
) (
    input CLKA, CEA, WREA, RESETA,
    input [13:0] ADA,
    input [4 * UNIT - 1:0] DIA,
    output reg [4 * UNIT - 1:0] DOA,
    input CLKB, CEB, RESETB,
    input [13:0] ADB,
    output reg [4 * UNIT - 1:0] DOB
);
    reg [UNIT - 1:0] units [0:2047];
    integer number;
    initial begin
        for (number = 0; number < 2048; number = number + 1) units[number] = INIT[number * UNIT +: UNIT];
        DOA = 0;
        DOB = 0;
    end

    // Address bits below a word: in words of several units they say which of them are written.
    function integer shift(input integer width);
        shift = width > 2 * UNIT ? 5 : width > UNIT ? 4 : width >= 8 ? 3
            : width == 4 ? 2 : width == 2 ? 1 : 0;
    endfunction

    function [10:0] unit(input integer width, input [13:0] address);
        unit = width > 2 * UNIT ? {address[13:5], 2'b0} : width > UNIT ? {address[13:4], 1'b0}
            : address[13:3];
    endfunction

    function [4 * UNIT - 1:0] read(input integer width, input [13:0] address);
        reg [10:0] first;
        begin
            first = unit(width, address);
            read = {units[first | 3], units[first | 2], units[first | 1], units[first]};
            if (width <= UNIT) begin
                read = {{3 * UNIT{1'b0}}, units[first]};
                if (width == 4) read = (read >> {address[2], 2'b0}) & 15;
                if (width == 2) read = (read >> {address[2:1], 1'b0}) & 3;
                if (width == 1) read = (read >> address[2:0]) & 1;
            end else if (width <= 2 * UNIT) read[4 * UNIT - 1:2 * UNIT] = 0;
        end
    endfunction

    wire [10:0] first = unit(WIDTH_A, ADA);
    wire [3:0] enabled = WIDTH_A > 2 * UNIT ? ADA[3:0] : WIDTH_A > UNIT ? {2'b0, ADA[1:0]} : 4'b1;
    wire [4 * UNIT - 1:0] lanes
        = {{UNIT{enabled[3]}}, {UNIT{enabled[2]}}, {UNIT{enabled[1]}}, {UNIT{enabled[0]}}};
    wire writes = CEA && WREA && |enabled;

    // Nothing is promised of what the other port is writing: here it reads as the old value's complement.
    localparam integer COARSER = shift(WIDTH_A) > shift(WIDTH_B) ? shift(WIDTH_A) : shift(WIDTH_B);
    wire collides = writes && ADA >> COARSER == ADB >> COARSER;

    always @(posedge CLKA) begin
        if (RESETA) DOA <= 0;
        else if (CEA && !WREA) DOA <= read(WIDTH_A, ADA);
        else if (CEA && WRITE_MODE == 1) DOA <= (read(WIDTH_A, ADA) & ~lanes) | (DIA & lanes);
        else if (CEA && WRITE_MODE == 2) DOA <= read(WIDTH_A, ADA);
        if (CEA && WREA) case (WIDTH_A)
            1: units[first][ADA[2:0]] <= DIA[0];
            2: units[first][{ADA[2:1], 1'b0} +: 2] <= DIA[1:0];
            4: units[first][{ADA[2], 2'b0} +: 4] <= DIA[3:0];
            default: begin
                if (enabled[0]) units[first] <= DIA[UNIT - 1:0];
                if (enabled[1]) units[first | 1] <= DIA[2 * UNIT - 1:UNIT];
                if (enabled[2]) units[first | 2] <= DIA[3 * UNIT - 1:2 * UNIT];
                if (enabled[3]) units[first | 3] <= DIA[4 * UNIT - 1:3 * UNIT];
            end
        endcase
    end
    always @(posedge CLKB) begin
        if (RESETB) DOB <= 0;
        else if (CEB) DOB <= read(WIDTH_B, ADB) ^ {4 * UNIT{collides}};
    end
endmodule

module SP #(
    parameter READ_MODE = 0, parameter [1:0] WRITE_MODE = 0, parameter integer BIT_WIDTH = 32,
    parameter BLK_SEL = 0, RESET_MODE = "SYNC",
    `GOWIN_INIT(256)
) (
    input CLK, CE, OCE, RESET, WRE,
    input [2:0] BLKSEL,
    input [13:0] AD,
    input [31:0] DI,
    output [31:0] DO
);
    engram_bsram #(
        .UNIT(8), .WIDTH_A(BIT_WIDTH), .WIDTH_B(BIT_WIDTH), .WRITE_MODE(WRITE_MODE),
        .INIT(`GOWIN_CONTENTS)
    ) ram (
        .CLKA(CLK), .CEA(CE), .WREA(WRE), .RESETA(RESET), .ADA(AD), .DIA(DI), .DOA(DO),
        .CLKB(CLK), .CEB(1'b0), .RESETB(1'b0), .ADB(14'b0), .DOB()
    );
    initial if (READ_MODE != 0 || BLK_SEL != 0) $fatal(1, "SP with output register or block select");
    always @(posedge CLK) if (RESET && RESET_MODE != "SYNC") $fatal(1, "SP with asynchronous reset");
endmodule

module SPX9 #(
    parameter READ_MODE = 0, parameter [1:0] WRITE_MODE = 0, parameter integer BIT_WIDTH = 36,
    parameter BLK_SEL = 0, RESET_MODE = "SYNC",
    `GOWIN_INIT(288)
) (
    input CLK, CE, OCE, RESET, WRE,
    input [2:0] BLKSEL,
    input [13:0] AD,
    input [35:0] DI,
    output [35:0] DO
);
    engram_bsram #(
        .UNIT(9), .WIDTH_A(BIT_WIDTH), .WIDTH_B(BIT_WIDTH), .WRITE_MODE(WRITE_MODE),
        .INIT(`GOWIN_CONTENTS)
    ) ram (
        .CLKA(CLK), .CEA(CE), .WREA(WRE), .RESETA(RESET), .ADA(AD), .DIA(DI), .DOA(DO),
        .CLKB(CLK), .CEB(1'b0), .RESETB(1'b0), .ADB(14'b0), .DOB()
    );
    initial if (READ_MODE != 0 || BLK_SEL != 0) $fatal(1, "SPX9 with output register or block select");
    always @(posedge CLK) if (RESET && RESET_MODE != "SYNC") $fatal(1, "SPX9 with asynchronous reset");
endmodule

module SDPB #(
    parameter READ_MODE = 0, parameter integer BIT_WIDTH_0 = 32, BIT_WIDTH_1 = 32,
    parameter BLK_SEL_0 = 0, BLK_SEL_1 = 0, RESET_MODE = "SYNC",
    `GOWIN_INIT(256)
) (
    input CLKA, CEA, RESETA, CLKB, CEB, RESETB, OCE,
    input [2:0] BLKSELA, BLKSELB,
    input [13:0] ADA, ADB,
    input [31:0] DI,
    output [31:0] DO
);
    engram_bsram #(
        .UNIT(8), .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1),
        .INIT(`GOWIN_CONTENTS)
    ) ram (
        .CLKA(CLKA), .CEA(CEA), .WREA(1'b1), .RESETA(RESETA), .ADA(ADA), .DIA(DI), .DOA(),
        .CLKB(CLKB), .CEB(CEB), .RESETB(RESETB), .ADB(ADB), .DOB(DO)
    );
    initial if (READ_MODE != 0 || BLK_SEL_0 != 0 || BLK_SEL_1 != 0)
        $fatal(1, "SDPB with output register or block select");
    always @(posedge CLKB) if ((RESETA || RESETB) && RESET_MODE != "SYNC")
        $fatal(1, "SDPB with asynchronous reset");
endmodule

module SDPX9B #(
    parameter READ_MODE = 0, parameter integer BIT_WIDTH_0 = 36, BIT_WIDTH_1 = 36,
    parameter BLK_SEL_0 = 0, BLK_SEL_1 = 0, RESET_MODE = "SYNC",
    `GOWIN_INIT(288)
) (
    input CLKA, CEA, RESETA, CLKB, CEB, RESETB, OCE,
    input [2:0] BLKSELA, BLKSELB,
    input [13:0] ADA, ADB,
    input [35:0] DI,
    output [35:0] DO
);
    engram_bsram #(
        .UNIT(9), .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1),
        .INIT(`GOWIN_CONTENTS)
    ) ram (
        .CLKA(CLKA), .CEA(CEA), .WREA(1'b1), .RESETA(RESETA), .ADA(ADA), .DIA(DI), .DOA(),
        .CLKB(CLKB), .CEB(CEB), .RESETB(RESETB), .ADB(ADB), .DOB(DO)
    );
    initial if (READ_MODE != 0 || BLK_SEL_0 != 0 || BLK_SEL_1 != 0)
        $fatal(1, "SDPX9B with output register or block select");
    always @(posedge CLKB) if ((RESETA || RESETB) && RESET_MODE != "SYNC")
        $fatal(1, "SDPX9B with asynchronous reset");
endmodule

module DPB #(
    parameter READ_MODE0 = 0, READ_MODE1 = 0, parameter [1:0] WRITE_MODE0 = 0, WRITE_MODE1 = 0,
    parameter integer BIT_WIDTH_0 = 16, BIT_WIDTH_1 = 16,
    parameter BLK_SEL_0 = 0, BLK_SEL_1 = 0, RESET_MODE = "SYNC",
    `GOWIN_INIT(256)
) (
    input CLKA, CEA, WREA, RESETA, OCEA, CLKB, CEB, WREB, RESETB, OCEB,
    input [2:0] BLKSELA, BLKSELB,
    input [13:0] ADA, ADB,
    input [15:0] DIA, DIB,
    output [15:0] DOA, DOB
);
    wire [31:0] read_a, read_b;
    assign DOA = read_a[15:0];
    assign DOB = read_b[15:0];
    engram_bsram #(
        .UNIT(8), .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1), .WRITE_MODE(WRITE_MODE0),
        .INIT(`GOWIN_CONTENTS)
    ) ram (
        .CLKA(CLKA), .CEA(CEA), .WREA(WREA), .RESETA(RESETA), .ADA(ADA),
        .DIA({16'b0, DIA}), .DOA(read_a),
        .CLKB(CLKB), .CEB(CEB), .RESETB(RESETB), .ADB(ADB), .DOB(read_b)
    );
    initial if (READ_MODE0 != 0 || READ_MODE1 != 0 || BLK_SEL_0 != 0 || BLK_SEL_1 != 0)
        $fatal(1, "DPB with output register or block select");
    always @(posedge CLKB) if ((RESETA || RESETB) && RESET_MODE != "SYNC")
        $fatal(1, "DPB with asynchronous reset");
    always @(posedge CLKB) if (CEB && WREB) $fatal(1, "DPB with second write port");
endmodule

module DPX9B #(
    parameter READ_MODE0 = 0, READ_MODE1 = 0, parameter [1:0] WRITE_MODE0 = 0, WRITE_MODE1 = 0,
    parameter integer BIT_WIDTH_0 = 18, BIT_WIDTH_1 = 18,
    parameter BLK_SEL_0 = 0, BLK_SEL_1 = 0, RESET_MODE = "SYNC",
    `GOWIN_INIT(288)
) (
    input CLKA, CEA, WREA, RESETA, OCEA, CLKB, CEB, WREB, RESETB, OCEB,
    input [2:0] BLKSELA, BLKSELB,
    input [13:0] ADA, ADB,
    input [17:0] DIA, DIB,
    output [17:0] DOA, DOB
);
    wire [35:0] read_a, read_b;
    assign DOA = read_a[17:0];
    assign DOB = read_b[17:0];
    engram_bsram #(
        .UNIT(9), .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1), .WRITE_MODE(WRITE_MODE0),
        .INIT(`GOWIN_CONTENTS)
    ) ram (
        .CLKA(CLKA), .CEA(CEA), .WREA(WREA), .RESETA(RESETA), .ADA(ADA),
        .DIA({18'b0, DIA}), .DOA(read_a),
        .CLKB(CLKB), .CEB(CEB), .RESETB(RESETB), .ADB(ADB), .DOB(read_b)
    );
    initial if (READ_MODE0 != 0 || READ_MODE1 != 0 || BLK_SEL_0 != 0 || BLK_SEL_1 != 0)
        $fatal(1, "DPX9B with output register or block select");
    always @(posedge CLKB) if ((RESETA || RESETB) && RESET_MODE != "SYNC")
        $fatal(1, "DPX9B with asynchronous reset");
    always @(posedge CLKB) if (CEB && WREB) $fatal(1, "DPX9B with second write port");
endmodule

// For a simulation that is clocked at the core's frequency: the input is the output.
module rPLL #(
    parameter FCLKIN = "", DEVICE = "", DYN_IDIV_SEL = "", DYN_FBDIV_SEL = "", DYN_ODIV_SEL = "",
    parameter CLKFB_SEL = "", CLKOUT_BYPASS = "",
    parameter integer IDIV_SEL = 0, FBDIV_SEL = 0, ODIV_SEL = 8
) (
    input CLKIN, CLKFB, RESET, RESET_P,
    input [5:0] FBDSEL, IDSEL, ODSEL,
    input [3:0] PSDA, FDLY, DUTYDA,
    output CLKOUT,
    output reg LOCK
);
    assign CLKOUT = CLKIN;
    initial LOCK = 0;
    always @(posedge CLKIN) LOCK <= 1;
endmodule
