// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "board_config.hpp"
#include "board_fields.hpp"
#include "device_choice.hpp"
#include "kflash_commands.hpp"
#include "registration_sight.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

/// A person is there and wants to be asked.
bool asks(const cli::invocation& in) { return in.can_ask() && !in.has("yes"); }

/// What argv says is not asked.
result<void> take_options(const cli::invocation& in, menu::registration& wizard, const board_request& wanted) {
    if (const auto pattern = in.get("pattern")) wizard.take_pattern(*pattern);
    const auto name = in.get("name");
    if (name || !in.operands.empty()) KF_CHECK(wizard.take_name(name ? *name : in.operands[0]));
    if (const auto mcu = in.get("mcu")) KF_CHECK(wizard.take_mcu(*mcu));
    if (wanted.method || wanted.default_method) wizard.take_method(wanted.method);
    if (wanted.flashable) wizard.take_excluded(!*wanted.flashable);
    if (in.has("menuconfig")) wizard.take_menuconfig();
    return {};
}

void show_summary(cli::invocation& in, const menu::registration& wizard) {
    for (const auto& [what, is] : wizard.summary()) in.out.note(fmt::format("{:<14} {}", what + ":", is));
}

/// One answer; a wrong one costs itself and no other.
result<void> ask_open(cli::invocation& in, menu::registration& wizard, const menu::wizard_question& q) {
    if (q.what == menu::about::summary) show_summary(in, wizard);
    KF_TRY(const auto said, cli::ask(in, {q.text, q.usual, q.flag, q.choices}));
    const auto good = wizard.answer(said);
    if (good) return {};
    if (good.error().code == errc::interrupted) return good;
    in.out.warn(good.error().what + (good.error().cause.empty() ? "" : ": " + good.error().cause));
    return {};
}

/// Until nothing is open any more.
result<void> ask_all(cli::invocation& in, menu::registration& wizard) {
    auto import = in.get("import");
    for (;;) {
        const auto q = wizard.question();
        const bool chip_is_known = !q || q->what > menu::about::mcu;
        if (chip_is_known && import)
            KF_CHECK(wizard.take_file(*std::exchange(import, std::nullopt)));
        else if (!q)
            return {};
        else if (asks(in) || q->what < menu::about::mcu)
            KF_CHECK(ask_open(in, wizard, *q));
        else if (!chip_is_known)
            KF_CHECK(wizard.answer({}));
        else
            wizard.pass();
    }
}

/// The configuration that it is registered with; empty: none yet.
result<std::string> make_config(cli::invocation& in, const known_boards& b, menu::registration& wizard) {
    auto fresh = wizard.board();
    if (wizard.config() == menu::config_from::file) {
        KF_TRY(const auto given, firmware::read_config_file(wizard.file()));
        KF_TRY(auto imported, import_config(in, b, fresh, given));
        if (imported.whole) wizard.judge_katapult(imported.whole->config);
        return std::move(imported.text);
    }
    if (wizard.config() != menu::config_from::menuconfig) return std::string{};
    fresh.key = board::unique_slug(fresh.name, [&](const std::string& key) { return b.configs.has(key); });
    KF_TRY(const auto chosen, choose_config(in, b, fresh, {}));
    if (!chosen) return std::string{};
    wizard.judge_katapult(chosen->config);
    return chosen->text;
}

/// All that the answers say, in one write.
result<void> register_board(cli::invocation& in, const known_boards& b, menu::registration& wizard) {
    KF_TRY(const auto config, make_config(in, b, wizard));
    auto fresh = wizard.board();
    if (fresh.method) KF_CHECK(check_chip(*fresh.method, fresh));
    if (!in.has("method") && fresh.method && board::is_avr(fresh.mcu))
        in.out.note(
            fmt::format("its method is {}: for {} there is no Katapult", board::name(*fresh.method), fresh.mcu));
    bool stored = false;
    const auto written = board::update(b.at.registry_file, "kflash add", [&](board::registry& r) -> result<void> {
        KF_TRY(fresh.key, board::add(r, wizard.board()));
        if (config.empty()) return {};
        KF_CHECK(b.configs.store(fresh.key, config));
        stored = true;
        return {};
    });
    if (!written) { // no board that comes later inherits it
        if (stored) (void)b.configs.remove(fresh.key);
        return kf::fail(written.error());
    }
    tell_method(in, b, fresh);
    in.out.result({"added",
                   fmt::format("{} is registered as {}", fresh.name, fresh.key),
                   {{"key", fresh.key},
                    {"name", fresh.name},
                    {"mcu", fresh.mcu},
                    {"serial_pattern", fresh.serial_pattern},
                    {"port", fresh.usb_port}}});
    in.out.note(b.configs.has(fresh.key) ? fmt::format("next: kflash flash {}", fresh.key)
                                         : fmt::format("next: kflash config {0}, then kflash flash {0}", fresh.key));
    return {};
}

result<void> run_add(cli::invocation& in) {
    KF_TRY(const auto wanted, board_request_of(in));
    if (const auto file = in.get("import")) KF_CHECK(firmware::read_config_file(*file)); // before anything is asked
    if (in.has("usb") && in.has("pattern"))
        return kf::fail(errc::usage, "--usb and --pattern both say which device it is: give one of them");
    if (in.has("import") && in.has("menuconfig"))
        return kf::fail(errc::usage, "--import and --menuconfig both say which configuration: give one of them");
    if (in.has("menuconfig") && !in.interactive) return menuconfig_needs_a_terminal("kflash add --import FILE");
    KF_TRY(auto b, open_boards(in));
    menu::registration_view view{.registry = b.registry, .home = b.at.home, .read_config = read_named_config};
    if (!in.has("pattern")) {
        KF_TRY(view, look_for_new_boards(b, in.get("usb")));
    }
    menu::registration wizard(std::move(view));
    if (wizard.device() && !in.has("usb"))
        in.out.step(phase::discovery, "the new device is " + menu::label_of(*wizard.device()));
    KF_CHECK(take_options(in, wizard, wanted));
    KF_CHECK(ask_all(in, wizard));
    if (!wizard.note().empty()) in.out.note(wizard.note());
    if (in.has("pattern")) {
        if (const auto p = board::problem(
                board::board{.key = "k", .name = "n", .mcu = "m", .serial_pattern = wizard.board().serial_pattern}))
            return kf::fail(errc::usage, "the board's " + p->field + " " + p->what);
    }
    KF_CHECK(check_pattern(b, wizard.board()));
    return register_board(in, b, wizard);
}

} // namespace

cli::command_row add_command() {
    std::vector<cli::option_row> options{
        {"usb", "DEVICE", "the device, or its USB port, as kflash list shows it"},
        {"name", "NAME", "what you call the board"},
        {"mcu", "MCU", "its chip, as in stm32h723"},
        {"pattern", "GLOB", "its pattern in /dev/serial/by-id"},
        {"import", "FILE", "take this .config as its configuration"},
        {"menuconfig", "", "open menuconfig for its chip, and register it then"},
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
