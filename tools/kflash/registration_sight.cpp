// SPDX-License-Identifier: MIT
#include "registration_sight.hpp"

#include "board_fields.hpp"
#include "device_choice.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

menu::new_device as_new(const board::device& d) {
    board::board named;
    if (auto told = name_by(named, d); !told) return {d, kf::fail(std::move(told).error())};
    named = board::remember(std::move(named), d, d.usb.firmware, today());
    std::string note;
    if (board::is_place_name(named.serial_pattern))
        note = fmt::format("{}: it is known by its USB port {}, leave it plugged in there", board::unsure_because(d),
                           d.facts.port);
    return {d, std::move(named), std::move(note)};
}

result<board::device> named_device(const board::scan_result& seen, const std::vector<board::sighting>& rows,
                                   const std::string& wanted) {
    KF_TRY(auto device, find_device(seen.devices, wanted));
    for (const auto& row : rows) {
        if (!row.device || !board::same_device(*row.device, device)) continue;
        if (row.state == board::presence::blocked) return kf::fail(errc::refused, wanted + ": " + row.reason);
        if (row.state == board::presence::registered)
            return kf::fail(errc::usage, fmt::format("{} is already registered as {}", wanted, row.owner->name));
    }
    return device;
}

} // namespace

result<menu::registration_view> look_for_new_boards(const known_boards& b, const std::optional<std::string>& wanted) {
    menu::registration_view view{.registry = b.registry, .home = b.at.home};
    KF_TRY(const auto seen, board::scan(b.at.devices));
    const auto rows = board::classify(b.registry, seen.devices);
    if (wanted) {
        KF_TRY(const auto device, named_device(seen, rows, *wanted));
        view.devices.push_back(as_new(device));
        KF_CHECK(view.devices.front().as);
    } else {
        for (const auto& row : rows)
            if (row.device && row.state == board::presence::new_device) view.devices.push_back(as_new(*row.device));
        if (view.devices.empty())
            return kf::fail(error{errc::not_found,
                                  "no new board is plugged in",
                                  "every device is registered or blocked, or none is there",
                                  {},
                                  {"plug the board in over USB", "kflash list",
                                   "or give all of it: kflash add --name N --mcu M --pattern P"}});
    }
    view.own_file = b.klipper_dir() / ".config";
    if (auto own = firmware::read_config_file(view.own_file)) view.own_config = std::move(own->config);
    view.read_config = read_named_config;
    return view;
}

result<firmware::cached_config> read_named_config(const fs::path& file) {
    std::error_code ec;
    if (const auto is = fs::status(file, ec); fs::exists(is) && !fs::is_regular_file(is) && !fs::is_directory(is))
        return kf::fail(errc::usage, file.string() + " is no regular file: it would be empty when it is read again");
    return firmware::read_config_file(file);
}

} // namespace kf::kflash
