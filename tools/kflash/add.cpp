// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "board_fields.hpp"
#include "kflash_commands.hpp"
#include "device_choice.hpp"
#include "prepare.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

/// A person is there and wants to be asked.
bool asks(const cli::invocation& in) { return in.interactive && !in.json && !in.has("yes"); }

/// Asks until `check(answer)` has no error: a wrong answer costs that answer and no other one.
template<class Check>
result<std::string> ask_until(cli::invocation& in, const cli::question& q, Check&& check) {
    constexpr int tries = 5;
    for (int i = 1;; ++i) {
        KF_TRY(auto answer, cli::ask(in, q));
        const result<void> good = check(answer);
        if (good) return answer;
        if (i == tries) return kf::fail(good.error());
        in.out.warn(good.error().what + (good.error().cause.empty() ? "" : ": " + good.error().cause));
    }
}

/// The device that is to be registered: named, the only new one, or chosen among those that nobody registered yet.
result<board::device> pick_device(cli::invocation& in, const known_boards& b) {
    KF_TRY(const auto seen, board::scan(b.at.devices));
    const auto rows = board::classify(b.registry, seen.devices);
    if (const auto wanted = in.get("usb")) {
        KF_TRY(const auto device, find_device(seen.devices, *wanted));
        for (const auto& row : rows) {
            if (!row.device || !board::same_device(*row.device, device)) continue;
            if (row.state == board::presence::blocked) return kf::fail(errc::refused, *wanted + ": " + row.reason);
            if (row.state == board::presence::registered)
                return kf::fail(errc::usage, fmt::format("{} is already registered as {}", *wanted, row.owner->name));
        }
        return device;
    }
    std::vector<board::device> fresh;
    std::vector<std::string> names;
    for (const auto& row : rows) {
        if (!row.device || row.state != board::presence::new_device) continue;
        fresh.push_back(*row.device);
        const auto& port = row.device->facts.port;
        names.push_back(fmt::format("{} ({}{}{})", row.device->file_name, board::name(row.device->usb.firmware),
                                    port.empty() ? "" : ", port ", port));
    }
    if (fresh.empty())
        return kf::fail(error{errc::not_found,
                              "no new board is plugged in",
                              "every device is registered or blocked, or none is there",
                              {},
                              {"plug the board in over USB", "kflash list",
                               "or give all of it: kflash add --name N --mcu M --pattern P"}});
    KF_TRY(const auto index, cli::choose(in, "Which device", names, "--usb NAME"));
    if (names.size() == 1) in.out.step(phase::discovery, "the new device is " + names.front());
    return fresh[index];
}

/// The name is good and nobody else's.
result<void> check_name(const known_boards& b, const std::string& name) {
    auto r = b.registry;
    KF_TRY(const auto unused, board::add(r, {.name = name, .mcu = "none", .serial_pattern = "none"}));
    (void)unused;
    return {};
}

result<void> check_mcu(const board::device* device, const std::string& mcu) {
    if (mcu.empty()) return kf::fail(errc::needs_person, "the MCU of the board is not known: give --mcu");
    const board::board probe{.key = "k", .name = "n", .mcu = mcu, .serial_pattern = "p"};
    if (const auto p = board::problem(probe)) return kf::fail(errc::usage, "the board's " + p->field + " " + p->what);
    if (device != nullptr && !device->usb.mcu.empty() && !board::mcu_matches(mcu, device->usb.mcu))
        return kf::fail(errc::mismatch, fmt::format("the device says that it is {}", device->usb.mcu));
    return {};
}

/// "board", "board-2" ...: a name that the person can type, not the chip of half the boards on a printer.
std::string free_name(const known_boards& b) {
    return board::unique_slug("board", [&](const std::string& name) { return !check_name(b, name); });
}

/// A configuration that the person has: --import, or the one of the source tree, offered when it is for this chip.
result<std::string> find_config(cli::invocation& in, const known_boards& b, const board::board& fresh,
                                const std::optional<firmware::cached_config>& given) {
    if (given) {
        KF_TRY(auto imported, import_config(in, b, fresh, *given));
        return std::move(imported.text);
    }
    const auto own = b.klipper_dir() / ".config";
    if (!asks(in)) return std::string{};
    const auto found = firmware::read_config_file(own);
    if (!found || !check_config_mcu(fresh, found->config)) return std::string{};
    KF_TRY(const bool take,
           cli::confirm(in, fmt::format("Take {} as its configuration?", own.string()), true, "--import FILE"));
    return take ? found->text : std::string{};
}

/// Whether the board has Katapult decides how it is flashed. It is asked only when nothing tells it.
result<void> ask_for_katapult(cli::invocation& in, board::board& fresh, const std::string& config) {
    if (!asks(in) || fresh.seen_as_katapult || fresh.method || in.has("method") || !fresh.flashable) return {};
    if (const auto parsed = firmware::kconfig::parse(config); parsed && !parsed->empty()) {
        if (parsed->at_flash_base() || !parsed->has_vector_table()) fresh.method = board::method_without_katapult();
        return {};
    }
    KF_TRY(const bool has, cli::confirm(in, "Does it have the Katapult bootloader?", true, "--method METHOD"));
    if (!has) fresh.method = board::method_without_katapult();
    return {};
}

result<void> run_add(cli::invocation& in) {
    KF_TRY(const auto wanted, board_request_of(in));
    std::optional<firmware::cached_config> given; // looked at before anything is asked
    if (const auto file = in.get("import")) {
        KF_TRY(given, firmware::read_config_file(*file));
    }
    if (in.has("usb") && in.has("pattern"))
        return kf::fail(errc::usage, "--usb and --pattern both say which device it is: give one of them");
    KF_TRY(auto b, open_boards(in));
    board::board fresh;
    std::optional<board::device> device;
    if (in.has("pattern")) {
        fresh.serial_pattern = *in.get("pattern");
    } else {
        KF_TRY(device, pick_device(in, b));
        KF_CHECK(name_by(fresh, *device));
        fresh.mcu = board::mcu_family(device->usb.mcu);
        fresh = board::remember(fresh, *device, device->usb.firmware, today());
        if (board::is_place_name(fresh.serial_pattern))
            in.out.note(fmt::format("{}: it is known by its USB port {}, leave it plugged in there",
                                    board::unsure_because(*device), device->facts.port));
    }
    if (const auto name = in.get("name"))
        fresh.name = *name;
    else if (!in.operands.empty())
        fresh.name = in.operands[0];
    else {
        KF_TRY(fresh.name, ask_until(in, {"Name of the board", free_name(b), "--name NAME"},
                                     [&](const std::string& answer) { return check_name(b, answer); }));
    }
    const auto* known = device ? &*device : nullptr;
    if (const auto mcu = in.get("mcu"))
        fresh.mcu = *mcu;
    else if (asks(in)) {
        KF_TRY(fresh.mcu, ask_until(in, {"Its MCU", fresh.mcu, "--mcu MCU"},
                                    [&](const std::string& answer) { return check_mcu(known, answer); }));
    }
    KF_CHECK(check_mcu(known, fresh.mcu));
    wanted.apply(fresh);
    if (fresh.method) KF_CHECK(check_chip(*fresh.method, fresh));
    if (!fresh.method && !wanted.default_method && !check_chip(b.registry.settings.default_flash_method, fresh)) {
        fresh.method = board::method_without_katapult();
        in.out.note(
            fmt::format("its method is {}: for {} there is no Katapult", board::name(*fresh.method), fresh.mcu));
    }
    if (!device) {
        if (const auto p = board::problem(
                board::board{.key = "k", .name = "n", .mcu = "m", .serial_pattern = fresh.serial_pattern}))
            return kf::fail(errc::usage, "the board's " + p->field + " " + p->what);
    }
    KF_CHECK(check_pattern(b, fresh));
    if (!in.has("exclude") && asks(in)) {
        KF_TRY(const bool excluded,
               cli::confirm(in, "Exclude it from flashing (a probe such as Beacon)?", false, "--yes"));
        fresh.flashable = !excluded;
    }
    KF_TRY(std::string config, find_config(in, b, fresh, given)); // looked at before the board is registered
    KF_CHECK(ask_for_katapult(in, fresh, config));
    std::string key;
    KF_CHECK(board::update(b.at.registry_file, "kflash add", [&](board::registry& r) -> result<void> {
        KF_TRY(key, board::add(r, fresh));
        return {};
    }));
    if (!config.empty()) KF_CHECK(b.configs.store(key, std::move(config)));
    fresh.key = key;
    tell_method(in, b, fresh);
    in.out.result({"added",
                   fmt::format("{} is registered as {}", fresh.name, key),
                   {{"key", key},
                    {"name", fresh.name},
                    {"mcu", fresh.mcu},
                    {"serial_pattern", fresh.serial_pattern},
                    {"port", fresh.usb_port}}});
    if (!b.configs.has(key) && fresh.flashable && asks(in)) {
        KF_TRY(const bool now, cli::confirm(in, "Configure its firmware now (menuconfig)?", true, "--import FILE"));
        fresh.key = key;
        if (now) KF_CHECK(edit_config(in, b, fresh));
    }
    in.out.note(b.configs.has(key) ? fmt::format("next: kflash flash {}", key)
                                   : fmt::format("next: kflash config {0}, then kflash flash {0}", key));
    return {};
}

} // namespace

cli::command_row add_command() {
    std::vector<cli::option_row> options{
        {"usb", "DEVICE", "the device, or its USB port, as kflash list shows it"},
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
             {"kflash add --usb usb-Klipper_rp2040_E66-if00 --name pico --yes", "asks nothing"},
             {"kflash add toolhead --usb 1-1.4", "the board at that USB port"}},
            run_add};
}

} // namespace kf::kflash
