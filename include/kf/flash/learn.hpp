// SPDX-License-Identifier: MIT
#pragma once
/// What a look at a board's device taught, written into devices.json.

#include <kf/board/identity.hpp>
#include <kf/board/registry.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>

namespace kf::flash {

/// In the registry and in `board` (board::remember). A registry that cannot be written is a warning. `runs`: when it is
/// known better than by the device's names.
template<sink Sink>
void learn(const std::filesystem::path& registry_file, board::board& board, const board::device& device,
           std::optional<board::usb_firmware> runs, const std::string& day, Sink& out) {
    const auto firmware = runs.value_or(board::firmware_on(board, device));
    const auto learned = board::remember(board, device, firmware, day);
    if (learned == board) return;
    if (learned.serial_pattern != board.serial_pattern)
        out.note(fmt::format("{} is registered as {} from now on", board.name, learned.serial_pattern));
    board = learned; // it counts for this very run
    const auto done = board::update(registry_file, "kflash", [&](board::registry& r) -> result<void> {
        KF_TRY(const auto now, board::with_key(r, board.key));
        return board::replace(r, board::remember(now, device, firmware, day));
    });
    if (!done) out.warn(fmt::format("could not note how {} shows itself on USB: {}", board.name, done.error().what));
}

} // namespace kf::flash
