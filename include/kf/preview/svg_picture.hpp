// SPDX-License-Identifier: MIT
#pragma once
/// A preview as SVG: groups with ids, strokes in groups with the classes of their layer and pen, in hundredths of a
/// millimetre, so that no number needs a point. Spec: https://www.w3.org/TR/SVG11/.

#include <kf/preview/legend.hpp>
#include <kf/preview/scene.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace kf::preview {

namespace detail {

inline std::string xml_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
        }
    }
    return out;
}

inline std::string hex(colour c) { return fmt::format("#{:02x}{:02x}{:02x}", c.red, c.green, c.blue); }

/// Writes a path of many lines, each place by how far it is from the one before.
class path_writer {
    std::string& out_;
    std::int64_t x_ = 0, y_ = 0;
    bool begun_ = false;

    static std::int64_t unit(mm v) noexcept { return std::llround(std::clamp(v, -1e9, 1e9) * 100); }
    void number(std::int64_t v, bool first) {
        if (!first && v >= 0) out_ += ' ';
        const fmt::format_int text(v);
        out_.append(text.data(), text.size());
    }
    void step(std::int64_t x, std::int64_t y, bool first) {
        number(x - x_, first);
        number(y - y_, false);
        x_ = x;
        y_ = y;
    }

  public:
    explicit path_writer(std::string& out)
      : out_(out) {}

    void line(std::span<const point> points) {
        if (points.empty()) return;
        out_ += begun_ ? 'm' : 'M';
        begun_ = true;
        step(unit(points[0].x), unit(points[0].y), true);
        bool drawn = false;
        for (const point p : points.subspan(1)) {
            const std::int64_t x = unit(p.x), y = unit(p.y);
            if (x == x_ && y == y_) continue;
            if (!drawn) out_ += 'l';
            step(x, y, !drawn);
            drawn = true;
        }
        if (!drawn) out_ += "h0"; // round ends make it a dot
    }
};

inline std::string svg_rectangle(std::string_view id, const rectangle& r, std::string_view look) {
    return fmt::format("<rect id=\"{}\" x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" {}/>\n", id,
                       r.left * 100, r.top * 100, r.width() * 100, r.height() * 100, look);
}

} // namespace detail

[[nodiscard]] inline std::string svg_picture(const scene& s, const view_options& view = {}) {
    const rectangle all = s.bounds_with_machine();
    const mm longer = std::max(all.width(), all.height()), edge = 0.02 * longer, text = 0.02 * longer;
    const auto legend = legend_of(s, view.by);
    const tints colours(s, view.by);
    const mm thin = longer / 1500, below = edge + 1.6 * text * static_cast<double>(legend.size());
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}mm\" height=\"{1:g}mm\" viewBox=\"{2:.0f} {3:.0f} "
        "{4:.0f} {5:.0f}\">\n<rect id=\"paper\" x=\"{2:.0f}\" y=\"{3:.0f}\" width=\"{4:.0f}\" height=\"{5:.0f}\" "
        "fill=\"#fff\"/>\n",
        all.width() + 2 * edge, all.height() + 2 * edge + below, (all.left - edge) * 100, (all.top - edge) * 100,
        (all.width() + 2 * edge) * 100, (all.height() + 2 * edge + below) * 100);
    const auto frame = [&](std::string_view colour_of, std::string_view dashes) {
        return fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"{:.0f}\"{}", colour_of, thin * 100, dashes);
    };
    const std::string dashed = fmt::format(" stroke-dasharray=\"{:.0f}\"", thin * 600);
    out += detail::svg_rectangle("work-area", s.work_area, frame("#bbb", ""));
    out += detail::svg_rectangle("canvas", s.canvas, frame("#555", ""));
    if (s.margin != s.canvas) out += detail::svg_rectangle("margin", s.margin, frame("#999", dashed));
    if (s.page) out += detail::svg_rectangle("page", *s.page, frame("#06c", dashed));
    out += "<g id=\"keep-outs\" fill=\"#c00\" fill-opacity=\".15\" stroke=\"#c00\" stroke-width=\"" +
           fmt::format("{:.0f}\">\n", thin * 100);
    for (const taken_place& k : s.keep_outs) {
        const std::string name = fmt::format("<title>{}</title>", detail::xml_text(k.name));
        if (const auto* r = std::get_if<rectangle>(&k.area))
            fmt::format_to(std::back_inserter(out),
                           "<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\">{}</rect>\n",
                           r->left * 100, r->top * 100, r->width() * 100, r->height() * 100, name);
        else {
            const auto& d = std::get<machine::disc>(k.area);
            fmt::format_to(std::back_inserter(out), "<circle cx=\"{:.0f}\" cy=\"{:.0f}\" r=\"{:.0f}\">{}</circle>\n",
                           d.centre.x * 100, d.centre.y * 100, d.radius * 100, name);
        }
    }
    out += "</g>\n";
    if (view.travel && s.travel.size() != 0) {
        fmt::format_to(std::back_inserter(out),
                       "<g id=\"travel\" fill=\"none\" stroke=\"#888\" opacity=\".6\" stroke-width=\"{:.0f}\">\n",
                       std::max(1.0, thin * 50));
        constexpr std::size_t at_once = 200; // renderers take a square of time for one path of all of them
        for (std::size_t i = 0; i < s.travel.size();) {
            out += "<path d=\"";
            detail::path_writer path(out);
            for (const std::size_t end = std::min(i + at_once, s.travel.size()); i < end; ++i) path.line(s.travel[i]);
            out += "\"/>\n";
        }
        out += "</g>\n";
    }
    fmt::format_to(std::back_inserter(out),
                   "<g id=\"strokes\" fill=\"none\" stroke-width=\"{:.0f}\" stroke-linecap=\"round\" "
                   "stroke-linejoin=\"round\">\n",
                   std::max(1.0, view.pen_width * 100));
    std::size_t part = 0;
    for (std::size_t i = 0; i < s.strokes.size();) {
        const auto layer = s.layer_of[i], pen = s.pen_of[i];
        const auto together = [&](std::size_t n) {
            return n < s.strokes.size() && s.layer_of[n] == layer && s.pen_of[n] == pen;
        };
        fmt::format_to(std::back_inserter(out), "<g id=\"part-{}\" class=\"layer-{} pen-{}\"><title>{}, {}</title>\n",
                       ++part, layer + 1, pen + 1, detail::xml_text(s.layers[layer].name),
                       detail::xml_text(s.pens[pen].name));
        while (together(i)) {
            const std::size_t tint = colours.of(i);
            out += "<path stroke=\"" + detail::hex(colours.shown(tint)) + "\" d=\"";
            detail::path_writer path(out);
            for (; together(i) && colours.of(i) == tint; ++i) path.line(s.strokes[i]);
            out += "\"/>\n";
        }
        out += "</g>\n";
    }
    out += "</g>\n";
    if (s.strokes.size() != 0) {
        const auto first = s.strokes[0], last = s.strokes[s.strokes.size() - 1];
        const mm mark = longer / 220;
        if (!first.empty())
            fmt::format_to(std::back_inserter(out),
                           "<circle id=\"start\" cx=\"{:.0f}\" cy=\"{:.0f}\" r=\"{:.0f}\" fill=\"#0a0\"/>\n",
                           first.front().x * 100, first.front().y * 100, mark * 100);
        if (!last.empty())
            out += detail::svg_rectangle(
                "end", {last.back().x - mark, last.back().y - mark, last.back().x + mark, last.back().y + mark},
                "fill=\"#c00\"");
    }
    fmt::format_to(std::back_inserter(out),
                   "<g id=\"legend\" font-family=\"sans-serif\" font-size=\"{:.0f}\" fill=\"#222\">\n", text * 100);
    mm line = all.bottom + edge + 1.2 * text;
    for (const legend_line& l : legend) {
        mm left = all.left;
        const mm high = 0.7 * text;
        const auto sample = [&](std::size_t tint, mm wide) {
            fmt::format_to(std::back_inserter(out),
                           "<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" fill=\"{}\"/>\n",
                           left * 100, (line - high) * 100, wide * 100, high * 100, detail::hex(colours.shown(tint)));
            left += wide;
        };
        if (l.shows == legend_line::sample::tint) sample(l.tint, 2 * text);
        if (l.shows == legend_line::sample::order)
            for (std::size_t i = 0; i < colours.count(); ++i)
                sample(i, 8 * text / static_cast<double>(colours.count()));
        if (l.shows != legend_line::sample::none) left += text / 2;
        fmt::format_to(std::back_inserter(out), "<text x=\"{:.0f}\" y=\"{:.0f}\">{}</text>\n", left * 100, line * 100,
                       detail::xml_text(l.text));
        line += 1.6 * text;
    }
    return out + "</g>\n</svg>\n";
}

} // namespace kf::preview
