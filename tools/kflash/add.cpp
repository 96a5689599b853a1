// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "board_fields.hpp"
#include "commands.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

/// The device that is to be registered: named, or chosen among those that nobody registered yet.
result<board::device> pick_device(cli::invocation& in, const bench& b) {
    KF_TRY(const auto seen, board::scan(b.at.by_id, b.at.sysfs));
    const auto rows = board::classify(b.registry, seen.devices);
    std::vector<board::device> fresh;
    std::vector<std::string> names;
    for (const auto& row : rows) {
        if (!row.device) continue;
        if (const auto wanted = in.get("usb"); wanted && row.device->file_name == *wanted) {
            if (row.state == board::presence::blocked) return kf::fail(errc::refused, *wanted + ": " + row.reason);
            if (row.owner)
                return kf::fail(errc::usage, fmt::format("{} is already registered as {}", *wanted, row.owner->name));
            return *row.device;
        }
        if (row.state != board::presence::new_device) continue;
        fresh.push_back(*row.device);
        names.push_back(fmt::format("{} ({})", row.device->file_name, board::name(row.device->usb.firmware)));
    }
    if (const auto wanted = in.get("usb"))
        return kf::fail(error{errc::not_found, "there is no device " + *wanted, {}, {}, {"kflash list"}});
    if (fresh.empty())
        return kf::fail(error{errc::not_found,
                              "no new board is plugged in",
                              "every device is registered or blocked, or none is there",
                              {},
                              {"plug the board in over USB", "kflash list",
                               "or give all of it: kflash add --name N --mcu M --pattern P"}});
    KF_TRY(const auto index, cli::choose(in, "Which device", names, "--usb NAME"));
    return fresh[index];
}

result<void> run(cli::invocation& in) {
    KF_TRY(const auto wanted, board_request_of(in));
    std::optional<firmware::cached_config> given; // looked at before anything is asked
    if (const auto file = in.get("import")) {
        KF_TRY(given, firmware::read_config_file(*file));
    }
    if (in.has("usb") && in.has("pattern"))
        return kf::fail(errc::usage, "--usb and --pattern both say which device it is: give one of them");
    KF_TRY(auto b, open_bench(in));
    board::board fresh;
    if (in.has("pattern")) {
        fresh.serial_pattern = *in.get("pattern");
    } else {
        KF_TRY(const auto device, pick_device(in, b));
        fresh.serial_pattern = board::pattern_for(device.file_name);
        fresh.mcu = board::mcu_family(device.usb.mcu);
        if (device.usb.firmware == board::usb_firmware::katapult) fresh.seen_as_katapult = today();
    }
    if (const auto name = in.get("name"))
        fresh.name = *name;
    else if (!in.operands.empty())
        fresh.name = in.operands[0];
    else {
        KF_TRY(fresh.name, cli::ask(in, {"Name of the board", fresh.mcu, "--name NAME"}));
    }
    if (const auto mcu = in.get("mcu"))
        fresh.mcu = *mcu;
    else if (in.interactive && !in.json && !in.has("yes")) {
        KF_TRY(fresh.mcu, cli::ask(in, {"Its MCU", fresh.mcu, "--mcu MCU"}));
    }
    if (fresh.mcu.empty()) return kf::fail(errc::needs_person, "the MCU of the board is not known: give --mcu");
    wanted.apply(fresh);
    if (fresh.method) KF_CHECK(check_chip(*fresh.method, fresh));
    if (!fresh.method && !wanted.default_method && !check_chip(b.registry.settings.default_flash_method, fresh)) {
        fresh.method = board::flash_method::make_flash;
        in.out.note(
            fmt::format("its method is {}: for {} there is no Katapult", board::name(*fresh.method), fresh.mcu));
    }
    if (!in.has("exclude") && in.interactive && !in.json && !in.has("yes")) {
        KF_TRY(const bool excluded,
               cli::confirm(in, "Exclude it from flashing (a probe such as Beacon)?", false, "--yes"));
        fresh.flashable = !excluded;
    }
    std::optional<imported_config> config;
    if (given) {
        KF_TRY(config, import_config(in, b, fresh, *given));
    }
    std::string key;
    KF_CHECK(board::update(b.at.registry_file, "kflash add", [&](board::registry& r) -> result<void> {
        KF_TRY(key, board::add(r, fresh));
        return {};
    }));
    if (config) KF_CHECK(b.configs.store(key, std::move(config->text)));
    fresh.key = key;
    tell_method(in, b, fresh);
    in.out.result({"added",
                   fmt::format("{} is registered as {}", fresh.name, key),
                   {{"key", key}, {"name", fresh.name}, {"mcu", fresh.mcu}, {"serial_pattern", fresh.serial_pattern}}});
    if (!b.configs.has(key)) in.out.note(fmt::format("next: kflash config {0}, then kflash flash {0}", key));
    return {};
}

} // namespace

cli::command_row add_command() {
    std::vector<cli::option_row> options{
        {"usb", "NAME", "the device, as kflash list shows it"},
        {"name", "NAME", "what you call the board"},
        {"mcu", "MCU", "its chip, as in stm32h723"},
        {"pattern", "GLOB", "its pattern in /dev/serial/by-id"},
        {"import", "FILE", "take this .config as its configuration"},
        {"yes,y", "", "take the proposed answers"},
    };
    const auto shared = board_options();
    options.insert(options.end(), shared.begin(), shared.end());
    return {"add",
            "[NAME]",
            0,
            1,
            "Registers a board that is plugged in.",
            std::move(options),
            {{"kflash add", "asks what it needs to know"},
             {"kflash add --usb usb-Klipper_rp2040_E66-if00 --name pico --yes", "asks nothing"}},
            run};
}

} // namespace kf::kflash
