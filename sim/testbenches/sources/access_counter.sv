// Counts the cycles in which something is enabled, and says so when the simulation ends:
//
//   count SCOPE NAME NUMBER
//
// The simulation puts one beside every port of a memory and every reduction; nothing of the design depends on it.

`default_nettype none

module access_counter #(
    parameter string NAME = ""
) (
    input wire clk,
    input wire first,
    input wire second
);
    longint unsigned number = 0;
    always @(posedge clk) if (first && second) number <= number + 1;
    final $display("count %m %s %0d", NAME, number);
endmodule

`default_nettype wire
