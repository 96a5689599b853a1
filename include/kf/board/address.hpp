// SPDX-License-Identifier: MIT
#pragma once
/// Where a board is reached while it is flashed, and by what it is known again when it comes back. A new way to a board
/// (a CAN uuid, a UART, the ROM's DFU) is one more alternative: whoever visits an address then has to say what it does.

#include <kf/board/discover.hpp>
#include <kf/board/identity.hpp>

#include <string>
#include <variant>

namespace kf::board {

/// On USB: where devices show up, and the board that is followed among them.
struct usb_address {
    device_folders at = {};
    kf::board::trail trail = {};

    /// "Octopus", or its node when it has no name: for messages.
    [[nodiscard]] const std::string& name() const noexcept {
        return trail.board.name.empty() ? trail.start.file_name : trail.board.name;
    }
};

using address = std::variant<usb_address>;

[[nodiscard]] inline address_kind kind_of(const address& a) noexcept { return static_cast<address_kind>(a.index()); }
static_assert(
    std::is_same_v<std::variant_alternative_t<static_cast<std::size_t>(address_kind::usb), address>, usb_address>);

static_assert(std::variant_size_v<address> == std::tuple_size_v<decltype(method_row::reaches)>,
              "each row of flash_methods says of each kind of address whether it reaches it");

/// The name by which it was found: "usb-Klipper_stm32h723xx_29001A00-if00".
[[nodiscard]] inline const std::string& found_as(const address& a) noexcept {
    return std::visit([](const usb_address& on) -> const std::string& { return on.trail.start.file_name; }, a);
}

} // namespace kf::board
