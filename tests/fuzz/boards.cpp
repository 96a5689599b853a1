// SPDX-License-Identifier: MIT
// libFuzzer harness of what names and files say of a board: devices.json (board/devices_json), by-id names
// (board/usb_name), patterns and identity (board/pattern, board/identity). The first byte chooses. What is read as a
// registry is written and read again as the same one; whatever a name or a pattern is, a proposed pattern takes its own
// device and no longer serial number, and another chip number is never the same board.

#include <kf/board/match.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace kf::board;

void must(bool holds) {
    if (!holds) std::abort();
}

void registry_file(const std::string& text) {
    const auto r = parse_registry(text, "f");
    if (!r) {
        must(!r.error().what.empty());
        return;
    }
    const auto again = parse_registry(to_text(*r), "f");
    must(again.has_value());
    must(again->boards == r->boards && again->settings == r->settings && again->blocked == r->blocked);
    must(to_text(*again) == to_text(*r));
}

void names(const std::string& text) {
    const auto half = text.find('\n');
    const std::string name = text.substr(0, half);
    const std::string pattern = half == text.npos ? name : text.substr(half + 1);
    const auto usb = parse_usb_name(name);
    must(without_interface(name).size() <= name.size());
    must(udev_text(udev_text(pattern)) == udev_text(pattern));
    (void)pattern_problem(pattern);
    (void)pattern_matches(pattern, name);
    const bool plain = name.find_first_of("*?[]\\") == name.npos && name.find('\0') == name.npos;
    const auto own = pattern_for(name, usb.serial);
    if (!plain || !own || usb.firmware == usb_firmware::other || !is_own_serial(usb.serial)) return;
    must(pattern_matches(*own, name));
    must(!pattern_problem(*own) || usb.mcu.empty());
    // A digit more is another board, with the pattern of today and with that of kalico-flash.
    const std::string longer = std::string(without_interface(name)) + "0-if00";
    must(!pattern_matches(*own, longer));
    if (!usb.serial.ends_with('_') && !usb.serial.ends_with('-')) // "..._*" names a chip: no proof, see judge()
        must(!pattern_matches(std::string(without_interface(name)) + "*", longer));
}

void identity(const std::string& text) {
    std::size_t at = 0;
    const auto word = [&] {
        const auto end = std::min(text.find('\n', at), text.size());
        const std::string part = text.substr(std::min(at, text.size()), end - std::min(at, text.size()));
        at = end + 1;
        return part;
    };
    const auto device_of = [&] {
        device d{word(), {}, "/dev/x", {}};
        d.facts = {.vendor_id = word(),
                   .product_id = word(),
                   .manufacturer = word(),
                   .product = word(),
                   .serial = word(),
                   .port = word()};
        if (auto place = word(); is_place_name(place)) d.place = std::move(place);
        d.usb = d.facts.vendor_id.empty() ? parse_usb_name(d.file_name) : told_by(d.facts);
        return d;
    };
    board b{.key = "b", .name = "b", .mcu = word(), .serial_pattern = word()};
    const auto first = device_of(), second = device_of();
    if (judge(b, first).claim <= claim::unsure) return;
    const auto runs = firmware_on(b, first);
    b = remember(b, first, runs, "2026-01-01");
    if (runs == usb_firmware::other) return;
    // What was learned from a device agrees with that device.
    must(judge(b, first).differs.empty());
    // Another chip number, and nothing that was registered names it: another board, wherever it is plugged in.
    const auto& one = serial_number(first);
    const auto& other = serial_number(second);
    if (is_chip_number(one) && is_chip_number(other) && one != other && firmware_on(b, second) == runs &&
        !pattern_matches(b.serial_pattern, second.file_name))
        must(judge(b, second).claim == claim::none);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
    switch (data[0] % 3) {
    case 0: registry_file(text); break;
    case 1: names(text); break;
    default: identity(text); break;
    }
    return 0;
}
