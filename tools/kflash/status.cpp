// SPDX-License-Identifier: MIT
#include "history.hpp"
#include "kflash_commands.hpp"
#include "needs.hpp"
#include "owed.hpp"

#include <kf/firmware/git_version.hpp>
#include <kf/host/print_guard.hpp>
#include <kf/host/service_manager.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

namespace kf::kflash {
namespace {

constexpr auto status_patience = std::chrono::seconds(2); // a person waits, for each of them

std::string service_words(const std::vector<host::unit_state>& units) {
    std::vector<std::string> words;
    for (const auto& u : units) words.push_back(fmt::format("{} {}", u.id, u.runs() ? "runs" : "is " + u.active));
    return words.empty() ? "none runs klippy" : fmt::format("{}", fmt::join(words, ", "));
}

std::string klippy_words(const workplace& at, const std::vector<host::unit_state>& units) {
    const auto found = host::survey_klippys(at.proc, units);
    if (!found) return found.error().what;
    std::vector<std::string> words;
    for (const auto& sight : host::look_at_printers(*found, status_patience)) {
        if (!sight.activity) {
            words.push_back(sight.instance.socket.empty() ? "has no API socket" : sight.activity.error().what);
            continue;
        }
        const auto why = host::objection_to_stop(*sight.activity);
        words.push_back(why ? why->reason : sight.activity->state);
    }
    return words.empty() ? "none runs" : fmt::format("{}", fmt::join(words, ", "));
}

std::string moonraker_words(const workplace& at) {
    if (!at.moonraker) return "not asked";
    const auto word = at.moonraker(status_patience);
    if (!word) return word.error().what;
    return word->state.empty() ? "it does not say what klippy does" : "klippy is " + word->state;
}

/// How the last flash ended.
std::string last_words(const flash::ledger& all) {
    if (all.entries.empty()) return "nothing was flashed yet";
    const auto& e = all.entries.back();
    const auto how = e.result == flash::begun       ? "begun, and not at its end"
                     : e.verified()                 ? "verified, " + e.version
                     : e.what.empty()               ? e.result
                     : e.what.starts_with(e.result) ? e.what
                                                    : fmt::format("{}, {}", e.result, e.what);
    return fmt::format("{} {}: {}", e.time, e.board, how);
}

result<void> run_status(cli::invocation& in) {
    KF_TRY(const auto b, open_boards(in));
    auto runner = make_runner(in);
    const auto version =
        firmware::describe_tree(runner, b.klipper_dir(), b.at.build_as, b.registry.settings.git_timeout);
    host::systemd manager(runner, b.at.systemctl, b.at.service_timeout);
    const auto units = manager.klippy_units();
    const auto known = units.value_or(std::vector<host::unit_state>{});
    KF_TRY(const auto flashed, open_ledger(in, b.at));
    flash::need_survey sources;
    sources.host_version = version;
    const auto cell = [](const std::string& text) { return scrubbed(text, " "); };
    const std::string rows[] = {cell(host_text(sources, b)), cell(units ? service_words(known) : units.error().what),
                                cell(klippy_words(b.at, known)), cell(moonraker_words(b.at)),
                                cell(last_words(flashed))};
    in.out.result({"host_status",
                   fmt::format("sources    {}\nservice    {}\nklippy     {}\nMoonraker  {}\nlast flash {}", rows[0],
                               rows[1], rows[2], rows[3], rows[4]),
                   {{"sources", rows[0]},
                    {"service", rows[1]},
                    {"klippy", rows[2]},
                    {"moonraker", rows[3]},
                    {"last_flash", rows[4]}}});
    return {};
}

} // namespace

cli::command_row status_command() {
    return {"status",
            "",
            0,
            0,
            "Shows the sources, the service, klippy, Moonraker and the last flash.",
            {},
            {{"kflash status", "what the menu shows above its boards"}},
            run_status};
}

} // namespace kf::kflash
