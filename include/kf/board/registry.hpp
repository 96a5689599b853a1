// SPDX-License-Identifier: MIT
#pragma once
/// The registry of a person's boards: looking one up, taking one in, and changing the file so that no other process, no
/// crash and no typing error loses a board. The file's form is in devices_json.hpp.

#include <kf/board/devices_json.hpp>
#include <kf/board/slug.hpp>
#include <kf/board/usb_name.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/file_lock.hpp>
#include <kf/io/near_name.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace kf::board {

inline constexpr std::size_t registry_read_limit = std::size_t{4} << 20;

/// Of that file. A person whose text is wrong is told of the version before, where there is one.
[[nodiscard]] inline result<registry> parse_registry_of(const std::filesystem::path& file, std::string_view text) {
    auto r = parse_registry(text, file.string());
    std::error_code ec;
    if (!r && std::filesystem::exists(file.string() + ".bak", ec))
        r.error().steps.push_back(fmt::format("or take the version before: cp {0}.bak {0}", file.string()));
    return r;
}

/// From the file; no file is an empty registry with the default settings.
[[nodiscard]] inline result<registry> read_registry(const std::filesystem::path& file) {
    auto text = io::read_file(file, registry_read_limit);
    if (!text && text.error().code == errc::not_found) return registry{};
    if (!text) return kf::fail(std::move(text).error());
    return parse_registry_of(file, *text);
}

/// The board with that key or, whatever its case, that name. errc::not_found gives the nearest names.
[[nodiscard]] inline result<board> find(const registry& r, std::string_view name) {
    for (const auto& b : r.boards)
        if (b.key == name) return b;
    std::vector<board> named;
    for (const auto& b : r.boards)
        if (io::to_lower(b.name) == io::to_lower(name)) named.push_back(b);
    if (named.size() == 1) return named.front();
    std::vector<std::string> keys;
    for (const auto& b : named) keys.push_back(b.key);
    if (!named.empty())
        return kf::fail(error{errc::usage,
                              fmt::format("{} boards are called \"{}\"", named.size(), name),
                              fmt::format("their keys are {}", fmt::join(keys, ", ")),
                              {},
                              {"give the key instead"}});
    for (const auto& b : r.boards) {
        keys.push_back(b.key);
        if (io::to_lower(b.name) != io::to_lower(b.key)) keys.push_back(b.name);
    }
    const auto near = io::near_names(name, keys);
    error e{errc::not_found, fmt::format("there is no board \"{}\"", name)};
    if (r.boards.empty()) {
        e.cause = "no board is registered yet";
        e.steps = {"kflash add"};
    } else {
        if (!near.empty()) e.cause = fmt::format("did you mean {}?", fmt::join(near, ", "));
        e.steps = {"kflash list"};
    }
    return kf::fail(std::move(e));
}

/// Takes `b` in. An empty key becomes the slug of the name; the key that it got is returned.
[[nodiscard]] inline result<std::string> add(registry& r, board b) {
    const auto taken = [&](std::string_view key) {
        return std::ranges::any_of(r.boards, [&](const board& other) { return other.key == key; });
    };
    if (b.key.empty()) b.key = unique_slug(b.name, taken);
    if (const auto p = problem(b)) return kf::fail(errc::usage, "the board's " + p->field + " " + p->what);
    if (taken(b.key)) return kf::fail(errc::usage, "there is already a board with the key " + b.key);
    for (const auto& other : r.boards)
        if (io::to_lower(other.name) == io::to_lower(b.name))
            return kf::fail(error{errc::usage,
                                  fmt::format("there is already a board called \"{}\"", b.name),
                                  {},
                                  {},
                                  {"kflash list", "give this one another name"}});
    const auto key = b.key;
    r.boards.insert(std::ranges::upper_bound(r.boards, key, {}, &board::key), std::move(b));
    return key;
}

/// The board with the key of `b` becomes `b`.
[[nodiscard]] inline result<void> replace(registry& r, const board& b) {
    if (const auto p = problem(b)) return kf::fail(errc::usage, "the board's " + p->field + " " + p->what);
    for (auto& old : r.boards)
        if (old.key == b.key) {
            old = b;
            return {};
        }
    return kf::fail(errc::not_found, "there is no board with the key " + b.key);
}

[[nodiscard]] inline result<void> remove(registry& r, std::string_view key) {
    if (std::erase_if(r.boards, [&](const board& b) { return b.key == key; }) > 0) return {};
    return kf::fail(errc::not_found, fmt::format("there is no board with the key {}", key));
}

/// Blocks devices by their names. A pattern that is there gets this reason.
[[nodiscard]] inline result<void> block(registry& r, blocked_device entry) {
    if (const auto p = detail::text_problem("pattern", entry.pattern, 255))
        return kf::fail(errc::usage, "the " + p->field + " " + p->what);
    if (!entry.reason.empty())
        if (const auto p = detail::text_problem("reason", entry.reason, 200))
            return kf::fail(errc::usage, "the " + p->field + " " + p->what);
    for (auto& old : r.blocked)
        if (io::to_lower(old.pattern) == io::to_lower(entry.pattern)) {
            if (!entry.reason.empty()) old.reason = std::move(entry.reason);
            return {};
        }
    r.blocked.push_back(std::move(entry));
    return {};
}

/// The opposite. errc::not_found names the patterns that there are; errc::refused: it is blocked in every registry.
[[nodiscard]] inline result<void> unblock(registry& r, std::string_view pattern) {
    const auto is_it = [&](const blocked_device& b) { return io::to_lower(b.pattern) == io::to_lower(pattern); };
    if (std::erase_if(r.blocked, is_it) > 0) return {};
    if (is_it(default_blocked))
        return kf::fail(error{errc::refused, fmt::format("{} is always blocked", pattern), default_blocked.reason});
    error e{errc::not_found, fmt::format("no pattern {} is blocked", pattern)};
    for (const auto& b : r.blocked) e.steps.push_back(fmt::format("kflash include --pattern '{}'", b.pattern));
    return kf::fail(std::move(e));
}

/// Changes the file under its lock: reads it again, calls `change(registry&) -> result<void>`, keeps the old file as
/// .bak, replaces it in one step. Two processes that do this lose nothing. A malformed file stays untouched, and so
/// does the file when `change` fails or changes nothing. `who` is what another process is told: "kflash add octopus".
template<class Change>
[[nodiscard]] result<registry> update(const std::filesystem::path& file, const std::string& who, Change&& change,
                                      io::time_point until = io::steady_clock{}.now() + std::chrono::seconds(10)) {
    std::error_code ec;
    // A devices.json that is a link (dotfiles) stays one: its target is replaced.
    const auto target = std::filesystem::is_symlink(file, ec) ? std::filesystem::weakly_canonical(file, ec) : file;
    KF_TRY(const auto lock, io::file_lock::take(target.string() + ".lock", who, until));
    auto before = io::read_file(target, registry_read_limit);
    if (!before && before.error().code != errc::not_found) return kf::fail(std::move(before).error());
    registry r;
    if (before) {
        KF_TRY(r, parse_registry_of(target, *before));
    }
    KF_CHECK(change(r));
    if (const auto p = problem(r.settings)) return kf::fail(errc::usage, p->field + " " + p->what);
    for (const auto& b : r.boards)
        if (const auto p = problem(b)) return kf::fail(errc::usage, b.key + ": " + p->field + " " + p->what);
    const std::string after = to_text(r);
    KF_TRY(r, parse_registry(after, target.string())); // what is written can be read again
    if (before && *before == after) return r;
    struct stat st{};
    mode_t mode = ::stat(target.c_str(), &st) == 0 ? st.st_mode & 0777 : 0644;
    if (!r.settings.moonraker_api_key.empty()) mode &= 0600; // others have no business with the key
    if (before) KF_CHECK(io::write_file(target.string() + ".bak", *before, mode));
    KF_CHECK(io::write_file(target, after, mode));
    return r;
}

} // namespace kf::board
