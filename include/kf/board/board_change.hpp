// SPDX-License-Identifier: MIT
#pragma once
/// What a person changed of a board, apart from what it is now: another process may have changed the rest meanwhile.

#include <kf/board/board.hpp>

namespace kf::board {

/// Every field in which `changed` differs from `old` becomes that of `now`; its key never.
inline void take_changes(board& now, const board& old, const board& changed) {
    const auto take = [&](auto... members) {
        ((changed.*members != old.*members ? void(now.*members = changed.*members) : void()), ...);
    };
    take(&board::name, &board::mcu, &board::serial_pattern, &board::usb_port, &board::as_klipper, &board::as_katapult,
         &board::seen_as_katapult, &board::method, &board::flashable);
}

} // namespace kf::board
