// SPDX-License-Identifier: MIT
#pragma once
/// Collects what the SVG reader has to tell: one note a kind, with the count and the first places. Each place counts
/// once, however often <use> repeats it: a hundred thousand dashed lines are one thing to know.

#include <kf/drawing/drawing.hpp>
#include <kf/svg/svg_document.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::svg {

using drawing::note;
using drawing::note_kind;

class svg_notes {
  public:
    /// `detail` is what differs from place to place; the first one is told.
    void add(note_kind kind, const svg_place& place, std::string_view tag, std::string text, std::string detail = {}) {
        entry& e = kinds_[std::move(text)];
        if (e.places.empty() || place.offset < e.first.offset) {
            e.first = place;
            e.detail = std::move(detail);
        }
        e.kind = std::max(e.kind, kind);
        if (!tag.empty() && e.tags.size() <= told && std::find(e.tags.begin(), e.tags.end(), tag) == e.tags.end())
            e.tags.emplace_back(tag);
        e.places.push_back({place.offset, place.line, place.column});
        if (e.places.size() >= e.tidy_at) e.tidy();
    }

    /// In the order of their first places.
    [[nodiscard]] std::vector<note> all() {
        std::vector<std::pair<svg_place, note>> found;
        for (auto& [text, e] : kinds_) {
            e.tidy();
            found.push_back({e.first, {e.first.line, write(text, e), e.kind}});
        }
        std::stable_sort(found.begin(), found.end(),
                         [](const auto& a, const auto& b) { return a.first.offset < b.first.offset; });
        std::vector<note> out;
        for (auto& [place, n] : found) out.push_back(std::move(n));
        return out;
    }

  private:
    static constexpr std::size_t told = 3;

    struct entry {
        note_kind kind = note_kind::told;
        svg_place first = {};
        std::string detail = {};
        std::vector<std::string> tags = {};
        std::vector<svg_place> places = {};
        std::size_t tidy_at = 1024;

        void tidy() {
            const auto before = [](const svg_place& a, const svg_place& b) { return a.offset < b.offset; };
            const auto same = [](const svg_place& a, const svg_place& b) { return a.offset == b.offset; };
            std::sort(places.begin(), places.end(), before);
            places.erase(std::unique(places.begin(), places.end(), same), places.end());
            tidy_at = std::max(tidy_at, 2 * places.size());
        }
    };

    static std::string write(const std::string& text, const entry& e) {
        std::string out;
        for (std::size_t i = 0; i < std::min(e.tags.size(), told); ++i)
            out += fmt::format("{}<{}>", i == 0 ? "" : ", ", e.tags[i]);
        if (e.tags.size() > told) out += ", ...";
        if (!out.empty()) out += ": ";
        out += text;
        if (const std::size_t n = e.places.size(); n > 1) {
            out += fmt::format(" ({} times: ", n);
            const std::size_t few = std::min(n, told);
            const bool one_line = e.places[0].line == e.places[few - 1].line;
            out += one_line ? fmt::format("line {}, columns", e.places[0].line) : "lines";
            for (std::size_t i = 0; i < few; ++i)
                out += fmt::format("{} {}", i == 0 ? "" : ",", one_line ? e.places[i].column : e.places[i].line);
            out += n > few ? ", ...)" : ")";
        }
        if (!e.detail.empty()) out += fmt::format("; {}{}", e.places.size() > 1 ? "the first: " : "", e.detail);
        return out;
    }

    std::map<std::string, entry> kinds_ = {};
};

} // namespace kf::svg
