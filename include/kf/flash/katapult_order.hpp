// SPDX-License-Identifier: MIT
#pragma once
/// Which blocks a Katapult flash sends, and in which order: the part of it that decides what a power loss leaves
/// behind.

#include <kf/flash/katapult_frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kf::flash {

/// Where a block goes and what is in it; or a blank block.
struct planned_block {
    static constexpr std::size_t blank = static_cast<std::size_t>(-1);
    std::uint32_t address;
    std::size_t offset;
};

/// The order of the blocks. An rp2040's first sector comes last, behind a blank block 0: a power loss before that
/// leaves "no application", and the board stays in its bootloader. Tried against Katapult's own code; no other family
/// allows it.
[[nodiscard]] inline std::vector<planned_block> plan_blocks(const bootloader_info& info, std::size_t image_size) {
    const auto address = [&](std::size_t offset) { return info.app_start + static_cast<std::uint32_t>(offset); };
    const std::size_t step = info.block_size;
    std::vector<planned_block> plan;
    std::size_t deferred = 0;
    if (info.mcu == "rp2040") {
        constexpr std::size_t sector = 4096;
        deferred = std::min(image_size, sector - info.app_start % sector);
        plan.push_back({info.app_start, planned_block::blank});
    }
    const std::size_t first = (deferred + step - 1) / step * step;
    for (std::size_t offset = first; offset < image_size; offset += step) plan.push_back({address(offset), offset});
    for (std::size_t offset = 0; offset < std::min(first, image_size); offset += step)
        plan.push_back({address(offset), offset});
    return plan;
}

[[nodiscard]] inline io::bytes block_data(io::byte_view image, std::size_t offset, std::size_t size) {
    io::bytes data(size, 0xff);
    if (offset < image.size())
        std::copy_n(image.begin() + static_cast<std::ptrdiff_t>(offset), std::min(size, image.size() - offset),
                    data.begin());
    return data;
}

} // namespace kf::flash
