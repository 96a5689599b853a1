// SPDX-License-Identifier: MIT
#include "../cli/prompt.hpp"
#include "board_fields.hpp"
#include "commands.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

result<void> run(cli::invocation& in) {
    KF_TRY(const auto wanted, board_request_of(in));
    KF_TRY(auto b, open_bench(in));
    KF_TRY(const auto old, board::find(b.registry, in.operands[0]));
    auto changed = old;
    bool given = false;
    for (const char* name : {"name", "mcu", "pattern", "method", "exclude", "include"}) given = given || in.has(name);
    if (given) {
        if (const auto v = in.get("name")) changed.name = *v;
        if (const auto v = in.get("mcu")) changed.mcu = *v;
        if (const auto v = in.get("pattern")) changed.serial_pattern = *v;
        wanted.apply(changed);
    } else {
        KF_TRY(changed.name, cli::ask(in, {"Name", old.name, "--name NAME"}));
        KF_TRY(changed.mcu, cli::ask(in, {"MCU", old.mcu, "--mcu MCU"}));
        KF_TRY(changed.serial_pattern, cli::ask(in, {"Pattern", old.serial_pattern, "--pattern GLOB"}));
        KF_TRY(const auto method, cli::ask(in, {fmt::format("Method ({})", board::flash_method_words("default")),
                                                old.method ? board::name(*old.method) : "default", "--method METHOD"}));
        KF_TRY(changed.method, method_or_default(method));
        KF_TRY(changed.flashable, cli::confirm(in, "May it be flashed?", old.flashable, "--include or --exclude"));
    }
    if (changed.method) KF_CHECK(check_chip(*changed.method, changed));
    // Only what this person changed is changed: another process may have edited the rest meanwhile.
    KF_CHECK(board::update(b.at.registry_file, "kflash edit", [&](board::registry& r) -> result<void> {
        KF_TRY(auto now, board::find(r, old.key));
        if (changed.name != old.name) now.name = changed.name;
        if (changed.mcu != old.mcu) now.mcu = changed.mcu;
        if (changed.serial_pattern != old.serial_pattern) now.serial_pattern = changed.serial_pattern;
        if (changed.method != old.method) now.method = changed.method;
        if (changed.flashable != old.flashable) now.flashable = changed.flashable;
        return board::replace(r, now);
    }));
    tell_method(in, b, changed);
    in.out.result({"edited", fmt::format("{} is saved", changed.name), {{"key", old.key}}});
    return {};
}

} // namespace

cli::command_row edit_command() {
    std::vector<cli::option_row> options{{"name", "NAME", "what you call the board"},
                                         {"mcu", "MCU", "its chip, as in stm32h723"},
                                         {"pattern", "GLOB", "its pattern in /dev/serial/by-id"}};
    const auto shared = board_options();
    options.insert(options.end(), shared.begin(), shared.end());
    return {"edit",
            "BOARD",
            1,
            1,
            "Changes a registered board; without options it asks.",
            std::move(options),
            {{"kflash edit octopus --method make_flash", "a board without Katapult"},
             {"kflash edit beacon --exclude", "shown, never flashed"}},
            run};
}

} // namespace kf::kflash
