// SPDX-License-Identifier: MIT
#pragma once
/// What add and edit share about devices: the one that a person names, and the pattern that a board gets from it.

#include "workplace.hpp"

#include <fmt/format.h>

#include <span>

namespace kf::kflash {

/// The device with that name in by-id or by-path, or at that USB port ("1-1.4"). errc::not_found, or errc::usage when
/// the name is that of two boards.
[[nodiscard]] inline result<board::device> find_device(std::span<const board::device> devices,
                                                       const std::string& name) {
    const board::device* found = nullptr;
    for (const auto& d : devices) {
        if (d.file_name != name && d.place != name && d.facts.port != name) continue;
        if (found == nullptr || found->file_name != name) found = &d;
    }
    if (found != nullptr) return *found;
    error e{errc::not_found, "there is no device " + name, {}, {}, {"kflash list"}};
    for (const auto& d : devices) // twins are shown under their places
        if (d.facts.twins > 0 && d.usb.firmware != board::usb_firmware::other && name.find(d.facts.serial) != name.npos)
            e.cause = fmt::format("{} boards have the serial number {}: name one by its port, as in {}",
                                  d.facts.twins + 1, d.facts.serial, d.facts.port);
    return kf::fail(std::move(e));
}

/// Gives the board the pattern of a device: its serial number with its border, or its place where it has no serial
/// number of its own. errc::refused when it has neither.
[[nodiscard]] inline result<void> name_by(board::board& b, const board::device& d) {
    const auto& serial = board::serial_number(d);
    if (d.facts.twins == 0)
        if (auto pattern = board::pattern_for(d.file_name, serial)) {
            b.serial_pattern = std::move(*pattern);
            return {};
        }
    if (!d.place.empty()) {
        b.serial_pattern = d.place;
        return {};
    }
    if (!d.facts.port.empty() && d.facts.twins == 0) { // no by-path: its name, which the port has to confirm
        b.serial_pattern = std::string(board::without_interface(d.file_name)) + "-if*";
        return {};
    }
    return kf::fail(error{errc::refused,
                          d.file_name + " does not tell this board from others",
                          board::unsure_because(d) + ", and its USB port is not known",
                          {},
                          {"give it a serial number of its own in: make menuconfig (USB ids)"}});
}

/// A pattern that takes other boards is refused before it is saved.
[[nodiscard]] inline result<void> check_pattern(const known_boards& b, const board::board& board) {
    KF_TRY(const auto seen, board::scan(b.at.devices));
    const auto why = board::pattern_conflict(b.registry, board, seen.devices);
    if (!why) return {};
    return kf::fail(error{errc::refused,
                          fmt::format("the pattern {} is no name of one board", board.serial_pattern),
                          *why,
                          {},
                          {"plug the board in, then: kflash list", "give its device instead: --usb NAME"}});
}

} // namespace kf::kflash
