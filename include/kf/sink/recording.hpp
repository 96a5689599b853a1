// SPDX-License-Identifier: MIT
#pragma once
/// A sink that keeps what it was told, for tests and for the --dry-run comparison.

#include <kf/sink.hpp>

namespace kf {

struct recording_sink {
    struct event {
        std::string kind, text;
        bool operator==(const event&) const = default;
    };
    std::vector<event> events;
    std::vector<kf::progress> bars;
    std::vector<record> results;
    std::vector<error> errors;

    void step(phase p, std::string_view text) { events.push_back({std::string(label(p)), std::string(text)}); }
    void progress(const kf::progress& p) { bars.push_back(p); }
    void note(std::string_view text) { events.push_back({"note", std::string(text)}); }
    void warn(std::string_view text) { events.push_back({"warning", std::string(text)}); }
    void detail(std::string_view text) { events.push_back({"detail", std::string(text)}); }
    void frame(std::string_view text) { events.push_back({"frame", std::string(text)}); }
    void fail(const error& e) { errors.push_back(e); }
    void result(const record& r) { results.push_back(r); }

    [[nodiscard]] bool said(std::string_view part) const {
        for (const auto& e : events)
            if (e.text.find(part) != std::string::npos) return true;
        return false;
    }
};
static_assert(sink<recording_sink>);

} // namespace kf
