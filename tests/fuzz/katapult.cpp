// SPDX-License-Identifier: MIT
/// Any bytes from a bootloader. The first two choose the piece size and what is done: frames are the same however the
/// bytes are cut; a whole session ends, and never says that a board is written when it did not answer for every block.
#include "wire.hpp"

#include <kf/flash/katapult.hpp>

#include <vector>

namespace {

using namespace kf;
using fuzz::demand;

std::vector<flash::katapult_answer> decode(io::byte_view in, std::size_t piece) {
    flash::katapult_decoder decoder;
    std::vector<flash::katapult_answer> all;
    while (!in.empty()) {
        const auto n = std::min(piece, in.size());
        decoder.feed(in.first(n));
        in = in.subspan(n);
        while (auto answer = decoder.next()) all.push_back(std::move(*answer));
        demand(decoder.pending() <= 8 + 4 * 255);
    }
    return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const io::byte_view in(data + 2, size - 2);
    const std::size_t piece = data[0] + 1u;
    if (data[1] % 2 == 0) {
        demand(decode(in, std::max<std::size_t>(in.size(), 1)) == decode(in, piece));
        if (const auto info = flash::parse_bootloader_info(in))
            demand(info->mcu.size() + info->version.size() <= in.size());
        return 0;
    }
    sim::manual_clock clock;
    fuzz::talker link(clock, in, piece);
    flash::katapult_session session(link, clock);
    if (!session.connect("stm32f072xb")) return 0;
    demand(session.info().block_size >= 64 && session.info().block_size <= 512);
    const io::bytes image(200, 0x5a);
    std::size_t verified = 0;
    const auto done = session.write(image, [&](std::size_t n, std::size_t total, flash::katapult_pass phase) {
        demand(n <= total);
        if (phase == flash::katapult_pass::verify) verified = n;
    });
    const auto blocks = (image.size() + session.info().block_size - 1) / session.info().block_size;
    if (done) demand(verified == blocks);
    demand(session.written_any());
    if (!done) demand(!session.leave()); // it must not start what is half written
    return 0;
}
