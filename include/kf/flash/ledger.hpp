// SPDX-License-Identifier: MIT
#pragma once
/// What was flashed when, and how it ended: one JSON line a flash, appended and synced, never rewritten.

#include <kf/io/atomic_file.hpp>
#include <kf/units.hpp>

#include <boost/json.hpp>

#include <chrono>
#include <ctime>
#include <string>

namespace kf::flash {

struct ledger_entry {
    std::string board, mcu, sha256, version;
    std::string method;  ///< the last that was tried; empty when it did not come so far
    std::string result;  ///< "done" or the name of an errc
    std::string what;    ///< what happened, when it is not "done"
    std::string wrote;   ///< "nothing", "some", "all"
    std::string service; ///< "restored", "down"
    seconds write_time = 0, verify_time = 0, downtime = 0;
};

[[nodiscard]] inline std::string time_stamp(std::chrono::system_clock::time_point now) {
    const std::time_t t = std::chrono::system_clock::to_time_t(now);
    std::tm parts{};
    ::gmtime_r(&t, &parts);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return stamp;
}

[[nodiscard]] inline result<void> append(const std::filesystem::path& ledger, const ledger_entry& e,
                                         std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
    return io::append_line(ledger, boost::json::serialize(boost::json::object{{"time", time_stamp(now)},
                                                                              {"board", e.board},
                                                                              {"mcu", e.mcu},
                                                                              {"sha256", e.sha256},
                                                                              {"version", e.version},
                                                                              {"method", e.method},
                                                                              {"result", e.result},
                                                                              {"what", e.what},
                                                                              {"wrote", e.wrote},
                                                                              {"service", e.service},
                                                                              {"write_s", e.write_time},
                                                                              {"verify_s", e.verify_time},
                                                                              {"downtime_s", e.downtime}}));
}

} // namespace kf::flash
