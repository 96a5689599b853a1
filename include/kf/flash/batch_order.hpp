// SPDX-License-Identifier: MIT
#pragma once
/// Who waits for whom in a batch: what a board is to others follows from its configuration. The host's own MCU first,
/// then boards that nobody depends on, then nodes on a CAN bus, and the bridge to that bus last: while it is written,
/// nothing behind it can be reached.

#include <kf/firmware/kconfig.hpp>

#include <algorithm>
#include <vector>

namespace kf::flash {

enum class batch_place { host_mcu, own_port, can_node, can_bridge };

[[nodiscard]] inline batch_place place_in_batch(const firmware::kconfig& config) {
    if (config.text("BOARD_DIRECTORY") == "linux") return batch_place::host_mcu;
    if (config.enabled("USBCANBUS")) return batch_place::can_bridge;
    if (config.enabled("CANSERIAL")) return batch_place::can_node;
    return batch_place::own_port;
}

/// Boards of one place keep the order in which they were asked for. `config_of(board) -> const kconfig&`.
template<class Board, class ConfigOf>
void order_batch(std::vector<Board>& boards, ConfigOf&& config_of) {
    std::ranges::stable_sort(boards, {}, [&](const Board& b) { return place_in_batch(config_of(b)); });
}

} // namespace kf::flash
