// SPDX-License-Identifier: MIT
#pragma once
/// Text becomes a drawing: lines of the single-stroke font of drawing/font, set left, centred or right, wrapped by
/// words, turned. For `kplot text`, and for whoever labels a drawing.

#include <kf/drawing/font.hpp>
#include <kf/error.hpp>
#include <kf/sink/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::drawing {

enum class text_side { left, centre, right };

struct text_options {
    mm height = 5; ///< of a capital
    point at = {}; ///< the left end, the middle or the right end of the first line; y is a capital's top
    text_side side = text_side::left;
    double line_spacing = 1.7;    ///< from baseline to baseline, in heights of a capital; from 1.65 on no lines touch
    std::optional<mm> width = {}; ///< lines are wrapped to it, by words
    double turn_deg = 0;          ///< clockwise about `at`
    mm tolerance = 0.01;          ///< how far a line may be from a curve
};

namespace detail {

/// One word, or what is between two: glyphs with their places along the line, in units.
struct text_run {
    std::vector<std::pair<glyph, double>> glyphs = {};
    double width = 0; ///< the advances, kerning included
};

struct text_line {
    text_run run = {};
    std::size_t number = 1; ///< of the text
};

/// A character that the font lacks, and where it was first.
struct missing_character {
    std::size_t line, count;
};

class text_setter {
    const text_options& options_;
    std::vector<text_line> lines_ = {};
    std::map<char32_t, missing_character> missing_ = {};
    std::size_t too_wide_ = 0; ///< a line with a word wider than options_.width; 0: none

    [[nodiscard]] double unit() const noexcept { return options_.height / cap_height; }

    void append(text_run& run, char32_t code, std::size_t line) {
        // More marks than any language has go on by themselves: each looks at all that are there.
        constexpr std::size_t most_parts = 8;
        if (is_mark(code) && !run.glyphs.empty() && run.glyphs.back().first.parts.size() < most_parts) {
            auto& [g, at] = run.glyphs.back();
            if (g.base == U'i' || g.base == U'j') { // without its dot
                const char32_t dotless = g.base == U'i' ? U'ı' : U'ȷ';
                g = *find_glyph(dotless);
            }
            add_mark(g, code);
            run.width = at + g.advance;
            return;
        }
        auto g = find_glyph(code);
        if (!g) {
            ++missing_.try_emplace(code, missing_character{line, 0}).first->second.count;
            g = find_glyph(U'□');
        }
        if (!run.glyphs.empty()) run.width += kerning(run.glyphs.back().first.base, g->base);
        const double advance = g->advance;
        run.glyphs.emplace_back(*std::move(g), run.width);
        run.width += advance;
    }
    static void join(text_run& line, const text_run& run) {
        for (const auto& [g, at] : run.glyphs) line.glyphs.emplace_back(g, line.width + at);
        line.width += run.width;
    }
    void end_line(text_run& line, std::size_t number) { lines_.push_back({std::exchange(line, {}), number}); }

    /// A line of the text: words and the blanks between them; those at the end of a wrapped line are not set.
    void set(const std::u32string& text, std::size_t number) {
        text_run line, blank, word;
        const double most = options_.width ? *options_.width / unit() : 0;
        const auto end_word = [&] {
            if (word.glyphs.empty()) return;
            if (options_.width && !line.glyphs.empty() && line.width + blank.width + word.width > most)
                end_line(line, number);
            else
                join(line, blank);
            if (options_.width && word.width > most && too_wide_ == 0) too_wide_ = number;
            join(line, word);
            blank = word = {};
        };
        for (const char32_t code : text) {
            if (code != U' ' && code != U'\t') {
                append(word, code, number);
                continue;
            }
            end_word();
            for (int n = code == U'\t' ? 4 : 1; n > 0; --n) append(blank, U' ', number);
        }
        end_word();
        end_line(line, number);
    }

  public:
    explicit text_setter(const text_options& options)
      : options_(options) {}

    result<void> read(std::string_view text) {
        constexpr char32_t soft_hyphen = 0xAD, zero_width_space = 0x200B, byte_order_mark = 0xFEFF;
        std::u32string line;
        std::size_t number = 1;
        for (std::size_t at = 0; at < text.size();) {
            const utf8_character c = first_character(text.substr(at));
            if (!c.valid)
                return kf::fail({errc::malformed,
                                 fmt::format("the text is not UTF-8: byte {} of it is 0x{:02X}", at + 1,
                                             static_cast<unsigned char>(text[at])),
                                 {},
                                 {},
                                 {"convert it, for example: iconv -f latin1 -t utf-8"}});
            at += c.bytes;
            if (c.code == U'\n') {
                set(line, number++);
                line.clear();
            } else if (c.code != U'\r' && c.code != soft_hyphen && c.code != zero_width_space &&
                       c.code != byte_order_mark)
                line += c.code;
        }
        if (!line.empty()) set(line, number);
        return {};
    }

    result<drawing> draw() const {
        drawing d{.layers = {{1, "text", {}}}};
        double widest = 0;
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            const text_run& run = lines_[i].run;
            widest = std::max(widest, run.width);
            const double share = options_.side == text_side::left ? 0 : options_.side == text_side::centre ? 0.5 : 1;
            const double baseline = cap_height * (1 + static_cast<double>(i) * options_.line_spacing);
            const affine line = translation(options_.at.x, options_.at.y) * rotation(options_.turn_deg) *
                                scaling(unit(), unit()) * translation(-run.width * share, baseline) * scaling(1, -1);
            for (const auto& [g, at] : run.glyphs)
                if (draw_glyph(g, d.layers[0].lines, line * translation(at, 0), {.tolerance = options_.tolerance}) !=
                    outline_fault::none)
                    return kf::fail(
                        {errc::refused,
                         fmt::format("line {} of the text reaches farther than 100000 mm", lines_[i].number),
                         {},
                         {},
                         {"make it smaller, or wrap it to a width"}});
        }
        d.width = widest * unit();
        d.height =
            lines_.empty() ? 0 : options_.height * (1 + static_cast<double>(lines_.size() - 1) * options_.line_spacing);
        tell(d);
        return d;
    }

  private:
    void tell(drawing& d) const {
        constexpr std::size_t most_told = 8;
        std::size_t told = 0;
        for (const auto& [code, m] : missing_) {
            if (++told > most_told) {
                d.notes.push_back(
                    {m.line,
                     fmt::format("the font lacks {} more characters: boxes are drawn", missing_.size() - most_told),
                     note_kind::lacking});
                break;
            }
            std::string shown;
            if (code >= U' ' && append_utf8(shown, code)) shown = fmt::format(" \"{}\"", shown);
            d.notes.push_back(
                {m.line,
                 fmt::format("the font has no character U+{:04X}{}: a box is drawn{}", static_cast<std::uint32_t>(code),
                             shown, m.count == 1 ? "" : fmt::format(" ({} times)", m.count)),
                 note_kind::lacking});
        }
        if (too_wide_ != 0)
            d.notes.push_back({too_wide_, fmt::format("a word is wider than {} mm, and stands out", *options_.width),
                               note_kind::told});
    }
};

} // namespace detail

/// One layer, "text"; the page is as large as its lines. A character that the font lacks is a box and a note. Marks may
/// follow their letters (NFD). errc::malformed for what is not UTF-8.
[[nodiscard]] inline result<drawing> text_drawing(std::string_view utf8, const text_options& options = {}) {
    detail::text_setter setter(options);
    KF_CHECK(setter.read(utf8));
    return setter.draw();
}

} // namespace kf::drawing
