// SPDX-License-Identifier: MIT
#pragma once
/// One line of a job as an operation; job/job_writer is the way back. Spec: kf-job(5).

#include <kf/io/json_fields.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>
#include <kf/job/field_source.hpp>
#include <kf/job/job_header.hpp>
#include <kf/job/operation.hpp>
#include <kf/job/pen_row.hpp>

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace kf::job {

/// The operation of a parsed line of a job with this header, or why it is none.
[[nodiscard]] inline std::expected<operation, std::string>
to_operation(const boost::json::object& object, const job_header& header, std::size_t most_points) {
    field_source f(object);
    const auto op = io::value_at<std::string_view>(object, "op");
    if (!op) return std::unexpected("the field \"op\" is missing");
    const std::string_view name = *op;
    const auto done = [&](operation o) -> std::expected<operation, std::string> {
        if (!f.why().empty()) return std::unexpected(fmt::format("{}: {}", name, f.why()));
        return o;
    };
    const auto plain = [&](operation o) {
        f.only({"op"});
        return done(std::move(o));
    };
    if (name == "draw_polyline") {
        f.only({"op", "points", "feed"});
        draw_polyline o{f.points(most_points), f.feed()};
        return done(std::move(o));
    }
    if (name == "rapid_xy") {
        f.only({"op", "x", "y"});
        return done(rapid_xy{{f.coordinate("x"), f.coordinate("y")}});
    }
    if (name == "tool_up") return plain(tool_up{});
    if (name == "tool_down") return plain(tool_down{});
    if (name == "linear_move") {
        f.only({"op", "x", "y", "feed"});
        return done(linear_move{{f.coordinate("x"), f.coordinate("y")}, f.feed()});
    }
    if (name == "draw_arc") {
        f.only({"op", "x", "y", "i", "j", "cw", "feed"});
        return done(draw_arc{{f.coordinate("x"), f.coordinate("y")},
                             {f.coordinate("i"), f.coordinate("j")},
                             f.flag("cw") ? turn::clockwise : turn::counter_clockwise,
                             f.feed()});
    }
    if (name == "home_xy") return plain(home_xy{});
    if (name == "select_tool") {
        f.only({"op", "tool"});
        return done(select_tool{f.word("tool")});
    }
    if (name == "set_ink_mix") {
        f.only({"op", "c", "m", "y"});
        return done(set_ink_mix{f.number("c", 0, 1), f.number("m", 0, 1), f.number("y", 0, 1)});
    }
    if (name == "spray_on") return plain(spray_on{});
    if (name == "spray_off") return plain(spray_off{});
    if (name == "purge") {
        f.only({"op", "volume_ml"});
        return done(purge{f.number("volume_ml", 0, 1000)});
    }
    if (name == "refill_pump" || name == "prime_line") {
        f.only({"op", "pump"});
        std::string pump = f.word("pump");
        return done(name == "prime_line" ? operation(prime_line{std::move(pump)})
                                         : operation(refill_pump{std::move(pump)}));
    }
    if (name == "select_pen") {
        f.only({"op", "pen"});
        if (!f.has("pen")) return done(select_pen{});
        auto pen = read_pen_row(*f.find("pen"));
        if (!pen) f.wrong("pen: " + std::move(pen).error());
        return done(select_pen{std::move(pen).value_or(drawing::pen{})});
    }
    if (name == "pause" || name == "message") {
        f.only({"op", "text"});
        std::string text = name == "message" || f.has("text") ? f.text("text") : "";
        if (!drawing::is_message(text) && (name == "message" || !text.empty())) f.wrong(message_rule);
        return done(name == "pause" ? operation(await_person{std::move(text)})
                                    : operation(show_message{std::move(text)}));
    }
    if (name == "macro") {
        f.only({"op", "name"});
        std::string macro = f.text("name");
        if (!drawing::is_macro_name(macro)) f.wrong("\"name\" must be the name of a G-code macro");
        return done(call_macro{std::move(macro)});
    }
    if (name == "begin_layer") {
        f.only({"op", "layer"});
        if (header.version == 1) f.wrong("the header says version 1, and layers came with version 2");
        if (header.layers.empty()) f.wrong("the header has no layers");
        const auto most = static_cast<double>(std::max<std::size_t>(1, header.layers.size()));
        return done(begin_layer{static_cast<std::size_t>(f.whole("layer", 1, most))});
    }
    const auto near = io::near_names(name, operation_names);
    return std::unexpected(fmt::format("there is no operation \"{}\"{}", io::printable(name),
                                       near.empty() ? "" : fmt::format(", is it \"{}\"?", near.front())));
}

} // namespace kf::job
