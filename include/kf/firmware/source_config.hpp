// SPDX-License-Identifier: MIT
#pragma once
/// A board's .config as its source tree understands it. A .config may be two lines long, or older than the tree: chip,
/// start address and kind of image are facts only after olddefconfig has filled in what follows from what was chosen.
/// That happens on a copy: make would rewrite the cached one in silence.

#include <kf/firmware/config_cache.hpp>
#include <kf/firmware/make.hpp>
#include <kf/io/file_lock.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::firmware {

struct source_config {
    std::string text = {}; ///< what is built
    kconfig config = {};
    std::vector<symbol_change> drift = {}; ///< what olddefconfig made of the cached one
};

/// The build would be of another chip, or linked to another place, than the person chose: an option that this tree
/// does not have falls back to its default.
[[nodiscard]] inline result<void> check_drift(const kconfig& cached, const kconfig& fresh) {
    const auto refuse = [](std::string cause) {
        return kf::fail(error{errc::mismatch,
                              "the firmware's source does not have the options of this configuration",
                              std::move(cause),
                              {},
                              {"if it is of another program, or of another source tree, take that one's",
                               "or choose the options again: kflash config NAME"}});
    };
    const auto hex = [](std::optional<std::uint64_t> v) { return v ? fmt::format("0x{:x}", *v) : "none"; };
    // Before the name of the chip: of a text that has no more than such lines, the name is the default board's.
    for (const auto& chosen : cached.chosen_machines())
        if (!fresh.enabled(chosen))
            return refuse(fmt::format("it drops CONFIG_{}, by which the chip was chosen", chosen));
    if (cached.mcu() && cached.mcu() != fresh.mcu())
        return refuse(fmt::format("the chip would become {}, was {}", fresh.mcu().value_or("none"), *cached.mcu()));
    if (cached.application_start() && cached.application_start() != fresh.application_start())
        return refuse(fmt::format("the application start would become {}, was {}", hex(fresh.application_start()),
                                  hex(cached.application_start())));
    if (fresh.mcu()) return {};
    return refuse("it names no MCU for it");
}

/// What complete() runs.
[[nodiscard]] inline io::command complete_command(const build_site& site) {
    // With an OUT of its own: the real one would lose its dependency files.
    return detail::make_command(site, {"olddefconfig"}, site.dir / "refreshed.config", site.dir / "kconfig-out");
}

/// olddefconfig on a copy in `site.dir`, which has to be ours alone meanwhile. Errors: not_found (no source tree),
/// build_failed, timeout, mismatch (check_drift).
template<io::process_runner R>
[[nodiscard]] result<source_config> complete(R& runner, const build_site& site, const cached_config& cached,
                                             seconds deadline) {
    KF_CHECK(detail::check_site(site));
    const fs::path copy = site.dir / "refreshed.config";
    KF_CHECK(io::write_file(copy, plain_text(cached.text)));
    io::line_tail tail;
    KF_CHECK(detail::run_make(runner, site, complete_command(site), deadline, tail,
                              "the board's options could not be brought up to date"));
    KF_TRY(auto text, io::read_file(copy));
    KF_TRY(auto config, kconfig::parse(text));
    KF_CHECK(check_drift(cached.config, config));
    source_config whole{std::move(text), std::move(config), {}};
    whole.drift = diff(cached.config, whole.config);
    return whole;
}

struct menuconfig_outcome {
    bool saved = false;    ///< the person saved something that differs from what was there
    std::string text = {}; ///< what there is now
};

/// Opens menuconfig on a copy, with our terminal. `text`: the cached .config, empty for a new board. Nothing is cached
/// here: the caller checks what came back, then stores it.
template<io::process_runner R>
[[nodiscard]] result<menuconfig_outcome> menuconfig(R& runner, const build_site& site, std::string_view text) {
    KF_CHECK(detail::check_site(site));
    KF_TRY(const auto lock, io::file_lock::take(site.dir / "lock", site.who));
    // For a new board the file is there but empty: make would fill a missing one with the default board's options, and
    // then nobody could tell whether a person saved them.
    const fs::path copy = site.dir / "menuconfig.config";
    KF_CHECK(io::write_file(copy, text));
    auto c = detail::make_command(site, {"menuconfig"}, copy, site.dir / "kconfig-out");
    c.on_terminal = true;
    KF_TRY(const auto ran, runner.run(c, {}, {}));
    if (ran.status != 0)
        return kf::fail(error{errc::build_failed,
                              "menuconfig did not end well",
                              "it needs a terminal of at least 80x24 and Python's curses",
                              io::to_string(c),
                              {"read what it printed above", "run this again in a larger terminal"}});
    KF_TRY(auto now, io::read_file(copy));
    const bool saved = now != text;
    return menuconfig_outcome{saved, std::move(now)};
}

} // namespace kf::firmware
