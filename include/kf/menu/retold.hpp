// SPDX-License-Identifier: MIT
#pragma once
/// The JSON lines of a command that the menu runs, read back as the events that they were: what a page shows of a flash
/// is what the command line shows. kf-json(5) documents the lines.

#include <kf/flash/event.hpp>
#include <kf/io/json_fields.hpp>

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::menu {

/// What the command wants to know before it goes on; the answer is a line of its input.
struct asked {
    std::string text;
    std::string usual;                     ///< what an empty line means
    std::vector<std::string> choices = {}; ///< the answer is the number of one, from 1
};

namespace detail {

[[nodiscard]] inline std::optional<errc> errc_named(std::string_view word) {
    for (auto code = errc::failed; code <= errc::interrupted; code = static_cast<errc>(std::to_underlying(code) + 1))
        if (word == name(code)) return code;
    return std::nullopt;
}

[[nodiscard]] inline phase phase_named(std::string_view word) {
    for (auto p = phase::discovery; p <= phase::simulation; p = static_cast<phase>(std::to_underlying(p) + 1))
        if (word == label(p)) return p;
    return phase::run;
}

[[nodiscard]] inline std::vector<std::string> texts_at(const boost::json::object& o, std::string_view key) {
    std::vector<std::string> texts;
    for (const auto& value : io::array_at(o, key))
        if (auto text = io::value_as<std::string>(value)) texts.push_back(*std::move(text));
    return texts;
}

[[nodiscard]] inline error error_of(const boost::json::object& o) {
    error e{errc_named(io::text_at(o, "errc")).value_or(errc::failed), io::text_at(o, "what"), io::text_at(o, "cause"),
            io::text_at(o, "command"), texts_at(o, "steps")};
    e.output = texts_at(o, "output");
    e.board = io::text_at(o, "board");
    return e;
}

[[nodiscard]] inline record record_of(const boost::json::object& o) {
    record r{io::text_at(o, "kind"), {}};
    for (const auto& [key, value] : o) {
        if (key == "event" || key == "kind") continue;
        if (auto text = io::value_as<std::string>(value))
            r.fields.push_back({key, *std::move(text)});
        else if (const auto flag = io::value_as<bool>(value))
            r.fields.push_back({key, *flag});
        else if (const auto whole = io::value_as<std::int64_t>(value))
            r.fields.push_back({key, *whole});
        else if (const auto number = io::value_as<double>(value))
            r.fields.push_back({key, *number});
    }
    return r;
}

} // namespace detail

/// The text of a field; empty when there is none.
[[nodiscard]] inline std::string text_in(const record& r, std::string_view name) {
    for (const auto& f : r.fields)
        if (f.name == name)
            if (const auto* text = std::get_if<std::string>(&f.value)) return *text;
    return {};
}
[[nodiscard]] inline bool flag_in(const record& r, std::string_view name) {
    for (const auto& f : r.fields)
        if (f.name == name)
            if (const auto* flag = std::get_if<bool>(&f.value)) return *flag;
    return false;
}

/// Tells the event of one line; a question is given back. What is no line of ours is nothing.
template<flash::reporter Reporter>
std::optional<asked> retell(std::string_view line, Reporter& to) {
    boost::system::error_code ec;
    const auto value = boost::json::parse(line, ec);
    if (ec || !value.is_object()) return std::nullopt;
    const auto& o = value.get_object();
    const auto kind = io::text_at(o, "event"), text = io::text_at(o, "text");
    const auto phase_name = io::text_at(o, "phase"), unit = io::text_at(o, "unit");
    const auto in = detail::phase_named(phase_name);
    std::string board = io::text_at(o, "board");
    if (kind == "question") return asked{text, io::text_at(o, "usual"), detail::texts_at(o, "choices")};
    if (kind == "step") {
        to.tell({board, flash::started{in, text}});
    } else if (kind == "progress") {
        const auto count = [&](const char* name) {
            return static_cast<std::uint64_t>(io::value_at<double>(o, name).value_or(0));
        };
        to.tell({board, flash::progressed{{in, count("done"), count("total"), unit,
                                           io::value_at<double>(o, "elapsed_s").value_or(0)}}});
    } else if (kind == "note") {
        to.tell({board, flash::noted{flash::noted::loudness::note, text}});
    } else if (kind == "warning") {
        to.tell({board, flash::warned{text}});
    } else if (kind == "error") {
        const auto e = detail::error_of(o);
        to.tell({board, flash::failed{e}});
    } else if (kind == "result") {
        const auto r = detail::record_of(o);
        if (board.empty()) board = text_in(r, "key");
        to.tell({board, flash::done{r}});
    }
    return std::nullopt;
}

} // namespace kf::menu
