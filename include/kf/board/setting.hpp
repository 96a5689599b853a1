// SPDX-License-Identifier: MIT
#pragma once
/// The settings that hold for all boards, as a table: what `kflash settings` takes and shows, and the rows of the
/// menu's page. A row checks the text of its value by itself. A folder is looked at by whoever knows whose home counts,
/// and an address by whoever speaks HTTP.

#include <kf/board/board.hpp>
#include <kf/io/decimal.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <variant>

namespace kf::board {

enum class setting_kind { folder, method, flag, seconds, url, secret, count };

struct setting_row {
    const char* option; ///< of `kflash settings`: "klipper-dir"
    const char* field;  ///< in devices.json: "klipper_dir"
    setting_kind kind;
    std::variant<std::string flash_settings::*, bool flash_settings::*, double flash_settings::*,
                 std::int64_t flash_settings::*, flash_method flash_settings::*>
        member;
    double least = 0, most = 0; ///< of a number
    const char* holds = "";     ///< what is in such a folder
};

inline constexpr std::array setting_rows{
    setting_row{"klipper-dir", "klipper_dir", setting_kind::folder, &flash_settings::klipper_dir, 0, 0, "Makefile"},
    setting_row{"katapult-dir", "katapult_dir", setting_kind::folder, &flash_settings::katapult_dir, 0, 0,
                "scripts/flashtool.py"},
    setting_row{"default-method", "default_flash_method", setting_kind::method, &flash_settings::default_flash_method},
    setting_row{"fallback", "allow_flash_fallback", setting_kind::flag, &flash_settings::allow_flash_fallback},
    setting_row{"skip-menuconfig-always", "skip_menuconfig", setting_kind::flag, &flash_settings::skip_menuconfig},
    setting_row{"stagger-delay", "stagger_delay", setting_kind::seconds, &flash_settings::stagger_delay, 0,
                max_stagger_delay},
    setting_row{"return-delay", "return_delay", setting_kind::seconds, &flash_settings::return_delay, 0,
                max_return_delay},
    setting_row{"build-timeout", "build_timeout", setting_kind::seconds, &flash_settings::build_timeout, min_timeout,
                max_build_timeout},
    setting_row{"git-timeout", "git_timeout", setting_kind::seconds, &flash_settings::git_timeout, min_timeout,
                max_git_timeout},
    setting_row{"moonraker-url", "moonraker_url", setting_kind::url, &flash_settings::moonraker_url},
    setting_row{"moonraker-api-key", "moonraker_api_key", setting_kind::secret, &flash_settings::moonraker_api_key},
    setting_row{"keep-images", "keep_images", setting_kind::count, &flash_settings::keep_images, 0,
                static_cast<double>(max_keep_images)},
};

/// The row of that option; null when there is none.
[[nodiscard]] constexpr const setting_row* setting_named(std::string_view option) noexcept {
    for (const auto& row : setting_rows)
        if (option == row.option) return &row;
    return nullptr;
}

using setting_value = std::variant<std::string, std::int64_t, double, bool>;

/// As programs read it. A secret is only "none" or "set".
[[nodiscard]] inline setting_value value_of(const setting_row& row, const flash_settings& s) {
    if (row.kind == setting_kind::secret) return std::string(s.moonraker_api_key.empty() ? "none" : "set");
    return std::visit(
        [&](auto member) -> setting_value {
            const auto& value = s.*member;
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, flash_method>)
                return std::string(name(value));
            else
                return value;
        },
        row.member);
}

/// As a person reads it: "2 s", "on".
[[nodiscard]] inline std::string text_of(const setting_row& row, const flash_settings& s) {
    const auto value = value_of(row, s);
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "on" : "off";
    if (const auto* number = std::get_if<double>(&value)) return fmt::format("{:g} s", *number);
    return fmt::format("{}", std::get<std::int64_t>(value));
}

/// Takes `text` as the value. errc::usage says what it takes; `s` is as it was then.
[[nodiscard]] inline result<void> set(const setting_row& row, flash_settings& s, const std::string& text) {
    const auto wrong = [&](std::string takes) {
        return kf::fail(error{errc::usage,
                              fmt::format("--{} takes {}", row.option, takes),
                              {},
                              fmt::format("--{} {}", row.option, text)});
    };
    const auto number = io::parse_decimal(text);
    const bool fits = number && *number >= row.least && *number <= row.most;
    switch (row.kind) {
    case setting_kind::flag: {
        const bool on = text == "on" || text == "yes" || text == "true";
        if (!on && text != "off" && text != "no" && text != "false")
            return wrong(fmt::format("on or off, not \"{}\"", text));
        s.*std::get<bool flash_settings::*>(row.member) = on;
        return {};
    }
    case setting_kind::seconds:
        if (!fits)
            return wrong(fmt::format("a number from {} to {}", io::to_decimal(row.least), io::to_decimal(row.most)));
        s.*std::get<double flash_settings::*>(row.member) = *number;
        return {};
    case setting_kind::count:
        if (!fits || *number != static_cast<double>(static_cast<std::int64_t>(*number)))
            return wrong(fmt::format("a whole number from {} to {}", row.least, row.most));
        s.*std::get<std::int64_t flash_settings::*>(row.member) = static_cast<std::int64_t>(*number);
        return {};
    case setting_kind::method: {
        const auto method = flash_method_from(text);
        if (!method) return wrong(flash_method_words());
        s.*std::get<flash_method flash_settings::*>(row.member) = *method;
        return {};
    }
    case setting_kind::secret:
        if (const auto p = api_key_problem(text)) return kf::fail(errc::usage, "an API key " + p->what);
        s.moonraker_api_key = text == "none" ? std::string() : text;
        return {};
    case setting_kind::folder:
    case setting_kind::url:
        if (text.empty()) return wrong("a value");
        if (const auto p = detail::text_problem(row.field, text, 1024))
            return kf::fail(errc::usage, p->field + " " + p->what);
        s.*std::get<std::string flash_settings::*>(row.member) = text;
        return {};
    }
    return {};
}

} // namespace kf::board
