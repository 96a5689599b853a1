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
#include <kf/sink/utf8.hpp>

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

namespace detail {

/// A name as a person tells it from others: blanks around it, what takes no room and the case of letters are not seen.
[[nodiscard]] inline std::string as_seen(std::string_view name) {
    constexpr std::u32string_view blanks = U" \t\u00a0\u2002\u2003\u2007\u2009\u202f\u3000";
    std::string out;
    for (std::size_t bytes = 0; !name.empty(); name.remove_prefix(bytes)) {
        const auto c = first_character(name);
        bytes = c.bytes;
        if (c.valid && blanks.contains(c.code))
            out += ' ';
        else if (!c.valid || width_of(c.code) != 0)
            out += name.substr(0, bytes);
    }
    const auto first = out.find_first_not_of(' ');
    if (first == out.npos) return {};
    return io::to_lower(out.substr(first, out.find_last_not_of(' ') - first + 1));
}
[[nodiscard]] inline bool is_called(const board& b, std::string_view seen) {
    return as_seen(b.name) == seen || as_seen(b.key) == seen;
}
[[nodiscard]] inline error no_such_board(const registry& r, std::string_view word) {
    std::vector<std::string> known;
    for (const auto& b : r.boards) {
        known.push_back(b.key);
        if (io::to_lower(b.name) != io::to_lower(b.key)) known.push_back(b.name);
    }
    const auto near = io::near_names(word, known);
    error e{errc::not_found, fmt::format("there is no board \"{}\"", word)};
    if (r.boards.empty()) {
        e.cause = "no board is registered yet";
        e.steps = {"kflash add"};
    } else {
        if (!near.empty()) e.cause = fmt::format("did you mean {}?", fmt::join(near, ", "));
        e.steps = {"kflash list"};
    }
    return e;
}
/// Of a word that several boards answer to.
[[nodiscard]] inline error several_boards(std::string_view word, const std::vector<board>& meant) {
    std::vector<std::string> who;
    for (const auto& b : meant) who.push_back(fmt::format("{} (key {})", b.name, b.key));
    error e{errc::usage, fmt::format("{} boards are called \"{}\"", meant.size(), word),
            fmt::format("they are {}", fmt::join(who, ", "))};
    const bool is_a_key = std::ranges::any_of(meant, [&](const board& b) { return b.key == word; });
    if (!is_a_key) e.steps.emplace_back("give the key instead");
    for (const auto& b : meant)
        if (as_seen(b.name) == as_seen(word) && b.key != word)
            e.steps.push_back(fmt::format("{}kflash edit {} --name ANOTHER", is_a_key ? "" : "or ", b.key));
    return e;
}

} // namespace detail

/// The board with exactly that key: of a program that has found it before. errc::not_found gives the nearest names.
[[nodiscard]] inline result<board> with_key(const registry& r, std::string_view key) {
    for (const auto& b : r.boards)
        if (b.key == key) return b;
    return kf::fail(detail::no_such_board(r, key));
}

/// The board that a person means: its key or its name is the word, whatever its case. errc::not_found gives the nearest
/// names; errc::usage: several boards answer to it, as after a rename in an editor, and none of them is taken.
[[nodiscard]] inline result<board> find(const registry& r, std::string_view word) {
    const auto seen = detail::as_seen(word);
    const bool is_a_key = std::ranges::find(r.boards, word, &board::key) != r.boards.end();
    std::vector<board> meant;
    for (const auto& b : r.boards)
        // Keys may differ by their case alone; that it is somebody's key does not make it another one's name any less.
        if (is_a_key ? b.key == word || detail::as_seen(b.name) == seen : detail::is_called(b, seen))
            meant.push_back(b);
    if (meant.empty()) return kf::fail(detail::no_such_board(r, word));
    if (meant.size() > 1) return kf::fail(detail::several_boards(word, meant));
    return meant.front();
}

/// The board other than `but_key` that answers to such a name already, as its name or as its key; null when there is
/// none. A renamed board is still found by its key.
[[nodiscard]] inline const board* name_taken(const registry& r, std::string_view name, std::string_view but_key = {}) {
    const auto seen = detail::as_seen(name);
    for (const auto& b : r.boards)
        if (b.key != but_key && detail::is_called(b, seen)) return &b;
    return nullptr;
}
/// errc::usage: another board answers to it.
[[nodiscard]] inline result<void> check_name(const registry& r, std::string_view name, std::string_view but_key = {}) {
    const auto* other = name_taken(r, name, but_key);
    if (other == nullptr) return {};
    return kf::fail(error{
        errc::usage,
        fmt::format("there is already a board called \"{}\"", name),
        detail::as_seen(other->name) == detail::as_seen(name) ? "" : fmt::format("it is the key of {}", other->name),
        {},
        {"kflash list", "give this one another name"}});
}

/// Takes `b` in. An empty key becomes the slug of the name; the key that it got is returned.
[[nodiscard]] inline result<std::string> add(registry& r, board b) {
    const bool has_key = !b.key.empty();
    if (!has_key) b.key = unique_slug(b.name, [&](const std::string& key) { return name_taken(r, key) != nullptr; });
    if (const auto p = problem(b)) return kf::fail(errc::usage, "the board's " + p->field + " " + p->what);
    if (has_key && name_taken(r, b.key) != nullptr)
        return kf::fail(errc::usage, "there is already a board with the key or name " + b.key);
    KF_CHECK(check_name(r, b.name));
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
