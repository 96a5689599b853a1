// SPDX-License-Identifier: MIT
#pragma once
/// What was flashed when, and how it ended: one JSON line a flash, appended and synced, never rewritten. So it is whole
/// after a cut at any byte, but for its last line: that one is passed over, and the next one begins behind it.

#include <kf/board/usb_name.hpp>
#include <kf/flash/batch_record.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/json_records.hpp>
#include <kf/io/time_stamp.hpp>
#include <kf/sink.hpp>
#include <kf/units.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kf::flash {

struct ledger_entry {
    std::string time;   ///< UTC, as in 2026-01-25T12:00:00Z
    std::string action; ///< "flash" or "rollback"
    std::string board, mcu, sha256, version;
    std::string serial;         ///< the board's own, where it has one
    std::string inputs;         ///< hash of what the image was made from; empty when nobody knew
    std::string protocol;       ///< mcu::protocol_hash of the image
    std::string build_versions; ///< the compiler, as the image has it
    std::string image;          ///< its file among the kept images; empty when it was not kept
    std::string method;         ///< the last that was tried; empty when it did not come so far
    std::string result;         ///< "done", the name of an errc, or "begun"
    std::string what;           ///< what happened, when it is not "done"
    std::string wrote;          ///< "nothing", "some", "all"
    std::string service;        ///< "restored", "down", "not stopped"
    std::string assumed;        ///< why a person took upon himself what no printer could say; empty: nobody did
    seconds write_time = 0, verify_time = 0, downtime = 0;

    /// The board itself said that it runs this image.
    [[nodiscard]] bool verified() const noexcept { return result == "done"; }
    bool operator==(const ledger_entry&) const = default;
};

/// The result of a line that is written before the stop: if it is the last one of a board, kflash was killed, and
/// nobody knows what the board holds.
inline constexpr std::string_view begun = "begun";

namespace detail {

/// The members of a line that are text.
struct ledger_text {
    const char* name;
    std::string ledger_entry::* field;
};
inline constexpr ledger_text ledger_texts[] = {
    {"time", &ledger_entry::time},         {"action", &ledger_entry::action},
    {"board", &ledger_entry::board},       {"mcu", &ledger_entry::mcu},
    {"sha256", &ledger_entry::sha256},     {"version", &ledger_entry::version},
    {"serial", &ledger_entry::serial},     {"inputs", &ledger_entry::inputs},
    {"protocol", &ledger_entry::protocol}, {"build_versions", &ledger_entry::build_versions},
    {"image", &ledger_entry::image},       {"method", &ledger_entry::method},
    {"result", &ledger_entry::result},     {"what", &ledger_entry::what},
    {"wrote", &ledger_entry::wrote},       {"service", &ledger_entry::service},
    {"assumed", &ledger_entry::assumed}};

} // namespace detail

/// `e.time` is filled in.
[[nodiscard]] inline result<void> append(const std::filesystem::path& ledger, ledger_entry e,
                                         std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
    e.time = io::time_stamp(now);
    boost::json::object line;
    for (const auto& [name, field] : detail::ledger_texts) line[name] = e.*field;
    line["write_s"] = e.write_time;
    line["verify_s"] = e.verify_time;
    line["downtime_s"] = e.downtime;
    return io::append_line(ledger, boost::json::serialize(line));
}

struct ledger {
    std::vector<ledger_entry> entries = {}; ///< oldest first
    batch_record last_batch = {};
    std::vector<std::size_t> torn = {}; ///< numbers of lines, from 1, that are no record
};

/// A line about no board is another program's, or another part's: it is passed over.
[[nodiscard]] inline ledger parse_ledger(std::string_view text) {
    ledger all;
    all.torn = io::each_json_line(text, [&](const boost::json::object& o) {
        all.last_batch.take(o);
        ledger_entry e;
        for (const auto& [name, field] : detail::ledger_texts) e.*field = io::text_at(o, name);
        if (e.board.empty() || e.result.empty()) return;
        e.write_time = io::value_at<double>(o, "write_s").value_or(0);
        e.verify_time = io::value_at<double>(o, "verify_s").value_or(0);
        e.downtime = io::value_at<double>(o, "downtime_s").value_or(0);
        // That it began is of interest only as long as nothing tells how it ended.
        std::erase_if(all.entries, [&](const ledger_entry& x) { return x.board == e.board && x.result == begun; });
        all.entries.push_back(std::move(e));
    });
    return all;
}

/// None yet is an empty one.
[[nodiscard]] inline result<ledger> read_ledger(const std::filesystem::path& file) {
    const auto text = io::read_file(file, std::size_t{1} << 26);
    if (!text && text.error().code == errc::not_found) return ledger{};
    if (!text) return kf::fail(text.error());
    return parse_ledger(*text);
}
/// Lines that were cut short are told.
template<sink Sink>
[[nodiscard]] result<ledger> read_ledger(const std::filesystem::path& file, Sink& out) {
    auto all = read_ledger(file);
    if (all)
        for (const auto number : all->torn)
            out.warn(fmt::format("line {} of {} was cut short and is passed over", number, file.string()));
    return all;
}

/// A board by its key, and by its own serial number where it has one: another board may have come in its place.
struct ledger_board {
    std::string key;
    std::string serial = {}; ///< of the device that is there now; empty when it has none, or nobody looked

    [[nodiscard]] bool is_of(const ledger_entry& e) const {
        const bool both = board::is_chip_number(serial) && board::is_chip_number(e.serial);
        return e.board == key && (!both || e.serial == serial);
    }
};

/// What the board holds now, as far as the ledger tells: its last flash, if that one was verified. Null when it was
/// not, for then nobody knows.
[[nodiscard]] inline const ledger_entry* on_board(const ledger& all, const ledger_board& board) {
    for (auto e = all.entries.rbegin(); e != all.entries.rend(); ++e)
        if (board.is_of(*e) && e->wrote != "nothing") return e->verified() ? &*e : nullptr;
    return nullptr;
}

/// Where a rollback leads: the last verified flash before this one, of another image. After a flash that failed half
/// way that is the one before it. Null when there is none.
[[nodiscard]] inline const ledger_entry* before_this_one(const ledger& all, const ledger_board& board) {
    const auto* now = on_board(all, board);
    for (auto e = all.entries.rbegin(); e != all.entries.rend(); ++e)
        if (board.is_of(*e) && e->verified() && (now == nullptr || e->sha256 != now->sha256)) return &*e;
    return nullptr;
}

} // namespace kf::flash
