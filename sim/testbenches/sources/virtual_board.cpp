// A board that is not there: its UART wires end in a pseudo-terminal.
//
//   model LINE ORDERS DIVISOR IDLE_CYCLES OFFSET
//
// LINE is the number of the master of a pseudo-terminal: bytes that come go over the chip's receiving wire bit by
// bit, DIVISOR cycles each and without a pause, and bytes that the chip sends come back. The file `flash` in the
// working folder is what the flash holds from OFFSET on; elsewhere it is erased.
//
// ORDERS is the number of a socket. First it gets 8 bytes, little-endian: the cycles per second that the model
// makes. Then it may send orders, a letter and 8 bytes, little-endian: a number of bytes, counted from the start
// of the program. The order is obeyed as soon as so many have gone over the wire to the chip:
//
//   r  reset: the FPGA is configured anew; what comes over the wire meanwhile is lost
//   n  noise: both wires carry something that nobody has sent
//   u  unplug: the program ends
//
// It ends too when the other end of ORDERS is closed.
//
// Time passes while a byte is on a wire, while the busy LED is lit, and for IDLE_CYCLES after that. Then it
// stands still until the next byte comes: in a chip that has been idle for so long, nothing would change.

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

#include "Vmodel.h"
#include "verilated.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNumbers = 5;              // arguments
constexpr int kFrameBits = 10;           // start bit, 8 data bits, stop bit
constexpr std::uint8_t kErased = 0xFF;   // what an empty flash holds
constexpr auto kTrial = std::chrono::milliseconds{50};  // to find out how fast the model is
constexpr int kNoiseFrames = 16;         // length of a noise, in times of a byte
constexpr std::size_t kMostUnread = 1 << 20;  // bytes kept for a host that does not read

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

struct Order {
    char kind;
    std::uint64_t due;
};

// Puts bytes on the chip's receiving wire.
class Sender {
public:
    explicit Sender(std::uint64_t divisor) : m_divisor{divisor} {}
    bool idle() const { return m_left == 0; }
    void send(std::uint8_t byte) {
        m_frame = 1u << 9 | static_cast<unsigned>(byte) << 1;
        m_left = kFrameBits * m_divisor;
    }
    // The level of this cycle.
    int level() {
        if (m_left == 0) return 1;
        const auto bit = kFrameBits - 1 - (m_left - 1) / m_divisor;
        --m_left;
        return m_frame >> bit & 1;
    }

private:
    std::uint64_t m_divisor, m_left = 0;
    unsigned m_frame = 0;
};

// Reads bytes off the chip's sending wire, each bit in its middle; a frame without a stop bit is none.
class Receiver {
public:
    explicit Receiver(std::uint64_t divisor) : m_divisor{divisor} {}
    bool idle() const { return m_bit < 0; }
    // The byte that is complete with this level, or -1.
    int take(int level) {
        if (idle()) {
            if (level == 0) {
                m_bit = 0;
                m_wait = m_divisor + m_divisor / 2;
                m_byte = 0;
            }
            return -1;
        }
        if (--m_wait) return -1;
        m_wait = m_divisor;
        if (m_bit < 8) {
            m_byte |= level << m_bit++;
            return -1;
        }
        m_bit = -1;
        return level ? m_byte : -1;
    }

private:
    std::uint64_t m_divisor, m_wait = 0;
    int m_bit = -1, m_byte = 0;
};

// Marsaglia's 64-bit xorshift, shifts 13, 7, 17; always the same numbers.
class Random {
public:
    std::uint8_t next() {
        m_state ^= m_state << 13;
        m_state ^= m_state >> 7;
        m_state ^= m_state << 17;
        return static_cast<std::uint8_t>(m_state >> 32);
    }

private:
    std::uint64_t m_state = 0x9E3779B97F4A7C15;
};

class Board {
public:
    Board(int line, int orders, std::uint64_t divisor, std::uint64_t idle_cycles, std::uint64_t offset)
        : m_line{line},
          m_orders{orders},
          m_divisor{divisor},
          m_idle_cycles{idle_cycles},
          m_offset{offset},
          m_sender{divisor},
          m_receiver{divisor} {
        if (std::FILE* file = std::fopen("flash", "rb")) {
            for (int byte; (byte = std::fgetc(file)) != EOF;) m_flash.push_back(static_cast<std::uint8_t>(byte));
            std::fclose(file);
        }
        configure();
    }

    void run() {
        tell_speed();
        for (;;) {
            if (m_sender.idle()) between_bytes();
            step();
        }
    }

private:
    void configure() {
        if (m_dut) m_dut->final();
        m_dut.reset();  // before its context
        m_context = std::make_unique<VerilatedContext>();
        m_dut = std::make_unique<Vmodel>(m_context.get());
        m_receiver = Receiver{m_divisor};
        m_quiet = 0;
    }

    void tell_speed() {
        const auto start = Clock::now();
        std::uint64_t cycles = 0;
        for (; Clock::now() - start < kTrial; cycles += 256) {
            for (int i = 0; i < 256; ++i) step();
        }
        const std::uint64_t per_second = cycles * 1000 / static_cast<std::uint64_t>(kTrial.count());
        if (write(m_orders, &per_second, sizeof per_second) != sizeof per_second) fail("orders");
    }

    // One clock cycle.
    void step() {
        if (m_until_look) --m_until_look;
        int level = m_sender.level();
        if (m_noise) {
            if (--m_noise % (m_divisor / 2) == 0) m_noise_level = m_random.next() & 1;
            level = m_noise ? m_noise_level : 1;
        }
        m_dut->rx = level;
        const std::uint64_t place = m_dut->flash_address - m_offset;
        m_dut->flash_data = m_dut->flash_address >= m_offset && place < m_flash.size() ? m_flash[place] : kErased;
        m_dut->clk = 1;
        m_dut->eval();
        m_dut->clk = 0;
        m_dut->eval();
        const int byte = m_receiver.take(m_dut->tx);
        if (byte >= 0) give(static_cast<std::uint8_t>(byte));
        const bool still = m_sender.idle() && m_receiver.idle() && !m_noise && !m_dut->busy;
        m_quiet = still ? m_quiet + 1 : 0;
    }

    // No byte is going to the chip: obey what is due, then send the next one, if there is any.
    void between_bytes() {
        if (m_until_look == 0) look();
        for (std::size_t i = 0; i < m_due.size();) {
            if (m_due[i].due > m_sent) {
                ++i;
                continue;
            }
            const char kind = m_due[i].kind;
            m_due.erase(m_due.begin() + static_cast<std::ptrdiff_t>(i));
            obey(kind);
        }
        if (m_waiting.empty() || m_noise) return;
        m_sender.send(m_waiting.front());
        m_waiting.pop_front();
        ++m_sent;
    }

    void obey(char kind) {
        if (kind == 'u') std::exit(0);
        if (kind == 'r') configure();
        if (kind == 'n') {
            m_noise = kNoiseFrames * kFrameBits * m_divisor;
            for (int i = 0; i < kNoiseFrames; ++i) give(m_random.next());
        }
    }

    // Takes what came from the host, at most once in the time of a byte; waits where time stands still.
    void look() {
        m_until_look = m_divisor * kFrameBits;
        pollfd files[] = {{m_line, POLLIN, 0}, {m_orders, POLLIN, 0}};
        const bool sleeps = m_quiet > m_idle_cycles && m_unread.empty();
        if (poll(files, 2, sleeps ? -1 : 0) < 0 && errno != EINTR) fail("poll");
        if (files[1].revents) {
            unsigned char order[9];
            if (read(m_orders, order, sizeof order) != sizeof order) std::exit(0);
            std::uint64_t due = 0;
            for (int i = 8; i >= 1; --i) due = due << 8 | order[i];
            m_due.push_back({static_cast<char>(order[0]), due});
        }
        if (files[0].revents) {
            unsigned char bytes[4096];
            const ssize_t came = read(m_line, bytes, sizeof bytes);
            if (came > 0) m_waiting.insert(m_waiting.end(), bytes, bytes + came);
        }
        flush();
    }

    void give(std::uint8_t byte) {
        if (m_unread.size() < kMostUnread) m_unread.push_back(byte);
        flush();
    }

    // As much as the terminal takes; it is opened so that writing does not wait.
    void flush() {
        while (!m_unread.empty()) {
            if (write(m_line, &m_unread.front(), 1) != 1) return;
            m_unread.pop_front();
        }
    }

    int m_line, m_orders;
    std::uint64_t m_divisor, m_idle_cycles, m_offset;
    std::unique_ptr<VerilatedContext> m_context;
    std::unique_ptr<Vmodel> m_dut;
    Sender m_sender;
    Receiver m_receiver;
    Random m_random;
    std::vector<std::uint8_t> m_flash;
    std::deque<std::uint8_t> m_waiting, m_unread;
    std::vector<Order> m_due;
    std::uint64_t m_sent = 0, m_quiet = 0, m_noise = 0, m_until_look = 0;
    int m_noise_level = 1;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != kNumbers + 1) {
        std::fprintf(stderr, "%d numbers are needed, see the source\n", kNumbers);
        return 1;
    }
    std::uint64_t number[kNumbers];
    for (int i = 0; i < kNumbers; ++i) number[i] = std::strtoull(argv[i + 1], nullptr, 10);
    Board{static_cast<int>(number[0]), static_cast<int>(number[1]), number[2], number[3], number[4]}.run();
}
