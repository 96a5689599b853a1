// SPDX-License-Identifier: MIT
#pragma once
/// How a flash ended: each board, and the service. The last value of a flash.

#include <kf/flash/write.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kf::flash {

/// In the order of the plan's boards.
struct board_outcome {
    std::string key = {}, name = {};
    bool built = true;       ///< false: the flash ended before
    std::string sha256 = {}; ///< of its image
    std::size_t bytes = 0;   ///< of it
    write_outcome written = {};
    std::optional<board::device> bootloader = {}; ///< the board as it was met in Katapult
};

struct outcome {
    result<void> reached = {}; ///< no board was tried when this is an error
    std::vector<board_outcome> boards = {};
    bool stopped = false; ///< a service; nothing was, when no klippy has to do with the boards
    bool ready = false;   ///< klippy says that it is; otherwise it only runs
    result<void> service = {};
    seconds downtime = 0;

    /// Of one board; what kept all of them from being tried counts for each that has no reason of its own.
    [[nodiscard]] const result<void>& ended(std::size_t board) const noexcept {
        return reached || !boards[board].written.ended ? boards[board].written.ended : reached;
    }
    /// The first failure of a board, if there is one.
    [[nodiscard]] const result<void>& ended() const noexcept {
        static const result<void> well{};
        for (std::size_t i = 0; i < boards.size(); ++i)
            if (!ended(i)) return ended(i);
        return reached ? well : reached;
    }
};

} // namespace kf::flash
