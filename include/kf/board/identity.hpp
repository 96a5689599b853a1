// SPDX-License-Identifier: MIT
#pragma once
/// Which physical board a device is. A name is not an identity: a board changes its name, its serial number and its USB
/// strings with its firmware, and two boards can have one serial number. What has to agree, in this order:
///
///   1. the serial number with its border, where the board has one of its own
///   2. the place: its name in /dev/serial/by-path, or the USB port at which it was last seen
///   3. the chip
///   4. manufacturer and product of the firmware that it runs
///
/// judge() says how well a device agrees with a registered board, and what does not. remember() is the only writer of
/// what is known of a board. A trail follows one board through Klipper -> Katapult -> Klipper.

#include <kf/board/board.hpp>
#include <kf/board/discover.hpp>
#include <kf/board/pattern.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace kf::board {

/// What points from a board to a device; the later the stronger.
enum class claim {
    none,      ///< nothing does, or something speaks against it
    unsure,    ///< its pattern fits, but the pattern fits other boards as well and nothing else is known
    by_port,   ///< it stands at the board's port, and nothing speaks against it
    by_place,  ///< it was registered by that place, or a pattern for many fits and the rest agrees
    by_serial, ///< its own serial number, in whatever socket
    by_all,    ///< the serial number and the place
};

struct likeness {
    kf::board::claim claim = claim::none;
    std::string differs =
        {}; ///< something points to the device, but this speaks against it: "its serial number is X, not Y"
};

/// The serial number of a device, whatever runs on it; empty when it has none.
[[nodiscard]] inline const std::string& serial_number(const device& d) noexcept {
    return d.facts.vendor_id.empty() ? d.usb.serial : d.facts.serial;
}

/// Why its name does not tell this device from others.
[[nodiscard]] inline std::string unsure_because(const device& d) {
    if (d.facts.twins > 0) return fmt::format("{} USB devices have this name and serial number", d.facts.twins + 1);
    if (serial_number(d).empty()) return "it has no serial number";
    if (!is_own_serial(serial_number(d))) return fmt::format("many boards have the serial number {}", serial_number(d));
    return "the pattern names no serial number";
}

/// What runs on the device, also under the strings that this board is known to have.
[[nodiscard]] inline usb_firmware firmware_on(const board& b, const device& d) {
    if (d.usb.firmware != usb_firmware::other) return d.usb.firmware;
    const auto is = [&](const usb_face& face) {
        if (face.empty()) return false;
        if (d.facts.vendor_id.empty()) return without_interface(face.name) == without_interface(d.file_name);
        return !face.manufacturer.empty() && face.manufacturer == d.facts.manufacturer &&
               face.product == d.facts.product;
    };
    if (is(b.as_klipper)) return usb_firmware::klipper;
    if (is(b.as_katapult)) return usb_firmware::katapult;
    return usb_firmware::other;
}

namespace detail {

[[nodiscard]] inline std::string differs(std::string_view what, std::string_view is, std::string_view known) {
    const auto shown = [](std::string_view text) { return text.empty() ? std::string("none") : std::string(text); };
    return fmt::format("its {} is {}, not {}", what, shown(is), shown(known));
}

/// The chip numbers that a board is known by; two different ones are two chips.
[[nodiscard]] inline std::optional<std::string> another_chip_number(const board& b, const device& d) {
    if (!is_chip_number(serial_number(d))) return std::nullopt;
    std::vector<std::string> known{b.as_klipper.serial, b.as_katapult.serial};
    if (names_whole_serial(b.serial_pattern)) {
        const auto stem = cut(b.serial_pattern).stem;
        known.emplace_back(stem.substr(stem.rfind('_') + 1));
    }
    for (const auto& serial : known)
        if (is_chip_number(serial) && serial != serial_number(d)) return serial;
    return std::nullopt;
}

} // namespace detail

[[nodiscard]] inline likeness judge(const board& b, const device& d) {
    const usb_firmware runs = firmware_on(b, d);
    const usb_face& face = runs == usb_firmware::katapult ? b.as_katapult : b.as_klipper;
    const std::string& serial = serial_number(d);
    const bool registered_place = !d.place.empty() && b.serial_pattern == d.place;
    const bool named = registered_place || pattern_matches(b.serial_pattern, d.file_name);
    const bool at_port = !b.usb_port.empty() && b.usb_port == d.facts.port;
    const bool alone = is_own_serial(serial) && d.facts.twins == 0;
    const bool known_serial = !face.empty() && is_own_serial(face.serial) && face.serial == serial;
    const bool known_chip = d.usb.mcu.empty() || mcu_matches(b.mcu, d.usb.mcu);
    const bool elsewhere = is_place_name(b.serial_pattern) && !registered_place;
    const bool moved = !b.usb_port.empty() && !d.facts.port.empty() && !at_port;

    // 1. The serial number. A board that is pulled out and put into another socket is still that board.
    // One that was registered by its place has twins, or no serial number.
    if (alone && !elsewhere && ((named && names_whole_serial(b.serial_pattern)) || (known_serial && known_chip)))
        return {at_port || registered_place ? claim::by_all : claim::by_serial};
    if (!named && !at_port && !known_serial) return {};
    if (!face.empty() && face.serial != serial)
        return {claim::none, detail::differs("serial number", serial, face.serial)};
    if (const auto other = detail::another_chip_number(b, d))
        return {claim::none, detail::differs("serial number", serial, *other)};

    // 2. The place.
    if (elsewhere && !at_port) return {claim::none, detail::differs("place", d.place, b.serial_pattern)};
    if (moved && !registered_place) return {claim::none, detail::differs("USB port", d.facts.port, b.usb_port)};

    // 3. The chip. Where the name points to the device, match() refuses by the chip and names both.
    if (!known_chip && !named) return {claim::none, detail::differs("chip", d.usb.mcu, b.mcu)};

    // 4. Manufacturer and product. A bootloader that was never seen before may have any.
    if (!face.manufacturer.empty() && !d.facts.vendor_id.empty()) {
        if (face.manufacturer != d.facts.manufacturer)
            return {claim::none, detail::differs("USB manufacturer", d.facts.manufacturer, face.manufacturer)};
        if (face.product != d.facts.product)
            return {claim::none, detail::differs("USB product", d.facts.product, face.product)};
    }
    if (registered_place) return {known_serial ? claim::by_all : claim::by_place};
    if (named) return {at_port ? claim::by_place : claim::unsure};
    if (runs == usb_firmware::other) return {claim::none, "neither Klipper nor Katapult runs on it"};
    // Klipper under a name that was never seen, at the board's port: somebody else's flash, or somebody else's board.
    if (runs == usb_firmware::klipper && face.empty())
        return {claim::none, detail::differs("name", d.file_name, b.serial_pattern)};
    return {claim::by_port};
}

/// `b` with what this look at its device taught. `d` is known to be it: judged so, or followed there.
[[nodiscard]] inline board remember(board b, const device& d, usb_firmware runs, const std::string& day) {
    usb_face face{d.file_name, d.facts.manufacturer, d.facts.product, serial_number(d)};
    // udev makes one link after the other: a board that has just come may not have its own name in by-id yet.
    if (is_place_name(face.name) && d.facts.twins == 0 && is_own_serial(face.serial))
        face.name = by_id_name(face.manufacturer, face.product, face.serial, d.facts.interface.value_or(0));
    const std::string name = face.name;
    if (!d.facts.port.empty()) b.usb_port = d.facts.port;
    if (runs == usb_firmware::klipper) {
        b.as_klipper = std::move(face);
    } else if (runs == usb_firmware::katapult) {
        b.as_katapult = std::move(face);
        if (!b.seen_as_katapult) b.seen_as_katapult = day;
    }
    // by-id cannot show twins, and when one of them is pulled out it shows the other one.
    if (d.facts.twins > 0 && !d.place.empty()) b.serial_pattern = d.place;
    // A pattern that fits neither of its names helps nobody, kalico-flash least.
    const auto fits = [&](const usb_face& f) {
        return !f.empty() && (f.name == b.serial_pattern || pattern_matches(b.serial_pattern, f.name));
    };
    if (!is_place_name(b.serial_pattern) && !fits(b.as_klipper) && !fits(b.as_katapult)) {
        auto better = pattern_for(name, serial_number(d));
        if (better)
            b.serial_pattern = std::move(*better);
        else if (!d.place.empty())
            b.serial_pattern = d.place;
    }
    return b;
}

/// One board that changes its firmware under our eyes, from the moment at which it was found.
struct trail {
    kf::board::board board = {};
    device start = {};      ///< where it was found
    usb_face expected = {}; ///< of the Klipper that is going to run: from its configuration

    [[nodiscard]] const std::string& port() const noexcept { return start.facts.port; }
};

/// What runs there, also under the strings that are expected after the flash.
[[nodiscard]] inline usb_firmware firmware_on(const trail& t, const device& d) {
    const auto runs = firmware_on(t.board, d);
    if (runs != usb_firmware::other || t.expected.empty()) return runs;
    auto b = t.board;
    b.as_klipper = t.expected;
    return firmware_on(b, d);
}

/// The device is the board of the trail: it stands at its port. Where no port is known the name has to do, as long as
/// its serial number is its own.
[[nodiscard]] inline bool is_on(const trail& t, const device& d) {
    const auto& wanted = t.start.usb.interface;
    if (wanted && d.usb.interface && *wanted != *d.usb.interface) return false;
    if (!t.port().empty()) return d.facts.port == t.port();
    if (same_board(t.start.usb, d.usb)) return true;
    const auto base = without_interface(d.file_name);
    for (const auto* face : {&t.board.as_klipper, &t.board.as_katapult, &t.expected})
        if (!face->empty() && is_own_serial(face->serial) && without_interface(face->name) == base) return true;
    return false;
}

} // namespace kf::board
