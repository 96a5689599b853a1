// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "workplace.hpp"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <charconv>

namespace kf::kflash {
namespace {

result<bool> on_off(const std::string& option, const std::string& text) {
    if (text == "on" || text == "yes" || text == "true") return true;
    if (text == "off" || text == "no" || text == "false") return false;
    return kf::fail(errc::usage, fmt::format("--{} takes on or off, not \"{}\"", option, text));
}

result<seconds> number(const std::string& option, const std::string& text) {
    double value = 0;
    const auto [end, bad] = fast_float::from_chars(text.data(), text.data() + text.size(), value);
    if (bad != std::errc{} || end != text.data() + text.size())
        return kf::fail(errc::usage, fmt::format("--{} takes a number of seconds, not \"{}\"", option, text));
    return value; // its bounds are the registry's business
}

result<void> check_dir(const workplace& at, const std::string& dir, const char* must_have) {
    std::error_code ec;
    const auto path = io::expand_home(dir, at.home);
    if (!fs::is_directory(path, ec)) return kf::fail(errc::not_found, path.string() + " is not a directory");
    if (!fs::exists(path / must_have, ec))
        return kf::fail(errc::not_found, fmt::format("{} has no {}", path.string(), must_have));
    return {};
}

result<void> apply(cli::invocation& in, const workplace& at, board::flash_settings& s) {
    if (const auto v = in.get("klipper-dir")) {
        KF_CHECK(check_dir(at, *v, "Makefile"));
        s.klipper_dir = *v;
    }
    if (const auto v = in.get("katapult-dir")) {
        KF_CHECK(check_dir(at, *v, "scripts/flashtool.py"));
        s.katapult_dir = *v;
    }
    if (const auto v = in.get("default-method")) {
        const auto m = board::flash_method_from(*v);
        if (!m)
            return kf::fail(errc::usage,
                            fmt::format("there is no method \"{}\": katapult, katapult_script, make_flash", *v));
        s.default_flash_method = *m;
    }
    if (const auto v = in.get("fallback")) {
        KF_TRY(s.allow_flash_fallback, on_off("fallback", *v));
    }
    if (const auto v = in.get("skip-menuconfig-always")) {
        KF_TRY(s.skip_menuconfig, on_off("skip-menuconfig-always", *v));
    }
    if (const auto v = in.get("stagger-delay")) {
        KF_TRY(s.stagger_delay, number("stagger-delay", *v));
    }
    if (const auto v = in.get("return-delay")) {
        KF_TRY(s.return_delay, number("return-delay", *v));
    }
    return {};
}

result<void> run(cli::invocation& in) {
    KF_TRY(auto b, open_bench(in));
    bool change = false;
    for (const char* name : {"klipper-dir", "katapult-dir", "default-method", "fallback", "skip-menuconfig-always",
                             "stagger-delay", "return-delay"})
        change = change || in.has(name);
    if (change) {
        KF_TRY(b.registry, board::update(b.at.registry_file, "kflash settings",
                                         [&](board::registry& r) { return apply(in, b.at, r.settings); }));
    }
    const auto& s = b.registry.settings;
    in.out.result(
        {"settings",
         fmt::format("klipper-dir             {}\nkatapult-dir            {}\ndefault-method          {}\n"
                     "fallback                {}\nskip-menuconfig-always  {}\nstagger-delay           {:g} s\n"
                     "return-delay            {:g} s\nregistry                {}",
                     s.klipper_dir, s.katapult_dir, board::name(s.default_flash_method),
                     s.allow_flash_fallback ? "on" : "off", s.skip_menuconfig ? "on" : "off", s.stagger_delay,
                     s.return_delay, b.at.registry_file.string()),
         {{"klipper_dir", s.klipper_dir},
          {"katapult_dir", s.katapult_dir},
          {"default_flash_method", std::string(board::name(s.default_flash_method))},
          {"allow_flash_fallback", s.allow_flash_fallback},
          {"skip_menuconfig", s.skip_menuconfig},
          {"stagger_delay", s.stagger_delay},
          {"return_delay", s.return_delay},
          {"registry", b.at.registry_file.string()}}});
    return {};
}

} // namespace

cli::command_row settings_command() {
    return {"settings",
            "",
            0,
            0,
            "Shows or changes the settings that hold for all boards.",
            {{"klipper-dir", "DIR", "the Klipper or Kalico source tree"},
             {"katapult-dir", "DIR", "the Katapult source tree, for katapult_script"},
             {"default-method", "METHOD", "katapult, katapult_script or make_flash"},
             {"fallback", "on|off", "try make_flash when katapult did not write anything"},
             {"skip-menuconfig-always", "on|off", "never open menuconfig before a build"},
             {"stagger-delay", "S", "pause between two boards of a batch, 0 to 30 s"},
             {"return-delay", "S", "pause before a menu comes back, 0 to 60 s"}},
            {{"kflash settings", "show them"}, {"kflash settings --klipper-dir ~/kalico", "build from another tree"}},
            run};
}

} // namespace kf::kflash
