// SPDX-License-Identifier: MIT
#pragma once
/// Where a tool keeps what: the XDG base directories of one person, from values that the caller read from the
/// environment.

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

namespace kf::io {

/// The variables that matter, empty when unset. Under sudo: those of the calling user, whose home the caller looked up.
struct xdg_environment {
    std::string home;
    std::string config_home = {};
    std::string state_home = {};
    std::string cache_home = {};
    std::string runtime_dir = {};
};

struct xdg_paths {
    std::filesystem::path home, config, state, cache, runtime;
};

/// A relative XDG variable is ignored, as the XDG specification demands.
[[nodiscard]] inline xdg_paths resolve(const xdg_environment& e) {
    const auto pick = [&](const std::string& value, const char* fallback) {
        const std::filesystem::path path(value);
        return path.is_absolute() ? path : std::filesystem::path(e.home) / fallback;
    };
    xdg_paths paths{
        e.home, pick(e.config_home, ".config"), pick(e.state_home, ".local/state"), pick(e.cache_home, ".cache"), {}};
    paths.runtime = pick(e.runtime_dir, ".local/state");
    return paths;
}

/// "~" and "~/x" become the home; everything else stays as it is.
[[nodiscard]] inline std::filesystem::path expand_home(std::string_view path, const std::filesystem::path& home) {
    if (path == "~") return home;
    if (path.starts_with("~/")) {
        path.remove_prefix(std::min(path.find_first_not_of('/', 1), path.size())); // "~//x" is no absolute path
        return home / path;
    }
    return path;
}

} // namespace kf::io
