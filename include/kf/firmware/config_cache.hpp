// SPDX-License-Identifier: MIT
#pragma once
/// The one .config that is kept for each board, `<configs>/<key>/.config`. Builds work on copies; what is in here
/// changes only when a person saved menuconfig, imported a file, or removed the board, and then as a whole.

#include <kf/firmware/kconfig.hpp>
#include <kf/io/atomic_file.hpp>

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace kf::firmware {

struct cached_config {
    std::string text = {};
    kconfig config = {};
};

class config_cache {
  public:
    /// `configs`: ~/.config/kflash/configs, resolved by the caller.
    explicit config_cache(std::filesystem::path configs)
      : configs_(std::move(configs)) {}

    [[nodiscard]] std::filesystem::path path(std::string_view key) const { return configs_ / key / ".config"; }

    [[nodiscard]] bool has(std::string_view key) const {
        std::error_code ec;
        return std::filesystem::is_regular_file(path(key), ec);
    }

    /// errc::not_found when nothing is cached, errc::malformed (with file and line) when it is no .config.
    [[nodiscard]] result<cached_config> load(std::string_view key) const {
        auto text = io::read_file(path(key), read_limit);
        if (!text && text.error().code == errc::not_found)
            return kf::fail(error{errc::not_found,
                                  fmt::format("the board {} has no configuration yet", key),
                                  {},
                                  path(key).string(),
                                  {fmt::format("make one in menuconfig: kflash config {}", key),
                                   fmt::format("or take over a file: kflash config {} --import FILE", key)}});
        if (!text) return std::unexpected(std::move(text).error());
        return checked(std::move(*text), path(key));
    }

    /// Replaces the cached configuration as a whole, after a look at whether it is one.
    [[nodiscard]] result<cached_config> store(std::string_view key, std::string text) const {
        KF_TRY(auto config, checked(std::move(text), path(key)));
        KF_CHECK(io::write_file(path(key), config.text));
        return config;
    }

    [[nodiscard]] result<cached_config> import_file(std::string_view key, const std::filesystem::path& from) const {
        KF_TRY(auto text, io::read_file(from, read_limit));
        KF_TRY(auto config, checked(std::move(text), from));
        KF_CHECK(io::write_file(path(key), config.text));
        return config;
    }

    /// Forgets a board. Nothing cached is fine.
    [[nodiscard]] result<void> remove(std::string_view key) const {
        KF_CHECK(io::remove_file(path(key)));
        std::error_code ec;
        std::filesystem::remove(configs_ / key, ec); // stays when a person keeps other files in it
        return {};
    }

    /// How long ago it was written.
    [[nodiscard]] result<std::chrono::seconds> age(std::string_view key,
                                                   std::chrono::system_clock::time_point now) const {
        struct stat st{};
        if (::stat(path(key).c_str(), &st) != 0)
            return kf::fail(errc::not_found, fmt::format("the board {} has no configuration yet", key));
        const auto written = std::chrono::system_clock::from_time_t(st.st_mtime);
        return std::chrono::duration_cast<std::chrono::seconds>(std::max(now - written, decltype(now - written){}));
    }

  private:
    static constexpr std::size_t read_limit = std::size_t{1} << 20;

    /// A build has to know its chip: a text without one would become Klipper's default board, an AVR.
    [[nodiscard]] static result<cached_config> checked(std::string text, const std::filesystem::path& where) {
        const auto refuse = [&](std::string cause) {
            return kf::fail(error{errc::malformed,
                                  "this is not the .config of a firmware build",
                                  std::move(cause),
                                  where.string(),
                                  {"make a new one in menuconfig: kflash config NAME"}});
        };
        auto config = kconfig::parse(text);
        if (!config) return refuse(config.error().what);
        if (!config->mcu()) return refuse("it names neither CONFIG_MCU nor CONFIG_BOARD_DIRECTORY");
        return cached_config{std::move(text), std::move(*config)};
    }

    std::filesystem::path configs_;
};

/// "5 minutes ago", "3 hours ago", "100 days ago (review recommended)".
[[nodiscard]] inline std::string age_text(std::chrono::seconds age) {
    const auto say = [](long long n, const char* unit) {
        return fmt::format("{} {}{} ago", n, unit, n == 1 ? "" : "s");
    };
    const auto s = std::max<long long>(age.count(), 0);
    if (s < 60 * 60) return say(s / 60, "minute");
    if (s < 24 * 60 * 60) return say(s / (60 * 60), "hour");
    const auto days = s / (24 * 60 * 60);
    return say(days, "day") + (days >= 90 ? " (review recommended)" : "");
}

} // namespace kf::firmware
