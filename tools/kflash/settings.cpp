// SPDX-License-Identifier: MIT
#include "board_config.hpp"
#include "kflash_commands.hpp"
#include "setting_check.hpp"

#include <kf/moonraker/http.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace kf::kflash {
namespace {

result<void> check_folder(const fs::path& home, const std::string& dir, const char* must_have) {
    std::error_code ec;
    const auto path = io::expand_home(dir, home);
    if (!fs::is_directory(path, ec))
        return kf::fail(error{errc::not_found, fmt::format("there is no folder {}", path.string()),
                              "its name may be mistyped, or the sources are not there yet"});
    if (!fs::exists(path / must_have, ec))
        return kf::fail(error{errc::not_found, fmt::format("{} has no {}", path.string(), must_have),
                              "it is another folder than that of the sources"});
    return {};
}

/// What a value is without a look at this machine: the same for argv and for a text field.
result<std::string> as_kept(const board::setting_row& row, const std::string& text) {
    using enum board::setting_kind;
    if (row.kind == method) KF_CHECK(method_from(text));
    if (row.kind == url && text != "none") KF_CHECK(moonraker::http_address_from(text));
    // A later run may start in another folder.
    if (row.kind == folder && !text.empty() && !text.starts_with('~'))
        return fs::absolute(text).lexically_normal().string();
    return text;
}

using setting_change = std::pair<const board::setting_row*, std::string>;

/// What the command line sets, checked before anything else happens; folders are looked at when it is known whose home
/// counts.
result<std::vector<setting_change>> settings_request_of(const cli::invocation& in) {
    std::vector<setting_change> request;
    board::flash_settings scratch;
    for (const auto& row : board::setting_rows) {
        if (!in.has(row.option)) continue;
        KF_TRY(auto text, as_kept(row, in.get(row.option).value_or("")));
        KF_CHECK(board::set(row, scratch, text));
        request.emplace_back(&row, std::move(text));
    }
    return request;
}

result<void> run_settings(cli::invocation& in) {
    KF_TRY(const auto request, settings_request_of(in));
    KF_TRY(auto b, open_boards(in));
    if (!request.empty()) {
        KF_TRY(b.registry,
               board::update(b.at.registry_file, "kflash settings", [&](board::registry& r) -> result<void> {
                   for (const auto& [row, text] : request) KF_CHECK(take_setting(b.at.home, *row, r.settings, text));
                   return {};
               }));
    }
    const auto& s = b.registry.settings;
    record shown{"settings", {}};
    for (const auto& row : board::setting_rows) {
        shown.text += fmt::format("{:<23} {}\n", row.option, board::text_of(row, s));
        if (row.kind == board::setting_kind::secret)
            shown.fields.push_back({std::string(row.field) + "_set", !s.moonraker_api_key.empty()});
        else
            shown.fields.push_back({row.field, board::value_of(row, s)});
    }
    shown.text += fmt::format("{:<23} {}", "registry", b.at.registry_file.string());
    shown.fields.push_back({"registry", b.at.registry_file.string()});
    in.out.result(shown);
    return {};
}

} // namespace

result<void> take_setting(const fs::path& home, const board::setting_row& row, board::flash_settings& s,
                          const std::string& text) {
    KF_TRY(const auto kept, as_kept(row, text));
    auto changed = s;
    KF_CHECK(board::set(row, changed, kept));
    if (row.kind == board::setting_kind::folder) KF_CHECK(check_folder(home, kept, row.holds));
    s = std::move(changed);
    return {};
}

cli::command_row settings_command() {
    static const std::string methods = board::flash_method_words();
    return {"settings",
            "",
            0,
            0,
            "Shows or changes the settings that hold for all boards.",
            {{"klipper-dir", "DIR", "the Klipper or Kalico source tree"},
             {"katapult-dir", "DIR", "the Katapult source tree, for katapult_script"},
             {"default-method", "METHOD", methods.c_str()},
             {"fallback", "on|off", "try make_flash when katapult did not write anything"},
             {"skip-menuconfig-always", "on|off", "never open menuconfig before a build"},
             {"stagger-delay", "S", "pause between two boards of a batch, 0 to 30 s"},
             {"return-delay", "S", "pause before the menu comes back, 0 to 60 s"},
             {"build-timeout", "S", "seconds that a build may take, 1 to 86400 s"},
             {"git-timeout", "S", "seconds that git may take to tell a version, 1 to 600 s"},
             {"moonraker-url", "URL", "where Moonraker listens (http://127.0.0.1:7125), or none"},
             {"moonraker-api-key", "KEY", "the key that Moonraker wants, or none"},
             {"keep-images", "N", "images kept of each board's last verified flashes, 0 to 100 (3)"}},
            {{"kflash settings", "show them"}, {"kflash settings --klipper-dir ~/kalico", "build from another tree"}},
            run_settings};
}

} // namespace kf::kflash
