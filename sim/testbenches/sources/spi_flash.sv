// SPI flash in mode 0: asleep until it is released from deep power-down, and then it knows READ.
//
// What it holds is outside: `data` is the byte at `address`.

`default_nettype none

module spi_flash (
    input  wire        cs_n,
    input  wire        sck,
    input  wire        copi,
    output reg         cipo,
    output wire [23:0] address,
    input  wire [7:0]  data
);
    localparam [7:0] READ = 8'h03, RELEASE = 8'hAB;

    reg        awake;
    reg [31:0] command;
    reg [5:0]  received;
    reg [26:0] sent;

    initial begin
        awake = 0;
        received = 0;
        sent = 0;
        cipo = 1;
    end

    assign address = command[23:0] + sent[26:3];

    always @(posedge sck, posedge cs_n) begin
        if (cs_n) begin
            if (received == 8 && command[7:0] == RELEASE) awake <= 1;
            received <= 0;
        end else if (received < 32) begin
            command <= {command[30:0], copi};
            received <= received + 1;
        end
    end

    always @(negedge sck, posedge cs_n) begin
        if (cs_n) sent <= 0;
        else if (awake && received == 32 && command[31:24] == READ) begin
            cipo <= data[3'd7 - sent[2:0]];
            sent <= sent + 1;
        end
    end
endmodule

`default_nettype wire
