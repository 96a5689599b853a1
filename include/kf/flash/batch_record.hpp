// SPDX-License-Identifier: MIT
#pragma once
/// Which boards a batch set out to flash: one line in the ledger before its stop, so that a batch that was cut short,
/// by a signal or by a power cut, can be told from one that came to its end.

#include <kf/io/atomic_file.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/time_stamp.hpp>

#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

/// {"time": .., "batch": ["octopus", "pico"]}: it is about no single board, and has none.
[[nodiscard]] inline result<void>
append_batch(const std::filesystem::path& ledger, const std::vector<std::string>& boards,
             std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
    boost::json::array keys;
    for (const auto& key : boards) keys.emplace_back(key);
    return io::append_line(
        ledger, boost::json::serialize(boost::json::object{{"time", io::time_stamp(now)}, {"batch", std::move(keys)}}));
}

/// What became of the last batch.
struct batch_record {
    std::map<std::string, std::string> done; ///< flashed and verified in it, or since: with the hash of the inputs
    std::set<std::string> begun;             ///< not done: it was cut short, or they failed

    [[nodiscard]] bool was_cut() const noexcept { return !begun.empty(); }
    /// The next line of a ledger.
    void take(const boost::json::object& line) {
        if (line.contains("batch")) {
            *this = {};
            for (const auto& key : io::array_at(line, "batch"))
                if (auto word = io::value_as<std::string>(key)) begun.insert(*std::move(word));
        } else if (io::text_at(line, "result") == "done" && io::text_at(line, "action") != "rollback" &&
                   begun.erase(io::text_at(line, "board")) > 0) {
            done.emplace(io::text_at(line, "board"), io::text_at(line, "inputs"));
        }
    }
};

} // namespace kf::flash
