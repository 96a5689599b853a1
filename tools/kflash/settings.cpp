// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "kflash_commands.hpp"
#include "prepare.hpp"

#include <kf/moonraker/http.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace kf::kflash {
namespace {

result<bool> on_off(const std::string& option, const std::string& text) {
    if (text == "on" || text == "yes" || text == "true") return true;
    if (text == "off" || text == "no" || text == "false") return false;
    return kf::fail(errc::usage, fmt::format("--{} takes on or off, not \"{}\"", option, text));
}

result<void> check_dir(const workplace& at, const std::string& dir, const char* must_have) {
    std::error_code ec;
    const auto path = io::expand_home(dir, at.home);
    if (!fs::is_directory(path, ec))
        return kf::fail(error{errc::not_found, fmt::format("there is no folder {}", path.string()),
                              "its name may be mistyped, or the sources are not there yet"});
    if (!fs::exists(path / must_have, ec))
        return kf::fail(error{errc::not_found, fmt::format("{} has no {}", path.string(), must_have),
                              "it is another folder than that of the sources"});
    return {};
}

/// As it is kept: a later run may start in another folder.
std::string lasting(const std::string& dir) {
    return dir.starts_with('~') ? dir : fs::absolute(dir).lexically_normal().string();
}

/// What the command line sets, checked before anything else happens; folders are looked at when it is known whose home
/// counts.
struct settings_request {
    std::optional<std::string> klipper_dir = {}, katapult_dir = {};
    std::optional<board::flash_method> default_method = {};
    std::optional<bool> fallback = {}, skip_menuconfig = {};
    std::optional<std::string> moonraker_url = {}, moonraker_api_key = {};
    std::optional<seconds> stagger_delay = {}, return_delay = {}, build_timeout = {}, git_timeout = {};
    std::optional<std::int64_t> keep_images = {};

    [[nodiscard]] static result<settings_request> of(const cli::invocation& in);
    [[nodiscard]] bool empty() const;
    [[nodiscard]] result<void> apply(const workplace& at, board::flash_settings& s) const;
};

result<settings_request> settings_request::of(const cli::invocation& in) {
    settings_request r;
    if (const auto v = in.get("klipper-dir")) r.klipper_dir = lasting(*v);
    if (const auto v = in.get("katapult-dir")) r.katapult_dir = lasting(*v);
    if (const auto v = in.get("default-method")) {
        KF_TRY(r.default_method, method_from(*v));
    }
    r.moonraker_url = in.get("moonraker-url");
    if (r.moonraker_url && *r.moonraker_url != "none") KF_CHECK(moonraker::http_address_from(*r.moonraker_url));
    if (const auto key = in.get("moonraker-api-key")) {
        const auto plain = [](char c) { return c > ' ' && c <= '~'; };
        if (!std::ranges::all_of(*key, plain)) // what the header that carries it cannot hold
            return kf::fail(errc::usage, "an API key has no blanks and only letters, digits and signs of ASCII");
        r.moonraker_api_key = *key == "none" ? std::string() : *key;
    }
    const auto flag = [&](const char* option, std::optional<bool>& to) -> result<void> {
        if (!in.has(option)) return {};
        KF_TRY(to, on_off(option, in.get(option).value_or("")));
        return {};
    };
    const auto time = [&](const char* option, std::optional<seconds>& to, seconds least, seconds most) -> result<void> {
        if (!in.has(option)) return {};
        KF_TRY(to, cli::number_option(in, option, 0, least, most));
        return {};
    };
    KF_CHECK(flag("fallback", r.fallback));
    KF_CHECK(flag("skip-menuconfig-always", r.skip_menuconfig));
    KF_CHECK(time("stagger-delay", r.stagger_delay, 0, board::max_stagger_delay));
    KF_CHECK(time("return-delay", r.return_delay, 0, board::max_return_delay));
    KF_CHECK(time("build-timeout", r.build_timeout, board::min_timeout, board::max_build_timeout));
    KF_CHECK(time("git-timeout", r.git_timeout, board::min_timeout, board::max_git_timeout));
    if (in.has("keep-images")) {
        KF_TRY(r.keep_images,
               cli::count_option(in, "keep-images", 0, 0, static_cast<unsigned>(board::max_keep_images)));
    }
    return r;
}

bool settings_request::empty() const {
    return !klipper_dir && !katapult_dir && !default_method && !fallback && !skip_menuconfig && !moonraker_url &&
           !moonraker_api_key && !stagger_delay && !return_delay && !build_timeout && !git_timeout && !keep_images;
}

result<void> settings_request::apply(const workplace& at, board::flash_settings& s) const {
    if (klipper_dir) KF_CHECK(check_dir(at, *klipper_dir, "Makefile"));
    if (katapult_dir) KF_CHECK(check_dir(at, *katapult_dir, "scripts/flashtool.py"));
    const auto set = [](const auto& from, auto& to) {
        if (from) to = *from;
    };
    set(klipper_dir, s.klipper_dir);
    set(katapult_dir, s.katapult_dir);
    set(default_method, s.default_flash_method);
    set(fallback, s.allow_flash_fallback);
    set(skip_menuconfig, s.skip_menuconfig);
    set(moonraker_url, s.moonraker_url);
    set(moonraker_api_key, s.moonraker_api_key);
    set(stagger_delay, s.stagger_delay);
    set(return_delay, s.return_delay);
    set(build_timeout, s.build_timeout);
    set(git_timeout, s.git_timeout);
    set(keep_images, s.keep_images);
    return {};
}

result<void> run_settings(cli::invocation& in) {
    KF_TRY(const auto request, settings_request::of(in));
    KF_TRY(auto b, open_boards(in));
    if (!request.empty()) {
        KF_TRY(b.registry, board::update(b.at.registry_file, "kflash settings",
                                         [&](board::registry& r) { return request.apply(b.at, r.settings); }));
    }
    const auto& s = b.registry.settings;
    in.out.result(
        {"settings",
         fmt::format("klipper-dir             {}\nkatapult-dir            {}\ndefault-method          {}\n"
                     "fallback                {}\nskip-menuconfig-always  {}\nstagger-delay           {:g} s\n"
                     "return-delay            {:g} s\nbuild-timeout           {:g} s\n"
                     "git-timeout             {:g} s\nmoonraker-url           {}\nmoonraker-api-key       {}\n"
                     "keep-images             {}\nregistry                {}",
                     s.klipper_dir, s.katapult_dir, board::name(s.default_flash_method),
                     s.allow_flash_fallback ? "on" : "off", s.skip_menuconfig ? "on" : "off", s.stagger_delay,
                     s.return_delay, s.build_timeout, s.git_timeout, s.moonraker_url,
                     s.moonraker_api_key.empty() ? "none" : "set", s.keep_images, b.at.registry_file.string()),
         {{"klipper_dir", s.klipper_dir},
          {"katapult_dir", s.katapult_dir},
          {"default_flash_method", std::string(board::name(s.default_flash_method))},
          {"allow_flash_fallback", s.allow_flash_fallback},
          {"skip_menuconfig", s.skip_menuconfig},
          {"stagger_delay", s.stagger_delay},
          {"return_delay", s.return_delay},
          {"build_timeout", s.build_timeout},
          {"git_timeout", s.git_timeout},
          {"moonraker_url", s.moonraker_url},
          {"moonraker_api_key_set", !s.moonraker_api_key.empty()},
          {"keep_images", s.keep_images},
          {"registry", b.at.registry_file.string()}}});
    return {};
}

} // namespace

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
             {"return-delay", "S", "pause before a menu comes back, 0 to 60 s"},
             {"build-timeout", "S", "seconds that a build may take, 1 to 86400 s"},
             {"git-timeout", "S", "seconds that git may take to tell a version, 1 to 600 s"},
             {"moonraker-url", "URL", "where Moonraker listens (http://127.0.0.1:7125), or none"},
             {"moonraker-api-key", "KEY", "the key that Moonraker wants, or none"},
             {"keep-images", "N", "images kept of each board's last verified flashes, 0 to 100 (3)"}},
            {{"kflash settings", "show them"}, {"kflash settings --klipper-dir ~/kalico", "build from another tree"}},
            run_settings};
}

} // namespace kf::kflash
