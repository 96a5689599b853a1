// SPDX-License-Identifier: MIT
/// Any bytes from a board that should speak Klipper's protocol. The first two choose the piece size and what is done:
/// blocks are the same however the bytes are cut; identify ends.
#include "wire.hpp"

#include <kf/mcu/identify.hpp>

#include <vector>

namespace {

using namespace kf;
using fuzz::demand;

std::vector<mcu::message_block> decode(io::byte_view in, std::size_t piece) {
    mcu::message_decoder decoder;
    std::vector<mcu::message_block> all;
    while (!in.empty()) {
        const auto n = std::min(piece, in.size());
        decoder.feed(in.first(n));
        in = in.subspan(n);
        while (auto block = decoder.next()) all.push_back(std::move(*block));
    }
    return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const io::byte_view in(data + 2, size - 2);
    const std::size_t piece = data[0] + 1u;
    if (data[1] % 2 == 0) {
        const auto blocks = decode(in, std::max<std::size_t>(in.size(), 1));
        demand(blocks == decode(in, piece));
        for (const auto& block : blocks) {
            demand(block.sequence < 16 && block.content.size() <= mcu::block_max - mcu::block_min);
            const auto wire = mcu::encode_block(block.sequence, block.content);
            demand(decode(wire, wire.size()) == std::vector{block});
        }
        io::byte_view content = in;
        while (const auto number = mcu::take_vlq(content)) {
            io::bytes same;
            mcu::put_vlq(same, *number);
            io::byte_view back = same;
            demand(mcu::take_vlq(back) == number && back.empty());
        }
        content = in;
        while (const auto buffer = mcu::take_buffer(content)) demand(buffer->size() <= 255);
        return 0;
    }
    sim::manual_clock clock;
    fuzz::talker link(clock, in, piece);
    const auto until = clock.now() + std::chrono::seconds(10);
    if (const auto running = mcu::identify(link, clock, until)) demand(!running->version.empty());
    demand(clock.now() <= until + std::chrono::seconds(1));
    return 0;
}
