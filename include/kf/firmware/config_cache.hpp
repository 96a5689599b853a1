// SPDX-License-Identifier: MIT
#pragma once
/// The one .config that is kept for each board, `<configs>/<key>/.config`. Builds work on copies; what is in here
/// changes only when a person saved menuconfig, imported a file, or removed the board, and then as a whole. A board may
/// have that of another one: its file is a link to it then, until it is given one of its own.

#include <kf/firmware/kconfig.hpp>
#include <kf/io/atomic_link.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace kf::firmware {

struct cached_config {
    std::string text = {};
    kconfig config = {}; ///< what the text itself says: maybe no more than a few choices
};

/// Real ones have 2 to 10 KiB.
inline constexpr std::size_t config_limit = std::size_t{1} << 20;

namespace detail {
[[nodiscard]] inline std::unexpected<error> no_config(std::string cause, const std::filesystem::path& where) {
    return kf::fail(error{errc::malformed,
                          "this is not the .config of a firmware build",
                          std::move(cause),
                          where.string(),
                          {"make a new one in menuconfig: kflash config NAME"}});
}
} // namespace detail

/// A text that is meant to be a .config of Klipper or Kalico. errc::malformed when it is none: a build of it would
/// become Klipper's default board, an AVR. `where` is the file that the error names.
[[nodiscard]] inline result<cached_config> read_config(std::string text, const std::filesystem::path& where) {
    const auto refuse = [&](std::string cause) { return detail::no_config(std::move(cause), where); };
    const auto control = [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    };
    if (std::any_of(text.begin(), text.end(), control)) return refuse("it is no text");
    auto config = kconfig::parse(plain_text(text));
    if (!config) return refuse(config.error().what);
    if (config->empty()) return refuse("there is no option in it");
    if (config->symbols().contains("LAUNCH_APP_ADDRESS"))
        return refuse("it is the configuration of Katapult itself, not of Klipper");
    if (!config->mcu() && config->chosen_machines().empty())
        return refuse("it names no MCU: neither CONFIG_MCU nor a CONFIG_MACH_ is in it");
    return cached_config{std::move(text), std::move(*config)};
}

/// The same of a file.
[[nodiscard]] inline result<cached_config> read_config_file(const std::filesystem::path& file) {
    auto text = io::read_file(file, config_limit);
    if (!text && text.error().code == errc::malformed) return detail::no_config(text.error().what, file);
    if (!text) return kf::fail(std::move(text).error());
    return read_config(std::move(*text), file);
}

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
        auto config = read_config_file(path(key));
        if (!config && config.error().code == errc::not_found)
            return kf::fail(error{errc::not_found,
                                  fmt::format("the board {} has no configuration yet", key),
                                  {},
                                  path(key).string(),
                                  {fmt::format("make one in menuconfig: kflash config {}", key),
                                   fmt::format("or take over a file: kflash config {} --import FILE", key)}});
        return config;
    }

    /// Replaces the cached configuration as a whole, after a look at whether it is one.
    [[nodiscard]] result<cached_config> store(std::string_view key, std::string text) const {
        KF_TRY(auto config, read_config(std::move(text), path(key)));
        KF_CHECK(io::write_file(path(key), config.text));
        return config;
    }

    /// The key of the board whose configuration this one has; nothing when it has its own, or none.
    [[nodiscard]] std::optional<std::string> shared_with(std::string_view key) const {
        std::error_code ec;
        if (!std::filesystem::is_symlink(path(key), ec)) return std::nullopt;
        const auto file = std::filesystem::weakly_canonical(path(key), ec);
        const auto folder = file.parent_path();
        if (folder.parent_path() != std::filesystem::weakly_canonical(configs_, ec)) return std::nullopt;
        return folder.filename().string();
    }

    /// From now on the board has the configuration of the board `other`, as that one is changed too. errc::usage when
    /// the other one has that of this board.
    [[nodiscard]] result<void> share(std::string_view key, std::string_view other) const {
        KF_TRY(const auto unused, load(other));
        (void)unused;
        if (key == other || shared_with(other) == key)
            return kf::fail(errc::usage, fmt::format("the configuration of {} is that of {} already", other, key));
        return io::replace_with_link(path(key), std::filesystem::path("..") / other / ".config");
    }

    /// Forgets a board, after hand_over(). Nothing cached is fine.
    [[nodiscard]] result<void> remove(std::string_view key) const {
        KF_CHECK(hand_over(key));
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

    /// Boards that share what this one has get it as their own: its board goes, and the next one of that key is
    /// another.
    [[nodiscard]] result<void> hand_over(std::string_view key) const {
        std::error_code ec;
        for (const auto& folder : std::filesystem::directory_iterator(configs_, ec)) {
            const auto file = folder.path() / ".config";
            const auto to = std::filesystem::read_symlink(file, ec);
            if (ec || (folder.path() / to).lexically_normal() != path(key).lexically_normal()) continue;
            if (const auto text = io::read_file(file, config_limit)) KF_CHECK(io::write_file(file, *text));
        }
        return {};
    }

  private:
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
