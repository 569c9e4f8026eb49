// Runs whole images through the image accelerator at the speed of compiled code, and writes down what comes out.
//
//   model IMAGES PIXELS SEED SOURCE_STALL SINK_STALL QUIET_LIMIT WRITES FIRST_IMAGE SETTLING DRAIN
//
// FIRST_IMAGE is the index of the first image, on which read noise depends; SETTLING cycles later its noise is there.
// The file `pixels` in the working folder holds IMAGES * PIXELS bytes. Where WRITES is not 0, as many requests of 8 bytes in the file `writes` go to the
// programmer first, each after the answer to the one before. A pixel is offered with probability
// 1 - SOURCE_STALL / 65536 per cycle, and stays offered until it is taken; a result can be taken with probability
// 1 - SINK_STALL / 65536; so it is with requests and answers. Nothing is compared here. Every file gets payloads as
// Verilator keeps them, little-endian in 1, 2, 4, 8 or more bytes, in the order in which they came:
//
//   levels       words of word-line values
//   conversions  row tile, match line and code
//   results      class, template, margin, accepted
//   started      8 bytes per image: cycle in which its first pixel was taken
//   finished     8 bytes per result: cycle in which it was taken
//   cycles       8 bytes: cycles of the run; 8 bytes: 1 if a stream withdrew or changed an offer, or an
//                answer of the programmer came that was not asked for
//   written      answers of the programmer
//   programming  8 bytes: cycles until the last answer
//   progress     1 byte per result and per answer of the programmer, at once
//
// The run ends DRAIN cycles after the last result, so that what should not come is seen, or when neither a pixel nor
// a result moved for QUIET_LIMIT cycles.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "Vmodel.h"
#include "verilated.h"

namespace {

constexpr std::uint64_t kReset = 2;   // cycles of reset
constexpr int kNumbers = 10;          // arguments

[[noreturn]] void fail(const std::string& what) {
    std::perror(what.c_str());
    std::exit(1);
}

// Marsaglia's 64-bit xorshift, shifts 13, 7, 17.
class Random {
public:
    explicit Random(std::uint64_t seed) : m_state{seed * 2 + 1} {
        for (int i = 0; i < 16; ++i) next();  // small seeds are alike at first
    }
    // True with probability `rate` / 65536.
    bool hit(std::uint32_t rate) { return rate && (next() >> 48) < rate; }

private:
    std::uint64_t next() {
        m_state ^= m_state << 13;
        m_state ^= m_state >> 7;
        return m_state ^= m_state << 17;
    }
    std::uint64_t m_state;
};

class Output {
public:
    explicit Output(const char* name, bool buffered = true) : m_name{name}, m_file{std::fopen(name, "wb")} {
        if (!m_file) fail(m_name);
        if (!buffered) std::setvbuf(m_file, nullptr, _IONBF, 0);
    }
    template <typename Payload>
    void put(const Payload& payload) {
        if (std::fwrite(&payload, sizeof payload, 1, m_file) != 1) fail(m_name);
    }
    void close() {
        if (std::fclose(m_file)) fail(m_name);
    }

private:
    std::string m_name;
    std::FILE* m_file;
};

template <typename Item>
std::vector<Item> read_items(const char* name, std::size_t count) {
    std::vector<Item> items(count);
    if (count == 0) return items;
    std::FILE* file = std::fopen(name, "rb");
    if (!file || std::fread(items.data(), sizeof(Item), count, file) != count) fail(name);
    std::fclose(file);
    return items;
}

// Notices when an offer is withdrawn or changed before it is taken.
template <typename Payload>
class OfferWatch {
public:
    bool broken(bool valid, bool taken, const Payload& payload) {
        const bool wrong = m_waited && (!valid || payload != m_waiting);
        m_waited = valid && !taken;
        m_waiting = payload;
        return wrong;
    }

private:
    bool m_waited = false;
    Payload m_waiting{};
};

void tick(Vmodel& dut) {
    dut.clk = 1;
    dut.eval();
    dut.clk = 0;
    dut.eval();
}

// Sends all requests to the programmer and writes its answers down; returns the cycles.
std::uint64_t program(Vmodel& dut, std::uint64_t count, Random& source, Random& sink, std::uint32_t source_stall,
                      std::uint32_t sink_stall, std::uint64_t quiet_limit, Output& progress, std::uint64_t& violated) {
    const std::vector<std::uint64_t> writes = read_items<std::uint64_t>("writes", count);
    Output written{"written"};
    OfferWatch<std::decay_t<decltype(dut.written)>> watch;
    std::uint64_t cycle = 0, quiet = 0, loaded = 0, answered = 0;
    while (answered < count && quiet < quiet_limit) {
        if (watch.broken(dut.written_valid, dut.written_taken, dut.written)) violated = 1;
        ++quiet;
        if (dut.written_taken) {
            written.put(dut.written);
            progress.put('.');
            ++answered;
            quiet = 0;
        }
        ++cycle;

        dut.write_offer = loaded < count && !source.hit(source_stall);
        if (dut.write_offer) {
            dut.write = static_cast<std::decay_t<decltype(dut.write)>>(writes[loaded]);
            loaded += dut.write_loads;
        }
        dut.accept = !sink.hit(sink_stall);
        tick(dut);
    }
    written.close();
    Output cycles{"programming"};
    cycles.put(cycle);
    cycles.close();
    return cycle;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != kNumbers + 1) {
        std::fprintf(stderr, "%d numbers are needed, see the source\n", kNumbers);
        return 1;
    }
    std::uint64_t number[kNumbers];
    for (int i = 0; i < kNumbers; ++i) number[i] = std::strtoull(argv[i + 1], nullptr, 10);
    const std::uint64_t images = number[0], image_pixels = number[1], seed = number[2];
    const auto source_stall = static_cast<std::uint32_t>(number[3]);
    const auto sink_stall = static_cast<std::uint32_t>(number[4]);
    const std::uint64_t quiet_limit = number[5];

    const std::uint64_t total = images * image_pixels;
    const auto pixels = read_items<std::uint8_t>("pixels", total);
    Output levels{"levels"}, conversions{"conversions"}, results{"results"};
    Output started{"started"}, finished{"finished"}, summary{"cycles"}, progress{"progress", false};
    Random source{seed}, sink{~seed};

    const auto context = std::make_unique<VerilatedContext>();
    const auto dut = std::make_unique<Vmodel>(context.get());
    dut->reset = 1;
    for (std::uint64_t i = 0; i < kReset; ++i) tick(*dut);
    dut->reset = 0;
    dut->first_image = static_cast<std::uint32_t>(number[7]);
    dut->sets_image = 1;
    tick(*dut);
    dut->sets_image = 0;
    for (std::uint64_t i = 0; i < number[8]; ++i) tick(*dut);

    std::uint64_t cycle = 0, quiet = 0, drained = 0;
    std::uint64_t loaded = 0, in_image = 0, results_taken = 0;
    std::uint64_t violated = 0;
    if (number[6] > 0) {
        cycle = program(*dut, number[6], source, sink, source_stall, sink_stall, quiet_limit, progress, violated);
    }
    OfferWatch<std::decay_t<decltype(dut->result)>> watch;
    while (drained < number[9] && quiet < quiet_limit) {
        if (dut->word_taken) levels.put(dut->word);
        if (dut->conversion_taken) conversions.put(dut->conversion);
        if (watch.broken(dut->result_valid, dut->result_taken, dut->result) || dut->written_taken) violated = 1;
        ++quiet;
        if (dut->result_taken) {
            results.put(dut->result);
            finished.put(cycle);
            progress.put('.');
            ++results_taken;
            quiet = 0;
        }
        if (dut->pixel_taken) {
            if (in_image == 0) started.put(cycle);
            in_image = in_image + 1 == image_pixels ? 0 : in_image + 1;
            quiet = 0;
        }
        if (results_taken >= images) ++drained;
        ++cycle;

        dut->offer = loaded < total && !source.hit(source_stall);
        if (dut->offer) {
            dut->pixel = pixels[loaded];
            loaded += dut->loads;
        }
        dut->accept = !sink.hit(sink_stall);
        tick(*dut);
    }
    summary.put(cycle);
    summary.put(violated);
    for (Output* output : {&levels, &conversions, &results, &started, &finished, &summary, &progress}) output->close();
    dut->final();
    return 0;
}
