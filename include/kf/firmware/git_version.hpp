// SPDX-License-Identifier: MIT
#pragma once
/// The version of a firmware tree, asked of git the way Klipper's own build asks (so that the two are comparable), and
/// the comparison of what a board runs with what the tree would build. Format: `git describe --always --tags --long
/// --dirty`, i.e. tag-count-ghash[-dirty]; the build of a tree that is not clean appends -YYYYMMDD_HHMMSS-host.

#include <kf/io/line_tail.hpp>
#include <kf/io/process.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::firmware {

struct git_version {
    std::string tag = {};    ///< "v0.13.0"; empty in a clone without tags
    std::uint32_t count = 0; ///< commits since the tag
    std::string hash = {};   ///< abbreviated, as long as that clone needs it
    bool dirty = false;
    bool operator==(const git_version&) const = default;
};

/// Cuts the -YYYYMMDD_HHMMSS-host that the build of an unclean tree appends.
[[nodiscard]] constexpr std::string_view without_build_tail(std::string_view version) noexcept {
    const auto digits = [&](std::size_t at, std::size_t n) {
        for (std::size_t i = at; i < at + n; ++i)
            if (version[i] < '0' || version[i] > '9') return false;
        return true;
    };
    for (std::size_t at = 0; at + 17 < version.size(); ++at)
        if (version[at] == '-' && digits(at + 1, 8) && version[at + 9] == '_' && digits(at + 10, 6) &&
            version[at + 16] == '-')
            return version.substr(0, at);
    return version;
}

/// Nothing when the text has no hash: "?" (a tree without git) or a version file's own wording.
[[nodiscard]] inline std::optional<git_version> parse_git_version(std::string_view text) {
    text = without_build_tail(text);
    git_version v;
    constexpr std::string_view dirty = "-dirty";
    if (text.ends_with(dirty)) {
        v.dirty = true;
        text.remove_suffix(dirty.size());
    }
    const auto is_hash = [](std::string_view s) {
        return s.size() >= 4 && s.size() <= 64 && s.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    };
    const auto last = text.rfind('-');
    if (last == std::string_view::npos) {
        if (!is_hash(text)) return std::nullopt;
        v.hash = text;
        return v;
    }
    const auto hash = text.substr(last + 1);
    const auto middle = last == 0 ? std::string_view::npos : text.rfind('-', last - 1);
    if (middle == std::string_view::npos || !hash.starts_with('g') || !is_hash(hash.substr(1))) return std::nullopt;
    const auto count = text.substr(middle + 1, last - middle - 1);
    const auto [end, ec] = std::from_chars(count.data(), count.data() + count.size(), v.count);
    if (ec != std::errc{} || end != count.data() + count.size()) return std::nullopt;
    v.tag = text.substr(0, middle);
    v.hash = hash.substr(1);
    return v;
}

enum class version_relation {
    same,       ///< one commit, both clean
    same_dirty, ///< one commit, both with changes that nobody recorded: they may differ
    different,
    unknown, ///< at least one of them can't be read
};

/// Do a host and a board come from one commit? Which of two commits is newer can't be told from their names.
[[nodiscard]] inline version_relation compare_versions(std::string_view host, std::string_view mcu) {
    const auto a = parse_git_version(host), b = parse_git_version(mcu);
    if (!a || !b) return version_relation::unknown;
    // A shallow clone has no tag, and each clone abbreviates the hash to its own length.
    const bool one_commit = a->hash.starts_with(b->hash) || b->hash.starts_with(a->hash);
    const bool tags_agree = a->tag.empty() || b->tag.empty() || (a->tag == b->tag && a->count == b->count);
    if (!one_commit || !tags_agree || a->dirty != b->dirty) return version_relation::different;
    return a->dirty ? version_relation::same_dirty : version_relation::same;
}

enum class flavour { klipper, kalico, unknown };

/// Kalico tags by year (v2025.01.00), Klipper by semantic version (v0.13.0). A guess, for words on a screen only.
[[nodiscard]] inline flavour guess_flavour(std::string_view version) {
    const auto v = parse_git_version(version);
    if (!v || v->tag.size() < 2 || v->tag.front() != 'v') return flavour::unknown;
    unsigned major = 0;
    const auto [end, ec] = std::from_chars(v->tag.data() + 1, v->tag.data() + v->tag.size(), major);
    if (ec != std::errc{} || end == v->tag.data() + v->tag.size() || *end != '.') return flavour::unknown;
    return major >= 2025 ? flavour::kalico : flavour::klipper;
}

namespace detail {
[[nodiscard]] inline error no_version(const std::filesystem::path& tree, std::string command,
                                      std::vector<std::string> steps) {
    return {errc::refused, "git does not say which version " + tree.string() + " is",
            "the firmware would call itself \"?\": nobody could tell later what a board runs", std::move(command),
            std::move(steps)};
}
} // namespace detail

/// What git says of the tree; empty when it is no git checkout. Errors: errc::timeout, and errc::refused when git
/// cannot say it (for one: it refuses a checkout that belongs to somebody else). The build asks the same git, as the
/// same user: its firmware would be of version "?", and nobody could tell afterwards which one a board runs.
template<io::process_runner R>
[[nodiscard]] result<std::string> describe_tree(R& runner, const std::filesystem::path& tree,
                                                std::optional<io::user_ids> run_as, seconds deadline) {
    std::error_code ec;
    if (!std::filesystem::exists(tree / ".git", ec)) return std::string();
    const io::command c{.argv = {"git", "describe", "--always", "--tags", "--long", "--dirty"},
                        .cwd = tree.string(),
                        .environment = {{"LC_ALL", "C"}},
                        .run_as = run_as};
    const auto ran = io::run_and_capture(runner, c, deadline, 4096);
    if (!ran) {
        error e = ran.error();
        if (e.code == errc::timeout) {
            e.what = fmt::format("git did not say within {:g} s which version {} is", deadline, tree.string());
            e.steps = {"give it more time: --git-timeout SECONDS", "for good: kflash settings --git-timeout SECONDS"};
        } else if (e.code == errc::not_found) {
            e = detail::no_version(tree, io::to_string(c), {"sudo apt install git", "run this again"});
        }
        return kf::fail(std::move(e));
    }
    io::line_tail printed;
    io::line_splitter lines;
    const auto add = [&](std::string_view line) { printed.add(line); };
    lines.feed(ran->second, add);
    lines.finish(add);
    auto words = printed.last();
    if (ran->first.status == 0) return words.empty() ? std::string() : words.back(); // warnings come before
    std::vector<std::string> steps;
    for (const auto& line : words)
        if (const auto at = line.find("git config "); at != std::string::npos) steps.push_back(line.substr(at));
    steps.emplace_back(steps.empty() ? "run the command above in that directory, and mend what git says"
                                     : "or run kflash as the user who owns " + tree.string());
    error e = detail::no_version(tree, io::to_string(c), std::move(steps));
    e.output = std::move(words);
    return kf::fail(std::move(e));
}

/// How far a commit is from the tree's own, in commits.
struct commit_distance {
    std::uint64_t behind = 0; ///< the tree has these and the other has not
    std::uint64_t ahead = 0;  ///< the other way round
    bool operator==(const commit_distance&) const = default;
};

/// Of the commit that a version names. Nothing when this clone does not have it, or git cannot say.
template<io::process_runner R>
[[nodiscard]] std::optional<commit_distance> distance_to(R& runner, const std::filesystem::path& tree,
                                                         std::string_view version, std::optional<io::user_ids> run_as,
                                                         seconds deadline) {
    const auto parsed = parse_git_version(version);
    std::error_code ec;
    if (!parsed || !std::filesystem::exists(tree / ".git", ec)) return std::nullopt;
    const io::command c{.argv = {"git", "rev-list", "--left-right", "--count", "HEAD..." + parsed->hash, "--"},
                        .cwd = tree.string(),
                        .environment = {{"LC_ALL", "C"}},
                        .run_as = run_as};
    const auto ran = io::run_and_capture(runner, c, deadline, 4096);
    if (!ran || ran->first.status != 0) return std::nullopt;
    commit_distance d;
    const std::string& text = ran->second; // "47\t0\n"
    const auto tab = text.find('\t');
    if (tab == std::string::npos) return std::nullopt;
    const auto [a, bad] = std::from_chars(text.data(), text.data() + tab, d.behind);
    const auto [b, worse] = std::from_chars(text.data() + tab + 1, text.data() + text.size(), d.ahead);
    if (bad != std::errc{} || worse != std::errc{}) return std::nullopt;
    return d;
}

} // namespace kf::firmware
