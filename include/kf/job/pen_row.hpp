// SPDX-License-Identifier: MIT
#pragma once
/// A row of the table of pens in a job's header (job/job_header): what drawing/pen says of a pen, as JSON. What is as
/// with the tool alone is not written. Texts that may end up in G-code are plain here already. Spec: kf-job(5).

#include <kf/drawing/pen.hpp>
#include <kf/io/decimal.hpp>
#include <kf/job/field_source.hpp>
#include <kf/job/operation.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace kf::job {

/// A text of JSON, with its quotes.
[[nodiscard]] inline std::string json_text(std::string_view s) {
    return boost::json::serialize(boost::json::string(s));
}

inline constexpr const char* message_rule = "\"text\" must be 1 to 120 printable ASCII characters without ; \" # *";

namespace detail {

inline drawing::pen_change read_pen_change(const boost::json::object& object, std::string& why) {
    using way = drawing::pen_change::way;
    field_source f(object);
    f.only({"how", "text"});
    drawing::pen_change out;
    const auto& words = drawing::pen_change_words;
    const auto word = std::find(words.begin(), words.end(), f.text("how"));
    if (word == words.end())
        f.wrong(fmt::format("\"how\" is one of {}", fmt::join(words, ", ")));
    else
        out.how = static_cast<way>(word - words.begin());
    if (f.has("text")) out.text = f.text("text");
    const bool may_lack = out.how == way::nothing || out.how == way::pause;
    const bool good = out.text.empty()        ? may_lack
                      : out.how == way::macro ? drawing::is_macro_name(out.text)
                                              : out.how != way::nothing && drawing::is_message(out.text);
    if (!good)
        f.wrong(out.how == way::macro     ? "\"text\" must be the name of a G-code macro"
                : out.how == way::nothing ? "\"text\" is for nobody here"
                                          : message_rule);
    why = f.why();
    return out;
}

} // namespace detail

/// The pen of a row, or why it is none.
[[nodiscard]] inline std::expected<drawing::pen, std::string> read_pen_row(const boost::json::value& value) {
    if (!value.is_object()) return std::unexpected("a pen is an object");
    field_source f(value.get_object());
    f.only(
        {"name", "colour", "feed", "feed_percent", "plunge", "height", "height_percent", "offset", "delay", "change"});
    drawing::pen p;
    p.name = f.text("name");
    if (p.name.empty()) f.wrong("a pen has a name");
    if (f.has("colour")) p.colour = f.colour("colour");
    p.feed = f.speed("feed");
    p.plunge = f.speed("plunge");
    const auto number = [&](std::string_view field, double& into, double min, double max) {
        if (f.has(field)) into = f.number(field, min, max);
    };
    number("feed_percent", p.feed_percent, 0.001, 1000);
    number("height", p.height, -1000, 1000);
    number("height_percent", p.height_percent, 0, 100);
    number("delay", p.delay, 0, 86400);
    if (f.has("offset")) p.offset = f.place("offset");
    if (const auto* change = f.object("change")) {
        std::string why;
        p.change = detail::read_pen_change(*change, why);
        if (!why.empty()) f.wrong("change: " + why);
    }
    if (!f.why().empty()) return std::unexpected(f.why());
    return p;
}

inline void append_pen_row(std::string& out, const drawing::pen& p) {
    static const drawing::pen plain;
    out += "{\"name\":" + json_text(p.name);
    const auto number = [&](std::string_view field, double value) {
        out += fmt::format(",\"{}\":{}", field, io::to_decimal(value, job_decimals));
    };
    if (!p.colour.empty()) out += ",\"colour\":" + json_text(p.colour);
    if (p.feed) number("feed", *p.feed);
    if (p.feed_percent != plain.feed_percent) number("feed_percent", p.feed_percent);
    if (p.plunge) number("plunge", *p.plunge);
    if (p.height != plain.height) number("height", p.height);
    if (p.height_percent != plain.height_percent) number("height_percent", p.height_percent);
    if (p.offset != plain.offset)
        out += fmt::format(",\"offset\":[{},{}]", io::to_decimal(p.offset.x, job_decimals),
                           io::to_decimal(p.offset.y, job_decimals));
    if (p.delay != plain.delay) number("delay", p.delay);
    if (p.change != plain.change) {
        out += fmt::format(",\"change\":{{\"how\":\"{}\"",
                           drawing::pen_change_words[static_cast<std::size_t>(p.change.how)]);
        if (!p.change.text.empty()) out += ",\"text\":" + json_text(p.change.text);
        out += '}';
    }
    out += '}';
}

} // namespace kf::job
