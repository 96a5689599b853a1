// SPDX-License-Identifier: MIT
#pragma once
/// The first line of a job: format and version, and since version 2 what a drawing has beside its strokes, so that a
/// filter works on a job as on a drawing: the page, the layers and the pens. Version 1 is read, version 2 is written.
/// Spec: kf-job(5).

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/printable.hpp>
#include <kf/job/field_source.hpp>
#include <kf/job/operation.hpp>
#include <kf/job/pen_row.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::job {

inline constexpr int job_version = 2;
/// The shortest header.
inline constexpr std::string_view plain_job_header = R"({"format":"kf-job","version":2})";

/// A drawing::layer without its lines: they are the strokes behind a begin_layer with its place in the header.
struct job_layer {
    int number = 1;
    std::string name = {};
    std::string colour = {}; ///< "#rrggbb", or empty
    std::string pen = {};    ///< the name of one of job_header::pens, or empty
    bool operator==(const job_layer&) const = default;
};

struct job_header {
    int version = job_version;
    mm width = 0, height = 0; ///< the page; 0: it is not known
    std::vector<job_layer> layers = {};
    std::vector<drawing::pen> pens = {}; ///< each with its own name
    std::string meta = {};               ///< JSON of whoever wrote the job; empty: none
    bool operator==(const job_header&) const = default;
};

namespace detail {

inline job_layer read_layer(const boost::json::value& value, std::string& why) {
    job_layer out;
    if (!value.is_object()) return why = "a layer is an object", out;
    field_source f(value.get_object());
    f.only({"number", "name", "colour", "pen"});
    out.number = static_cast<int>(f.whole("number", 0, 1'000'000));
    if (f.has("name")) out.name = f.text("name");
    if (f.has("colour")) out.colour = f.colour("colour");
    if (f.has("pen")) out.pen = f.text("pen");
    why = f.why();
    return out;
}

/// Nothing when each pen has a name of its own and each pen of a layer is there, else what is wrong.
inline std::string pens_fault(const job_header& header) {
    std::set<std::string_view> names;
    for (const drawing::pen& p : header.pens)
        if (!names.insert(p.name).second) return fmt::format("there are two pens \"{}\"", io::printable(p.name));
    for (std::size_t i = 0; i < header.layers.size(); ++i)
        if (const std::string& pen = header.layers[i].pen; !pen.empty() && !names.contains(pen))
            return fmt::format("layer {}: there is no pen \"{}\"", i + 1, io::printable(pen));
    return {};
}

} // namespace detail

/// The header in this object, or why it is none that we can follow.
[[nodiscard]] inline std::expected<job_header, std::string> read_job_header(const boost::json::object& object) {
    if (io::value_at<std::string_view>(object, "format") != "kf-job")
        return std::unexpected(fmt::format("the first line must be the header {}", plain_job_header));
    field_source f(object);
    job_header out;
    out.version = static_cast<int>(f.whole("version", 1, 1'000'000));
    if (!f.why().empty()) return std::unexpected(f.why());
    if (out.version > job_version)
        return std::unexpected(
            fmt::format("this is a job of version {}, and we read versions 1 and {}", out.version, job_version));
    if (out.version == 1)
        f.only({"format", "version", "meta"});
    else
        f.only({"format", "version", "page", "layers", "pens", "meta"});
    if (const auto* page = f.object("page")) {
        field_source sides(*page);
        sides.only({"width", "height"});
        out.width = sides.number("width", 0, field_source::largest);
        out.height = sides.number("height", 0, field_source::largest);
        if (!sides.why().empty()) f.wrong("page: " + sides.why());
    }
    if (const auto* layers = f.list("layers"))
        for (const boost::json::value& value : *layers) {
            std::string why;
            out.layers.push_back(detail::read_layer(value, why));
            if (!why.empty()) f.wrong(fmt::format("layer {}: {}", out.layers.size(), why));
        }
    if (const auto* pens = f.list("pens"))
        for (const boost::json::value& value : *pens) {
            auto pen = read_pen_row(value);
            if (!pen) f.wrong(fmt::format("pen {}: {}", out.pens.size() + 1, pen.error()));
            out.pens.push_back(pen ? *std::move(pen) : drawing::pen());
        }
    if (std::string why = detail::pens_fault(out); f.why().empty() && !why.empty()) f.wrong(std::move(why));
    if (f.has("meta")) out.meta = boost::json::serialize(*f.find("meta"));
    if (!f.why().empty()) return std::unexpected(f.why());
    return out;
}

/// Appends the header line, of job_version whatever the version was that was read.
inline void append_job_header(std::string& out, const job_header& header) {
    out += plain_job_header.substr(0, plain_job_header.size() - 1);
    if (header.width > 0 && header.height > 0)
        out += fmt::format(R"(,"page":{{"width":{},"height":{}}})", io::to_decimal(header.width, job_decimals),
                           io::to_decimal(header.height, job_decimals));
    std::string_view before = ",\"layers\":[";
    for (const job_layer& l : header.layers) {
        out += fmt::format(R"({}{{"number":{})", std::exchange(before, ","), l.number);
        if (!l.name.empty()) out += ",\"name\":" + json_text(l.name);
        if (!l.colour.empty()) out += ",\"colour\":" + json_text(l.colour);
        if (!l.pen.empty()) out += ",\"pen\":" + json_text(l.pen);
        out += '}';
    }
    if (!header.layers.empty()) out += ']';
    before = ",\"pens\":[";
    for (const drawing::pen& p : header.pens) {
        out += std::exchange(before, ",");
        append_pen_row(out, p);
    }
    if (!header.pens.empty()) out += ']';
    if (!header.meta.empty()) out += ",\"meta\":" + header.meta;
    out += "}\n";
}

} // namespace kf::job
