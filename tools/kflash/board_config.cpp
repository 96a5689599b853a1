// SPDX-License-Identifier: MIT
#include "board_config.hpp"

#include "../cli/number.hpp"

#include <kf/firmware/chip_choice.hpp>

#include <fmt/format.h>

namespace kf::kflash {
result<board::flash_method> method_from(const std::string& word, std::string_view more) {
    if (const auto method = board::flash_method_from(word)) return *method;
    error e{errc::usage, fmt::format("there is no method \"{}\": {}", word, board::flash_method_words(more))};
    for (const auto& row : board::flash_methods) e.steps.push_back(fmt::format("{}: {}", row.name, row.purpose));
    return kf::fail(std::move(e));
}

std::vector<cli::option_row> build_options() {
    return {{"device,d", "BOARD", "the board"},
            {"skip-menuconfig,s", "", "use the cached configuration without menuconfig"},
            {"jobs,j", "N", "compilers at once (all cores)"},
            {"build-timeout", "S", "seconds that the build may take (300)"},
            {"git-timeout", "S", "seconds that git may take to tell the version of the sources (5)"}};
}

result<build_request> build_request_of(const cli::invocation& in) {
    build_request r;
    r.menuconfig = !in.has("skip-menuconfig") && !in.has("dry-run") && in.interactive && !in.json;
    KF_TRY(r.wishes.jobs, cli::count_option(in, "jobs", 0, 0, 1024));
    const auto limit = [&](const char* name, std::optional<seconds>& to, seconds most) -> result<void> {
        if (!in.has(name)) return {};
        KF_TRY(to, cli::number_option(in, name, 0, board::min_timeout, most));
        return {};
    };
    KF_CHECK(limit("build-timeout", r.wishes.build_timeout, board::max_build_timeout));
    KF_CHECK(limit("git-timeout", r.wishes.git_timeout, board::max_git_timeout));
    if (const auto text = in.get("method")) {
        KF_TRY(r.wishes.method, method_from(*text));
    }
    return r;
}

result<void> menuconfig_needs_a_terminal(std::string instead) {
    return kf::fail(
        error{errc::needs_person, "menuconfig needs a terminal", {}, {}, {"or take a file: " + std::move(instead)}});
}

result<std::optional<firmware::cached_config>> choose_config(cli::invocation& in, const known_boards& b,
                                                             const board::board& board, const std::string& before) {
    // Not cached unless the person saves it: only the chip is known, not the bootloader nor the wires.
    const auto chip =
        before.empty() ? firmware::chip_choice(b.at.klipper_dir(b.registry.settings), board.mcu) : std::string();
    auto runner = make_runner(in);
    in.out.step(phase::config, chip.empty() ? "menuconfig" : fmt::format("menuconfig for {}", board.mcu));
    KF_TRY(auto edited, firmware::menuconfig(runner, flash::site_of(b.at, b.registry.settings, board, "kflash config"),
                                             before.empty() ? chip : before));
    if (!edited.saved) {
        in.out.step(phase::config, before.empty() ? "nothing was saved" : "nothing was changed");
        return std::nullopt;
    }
    KF_TRY(auto given, firmware::read_config(std::move(edited.text), b.configs.path(board.key)));
    KF_CHECK(check_config_mcu(board, given.config));
    return given;
}

result<void> edit_config(cli::invocation& in, const known_boards& b, const board::board& board) {
    if (!in.interactive) {
        auto refused = menuconfig_needs_a_terminal(fmt::format("kflash config {} --import FILE", board.key)).error();
        refused.steps.insert(refused.steps.begin(),
                             fmt::format("use the cached configuration: kflash flash {} --skip-menuconfig", board.key));
        return kf::fail(std::move(refused));
    }
    std::string before;
    if (const auto cached = b.configs.load(board.key))
        before = cached->text;
    else if (cached.error().code != errc::not_found)
        in.out.warn(cached.error().what);
    KF_TRY(const auto chosen, choose_config(in, b, board, before));
    if (!chosen) return {};
    KF_CHECK(keep_config(in, b, board, chosen->text));
    in.out.step(phase::config, fmt::format("saved as {}", b.configs.path(board.key).string()));
    return {};
}

result<void> keep_config(cli::invocation& in, const known_boards& b, const board::board& board, std::string text) {
    const auto shared = b.configs.shared_with(board.key);
    KF_CHECK(b.configs.store(board.key, std::move(text)));
    if (shared) in.out.note(fmt::format("{} has a configuration of its own now, not that of {}", board.name, *shared));
    return {};
}

result<firmware::source_config> complete_config(cli::invocation& in, const known_boards& b,
                                                const firmware::cached_config& cached, seconds deadline) {
    auto runner = make_runner(in);
    return flash::complete_config(runner, b.at, b.klipper_dir(), cached, deadline);
}

result<imported_config> import_config(cli::invocation& in, const known_boards& b, const board::board& board,
                                      const firmware::cached_config& given) {
    auto whole = complete_config(in, b, given, b.registry.settings.build_timeout);
    if (!whole && (whole.error().code == errc::mismatch || whole.error().code == errc::interrupted))
        return kf::fail(std::move(whole).error());
    if (!whole && !given.config.mcu())
        return kf::fail(error{errc::malformed, "this configuration names no MCU",
                              "a source tree has to complete it, and " + whole.error().what, whole.error().command,
                              whole.error().steps, whole.error().output});
    if (!whole) in.out.warn("nothing but its own text is known of this configuration: " + whole.error().what);
    KF_CHECK(check_config_mcu(board, whole ? whole->config : given.config));
    imported_config imported{given.config.mcu() ? given.text : whole->text, {}};
    if (whole) imported.whole = std::move(*whole);
    return imported;
}

} // namespace kf::kflash
