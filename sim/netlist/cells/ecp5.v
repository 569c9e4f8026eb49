// Block RAM, multiplier and PLL of the ECP5, of which Yosys has black boxes only.
//
// Written after what Yosys says of them in brams_16kd.txt, brams_map_16kd.v and dsp_map_18x18.v, for what it
// makes of our designs: one clock, at most one writing port, no output registers.
// Where Yosys is promised nothing, the model gives wrong values.

module DP16KD #(
    parameter integer DATA_WIDTH_A = 18,
    parameter integer DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG",
    parameter REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC",
    parameter ASYNC_RESET_RELEASE = "SYNC",
    parameter CSDECODE_A = "0b000",
    parameter CSDECODE_B = "0b000",
    parameter WRITEMODE_A = "NORMAL",
    parameter WRITEMODE_B = "NORMAL",
    parameter CLKAMUX = "CLKA",
    parameter CLKBMUX = "CLKB",
    parameter GSR = "ENABLED",
    parameter [319:0] INITVAL_00 = 0, INITVAL_01 = 0, INITVAL_02 = 0, INITVAL_03 = 0,
    parameter [319:0] INITVAL_04 = 0, INITVAL_05 = 0, INITVAL_06 = 0, INITVAL_07 = 0,
    parameter [319:0] INITVAL_08 = 0, INITVAL_09 = 0, INITVAL_0A = 0, INITVAL_0B = 0,
    parameter [319:0] INITVAL_0C = 0, INITVAL_0D = 0, INITVAL_0E = 0, INITVAL_0F = 0,
    parameter [319:0] INITVAL_10 = 0, INITVAL_11 = 0, INITVAL_12 = 0, INITVAL_13 = 0,
    parameter [319:0] INITVAL_14 = 0, INITVAL_15 = 0, INITVAL_16 = 0, INITVAL_17 = 0,
    parameter [319:0] INITVAL_18 = 0, INITVAL_19 = 0, INITVAL_1A = 0, INITVAL_1B = 0,
    parameter [319:0] INITVAL_1C = 0, INITVAL_1D = 0, INITVAL_1E = 0, INITVAL_1F = 0,
    parameter [319:0] INITVAL_20 = 0, INITVAL_21 = 0, INITVAL_22 = 0, INITVAL_23 = 0,
    parameter [319:0] INITVAL_24 = 0, INITVAL_25 = 0, INITVAL_26 = 0, INITVAL_27 = 0,
    parameter [319:0] INITVAL_28 = 0, INITVAL_29 = 0, INITVAL_2A = 0, INITVAL_2B = 0,
    parameter [319:0] INITVAL_2C = 0, INITVAL_2D = 0, INITVAL_2E = 0, INITVAL_2F = 0,
    parameter [319:0] INITVAL_30 = 0, INITVAL_31 = 0, INITVAL_32 = 0, INITVAL_33 = 0,
    parameter [319:0] INITVAL_34 = 0, INITVAL_35 = 0, INITVAL_36 = 0, INITVAL_37 = 0,
    parameter [319:0] INITVAL_38 = 0, INITVAL_39 = 0, INITVAL_3A = 0, INITVAL_3B = 0,
    parameter [319:0] INITVAL_3C = 0, INITVAL_3D = 0, INITVAL_3E = 0, INITVAL_3F = 0
) (
    input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3,
          DIA2, DIA1, DIA0,
    input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3,
           DOA2, DOA1, DOA0,
    input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3,
          DIB2, DIB1, DIB0,
    input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3,
           DOB2, DOB1, DOB0
);
    // 18 kbit as 2,048 units of 9 bits. A word of 18 or 36 bits is two or four units, the lowest first; words
    // of 4, 2 and 1 bits lie in the lower eight bits of a unit, the lowest first.
    reg [8:0] units [0:2047];

    // 16 words of 18 bits, each in a field of 20.
    task fill(input integer block, input [319:0] value);
        integer word;
        for (word = 0; word < 16; word = word + 1) begin
            units[block * 32 + word * 2] = value[word * 20 +: 9];
            units[block * 32 + word * 2 + 1] = value[word * 20 + 9 +: 9];
        end
    endtask

    initial begin
        fill(0, INITVAL_00); fill(1, INITVAL_01); fill(2, INITVAL_02); fill(3, INITVAL_03);
        fill(4, INITVAL_04); fill(5, INITVAL_05); fill(6, INITVAL_06); fill(7, INITVAL_07);
        fill(8, INITVAL_08); fill(9, INITVAL_09); fill(10, INITVAL_0A); fill(11, INITVAL_0B);
        fill(12, INITVAL_0C); fill(13, INITVAL_0D); fill(14, INITVAL_0E); fill(15, INITVAL_0F);
        fill(16, INITVAL_10); fill(17, INITVAL_11); fill(18, INITVAL_12); fill(19, INITVAL_13);
        fill(20, INITVAL_14); fill(21, INITVAL_15); fill(22, INITVAL_16); fill(23, INITVAL_17);
        fill(24, INITVAL_18); fill(25, INITVAL_19); fill(26, INITVAL_1A); fill(27, INITVAL_1B);
        fill(28, INITVAL_1C); fill(29, INITVAL_1D); fill(30, INITVAL_1E); fill(31, INITVAL_1F);
        fill(32, INITVAL_20); fill(33, INITVAL_21); fill(34, INITVAL_22); fill(35, INITVAL_23);
        fill(36, INITVAL_24); fill(37, INITVAL_25); fill(38, INITVAL_26); fill(39, INITVAL_27);
        fill(40, INITVAL_28); fill(41, INITVAL_29); fill(42, INITVAL_2A); fill(43, INITVAL_2B);
        fill(44, INITVAL_2C); fill(45, INITVAL_2D); fill(46, INITVAL_2E); fill(47, INITVAL_2F);
        fill(48, INITVAL_30); fill(49, INITVAL_31); fill(50, INITVAL_32); fill(51, INITVAL_33);
        fill(52, INITVAL_34); fill(53, INITVAL_35); fill(54, INITVAL_36); fill(55, INITVAL_37);
        fill(56, INITVAL_38); fill(57, INITVAL_39); fill(58, INITVAL_3A); fill(59, INITVAL_3B);
        fill(60, INITVAL_3C); fill(61, INITVAL_3D); fill(62, INITVAL_3E); fill(63, INITVAL_3F);
        if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG" || CSDECODE_A != "0b000" || CSDECODE_B != "0b000")
            $fatal(1, "DP16KD with output registers or chip select");
        if (CLKAMUX != "CLKA" || CLKBMUX != "CLKB" || WRITEMODE_A == "WRITETHROUGH")
            $fatal(1, "DP16KD with inverted clock or write-through");
    end

    // Address bits below a word: they select lanes to write at 18 and 36 bits, and nothing at 9.
    function integer shift(input integer width);
        shift = width == 36 ? 5 : width == 18 ? 4 : width == 9 ? 3 : width == 4 ? 2 : width == 2 ? 1 : 0;
    endfunction

    function [10:0] unit(input integer width, input [13:0] address);
        unit = width == 36 ? {address[13:5], 2'b0} : width == 18 ? {address[13:4], 1'b0} : address[13:3];
    endfunction

    function [35:0] read(input integer width, input [13:0] address);
        reg [10:0] first;
        begin
            first = unit(width, address);
            case (width)
                36: read = {units[first | 3], units[first | 2], units[first | 1], units[first]};
                18: read = {18'b0, units[first | 1], units[first]};
                9: read = {27'b0, units[first]};
                4: read = {32'b0, units[first][{address[2], 2'b0} +: 4]};
                2: read = {34'b0, units[first][{address[2:1], 1'b0} +: 2]};
                default: read = {35'b0, units[first][address[2:0]]};
            endcase
        end
    endfunction

    wire [17:0] data_a = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3,
        DIA2, DIA1, DIA0};
    wire [13:0] address_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
    wire [17:0] data_b = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3,
        DIB2, DIB1, DIB0};
    wire [13:0] address_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
    wire [35:0] data = {data_b, data_a};
    wire [10:0] first_a = unit(DATA_WIDTH_A, address_a);
    wire writes = CEA && WEA && (DATA_WIDTH_A == 36 ? |address_a[3:0]
        : DATA_WIDTH_A == 18 ? |address_a[1:0] : 1'b1);

    reg [35:0] read_a = 0, read_b = 0;
    always @(posedge CLKA) if (CEA) begin
        if (!WEA || WRITEMODE_A == "READBEFOREWRITE") read_a <= read(DATA_WIDTH_A, address_a);
        if (WEA) case (DATA_WIDTH_A)
            36: begin
                if (address_a[0]) units[first_a] <= data[8:0];
                if (address_a[1]) units[first_a | 1] <= data[17:9];
                if (address_a[2]) units[first_a | 2] <= data[26:18];
                if (address_a[3]) units[first_a | 3] <= data[35:27];
            end
            18: begin
                if (address_a[0]) units[first_a] <= data[8:0];
                if (address_a[1]) units[first_a | 1] <= data[17:9];
            end
            9: units[first_a] <= data[8:0];
            4: units[first_a][{address_a[2], 2'b0} +: 4] <= data[3:0];
            2: units[first_a][{address_a[2:1], 1'b0} +: 2] <= data[1:0];
            default: units[first_a][address_a[2:0]] <= data[0];
        endcase
    end

    // Nothing is promised of what the other port is writing: here it reads as the complement of the old value.
    localparam integer COARSER = shift(DATA_WIDTH_A) > shift(DATA_WIDTH_B) ? shift(DATA_WIDTH_A)
        : shift(DATA_WIDTH_B);
    wire collides = writes && address_a >> COARSER == address_b >> COARSER;
    always @(posedge CLKB) if (CEB) read_b <= read(DATA_WIDTH_B, address_b) ^ {36{collides}};

    always @(posedge CLKB) if ((CEB && WEB) || RSTA || RSTB) $fatal(1, "DP16KD with second write port or reset");

    // A word of 36 bits leaves on both ports.
    assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3,
        DOA2, DOA1, DOA0}
        = DATA_WIDTH_B == 36 ? read_b[17:0] : read_a[17:0];
    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3,
        DOB2, DOB1, DOB0}
        = DATA_WIDTH_B == 36 ? read_b[35:18] : read_b[17:0];
endmodule

// All registers off, both factors from their inputs.
module MULT18X18D (
    input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17,
           P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
    wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
    wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
    wire signed [36:0] wide_a = $signed({SIGNEDA & a[17], a});
    wire signed [36:0] wide_b = $signed({SIGNEDB & b[17], b});
    wire signed [36:0] product = wide_a * wide_b;
    assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16,
        P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} = product[35:0];
    initial if (SOURCEA || SOURCEB) $fatal(1, "MULT18X18D with cascaded inputs");
endmodule

// For a simulation that is clocked at the core's frequency: the input is the output.
module EHXPLLL #(
    parameter PLLRST_ENA = "", INTFB_WAKE = "", STDBY_ENABLE = "", DPHASE_SOURCE = "", OUTDIVIDER_MUXA = "",
    parameter CLKOP_ENABLE = "", CLKOS_ENABLE = "", FEEDBK_PATH = "",
    parameter integer CLKI_DIV = 1, CLKFB_DIV = 1, CLKOP_DIV = 1, CLKOP_CPHASE = 0, CLKOP_FPHASE = 0,
    parameter integer CLKOS_DIV = 1, CLKOS_CPHASE = 0, CLKOS_FPHASE = 0
) (
    input CLKI, CLKFB, RST, STDBY, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG, PLLWAKESYNC,
    input ENCLKOP, ENCLKOS,
    output CLKOP, CLKOS,
    output reg LOCK
);
    assign CLKOP = CLKI;
    assign CLKOS = CLKI;
    initial LOCK = 0;
    always @(posedge CLKI) LOCK <= 1;
endmodule
