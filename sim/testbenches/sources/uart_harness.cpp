// Puts a line before the UART receiver, sample by sample, and writes down the bytes that come out.
//
//   model SAMPLES
//
// The file `line` in the working folder holds SAMPLES levels, eight to a byte, the first in the lowest bit. For
// every byte that the receiver gives, the file `bytes` gets 8 bytes, the cycle in which it came, and 8 bytes, the
// byte itself, both little-endian. A byte is taken at once. Nothing is compared here.
// Verilator writes the second of two underscores in a port's name as __05F.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "Vmodel.h"
#include "verilated.h"

namespace {

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

void tick(Vmodel& dut) {
    dut.clk = 1;
    dut.eval();
    dut.clk = 0;
    dut.eval();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "a number is needed, see the source\n");
        return 1;
    }
    const std::uint64_t samples = std::strtoull(argv[1], nullptr, 10);
    std::FILE* line = std::fopen("line", "rb");
    if (!line) fail("line");
    std::FILE* bytes = std::fopen("bytes", "wb");
    if (!bytes) fail("bytes");

    const auto context = std::make_unique<VerilatedContext>();
    const auto dut = std::make_unique<Vmodel>(context.get());
    dut->rx = 1;
    dut->o___05Fready = 1;
    dut->rst = 1;
    tick(*dut);
    dut->rst = 0;
    int levels = 0;
    for (std::uint64_t cycle = 0; cycle < samples; ++cycle) {
        if (cycle % 8 == 0 && (levels = std::fgetc(line)) == EOF) fail("line");
        dut->rx = levels >> (cycle % 8) & 1;
        tick(*dut);
        if (dut->o___05Fvalid) {
            const std::uint64_t came[2] = {cycle, dut->o___05Fpayload};
            if (std::fwrite(came, sizeof came, 1, bytes) != 1) fail("bytes");
        }
    }
    std::fclose(line);
    if (std::fclose(bytes)) fail("bytes");
    dut->final();
    return 0;
}
