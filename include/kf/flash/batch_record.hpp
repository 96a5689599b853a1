// SPDX-License-Identifier: MIT
#pragma once
/// Which boards a batch set out to flash: one line in the ledger before its stop, so that a batch that was cut short,
/// by a signal or by a power cut, can be told from one that came to its end.

#include <kf/flash/ledger.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/io/json_fields.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kf::flash {

/// {"time": .., "batch": ["octopus", "pico"]}: it is about no single board, and has none.
[[nodiscard]] inline result<void>
append_batch(const std::filesystem::path& ledger, const std::vector<std::string>& boards,
             std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
    boost::json::array keys;
    for (const auto& key : boards) keys.emplace_back(key);
    return io::append_line(
        ledger, boost::json::serialize(boost::json::object{{"time", time_stamp(now)}, {"batch", std::move(keys)}}));
}

/// What became of the last batch.
struct batch_record {
    std::map<std::string, std::string> done; ///< flashed and verified in it, or since: with the hash of the inputs
    std::set<std::string> begun;             ///< not done: it was cut short, or they failed

    [[nodiscard]] bool was_cut() const noexcept { return !begun.empty(); }
};

/// Reads the text of a ledger. A line that is no record (the last one of a power cut) is passed over.
[[nodiscard]] inline batch_record last_batch(std::string_view ledger) {
    batch_record last;
    while (!ledger.empty()) {
        const auto end = std::min(ledger.find('\n'), ledger.size());
        boost::system::error_code ec;
        const auto line = boost::json::parse(ledger.substr(0, end), ec);
        ledger.remove_prefix(std::min(end + 1, ledger.size()));
        if (ec || !line.is_object()) continue;
        const auto& o = line.as_object();
        if (o.contains("batch")) {
            last = {};
            for (const auto& key : io::array_at(o, "batch"))
                if (auto word = io::value_as<std::string>(key)) last.begun.insert(*std::move(word));
        } else if (io::text_at(o, "result") == "done" && io::text_at(o, "action") != "rollback" &&
                   last.begun.erase(io::text_at(o, "board")) > 0) {
            last.done.emplace(io::text_at(o, "board"), io::text_at(o, "inputs"));
        }
    }
    return last;
}

} // namespace kf::flash
