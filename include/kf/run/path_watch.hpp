// SPDX-License-Identifier: MIT
#pragma once
/// Is the machine where the drawing wants it? G-code that Klipper gets is read along as pieces of way, and each place
/// at which Klipper says the machine is has to lie on one of the last of them. Another client's move, or a macro's,
/// does not.

#include <kf/klippy/status.hpp>
#include <kf/planner/gcode_line.hpp>
#include <kf/run/loaded_skew.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::run {

class path_watch {
    struct piece {
        klippy::xyz from{}, to{};
        seconds nominal = 0;   ///< its length by its own F, counted up to `longest`
        bool anywhere = false; ///< a homing, a macro: where it goes is not known
        mm slack = 0;          ///< of an arc, which Klipper drives in straight pieces
    };
    std::deque<piece> pieces_;
    std::array<std::optional<mm>, 3> at_{};
    mm_per_s feed_ = 10;
    std::size_t forgotten_ = 0; ///< pieces that were here
    mm arc_slack_;
    int on_it_ = 0; ///< looks in a row that found it on the way

    /// Klipper reads a file up to two seconds, one look-ahead and two moves ahead of the pen. Those two may be of any
    /// length: a piece counts for a fifth of the window at most.
    static constexpr seconds window = 10, longest = 2;
    static constexpr int enough = 3;

    void add(const piece& p) { pieces_.push_back(p); }
    void unknown() {
        add({.anywhere = true});
        at_ = {};
    }
    void line_to(std::array<std::optional<mm>, 3> to, mm slack = 0) {
        if (!at_[0] || !at_[1] || !at_[2]) {
            add({.anywhere = true});
            at_ = to;
            return;
        }
        const klippy::xyz from{*at_[0], *at_[1], *at_[2]}, end{*to[0], *to[1], *to[2]};
        const mm way = std::hypot(end[0] - from[0], end[1] - from[1], end[2] - from[2]);
        if (way > 0) add({.from = from, .to = end, .nominal = std::min(way / feed_, longest), .slack = slack});
        at_ = to;
    }
    void arc_to(const planner::gcode_line& l, std::array<std::optional<mm>, 3> to, bool clockwise) {
        double i = 0, j = 0;
        (void)l.read('I', i);
        (void)l.read('J', j);
        if (!at_[0] || !at_[1]) return unknown();
        const mm cx = *at_[0] + i, cy = *at_[1] + j, r = std::hypot(i, j);
        const double begin = std::atan2(-j, -i), end = std::atan2(*to[1] - cy, *to[0] - cx);
        constexpr double turn = 2 * std::numbers::pi;
        double sweep = end - begin;
        while (clockwise ? sweep >= -1e-9 : sweep <= 1e-9) sweep += clockwise ? -turn : turn;
        const int steps = std::clamp(static_cast<int>(std::fabs(sweep) * r / 0.5), 16, 4096);
        for (int n = 1; n <= steps; ++n) {
            const double angle = begin + sweep * n / steps;
            line_to({cx + r * std::cos(angle), cy + r * std::sin(angle), at_[2]}, arc_slack_);
        }
        line_to(to, arc_slack_);
    }
    void feed_line(std::string_view text) {
        const planner::gcode_line l(text);
        if (l.command().empty()) return;
        if (l.letter() == 'G' && l.number() >= 0 && l.number() <= 3) {
            if (double f = 0; l.read('F', f) == planner::word::number && f > 0) feed_ = from_f_word(f);
            auto to = at_;
            bool moves = false;
            for (std::size_t i = 0; i < 3; ++i)
                if (double v = 0; l.read("XYZ"[i], v) == planner::word::number) {
                    to[i] = v;
                    moves = true;
                }
            if (!moves) return;
            if (l.number() >= 2) return arc_to(l, to, l.number() == 2);
            return line_to(to);
        }
        const bool stands = l.is("G90") || l.is("G17") || l.is("M400") || l.is("G4") ||
                            l.command().starts_with("KPLOT_") || l.letter() == 'M' || l.is("SET_IDLE_TIMEOUT") ||
                            l.is("PAUSE") || l.is("BASE_PAUSE");
        if (!stands) unknown();
    }

  public:
    /// Off the way by more than this is somebody else's. In Z a person may adjust the pressure of the pen.
    static constexpr mm tolerance = 0.1, z_tolerance = 1.0;

    /// `arc_resolution` is Klipper's: its G2 and G3 are straight pieces of that length.
    explicit path_watch(mm arc_resolution = 1)
      : arc_slack_(arc_resolution / 2) {}

    /// Where the machine stands before what is fed next.
    void stands_at(const klippy::xyz& p) {
        forgotten_ += pieces_.size();
        pieces_.clear();
        add({.from = p, .to = p});
        at_ = {p[0], p[1], p[2]};
        on_it_ = enough;
    }
    /// Somebody may have moved it, and was allowed to: it counts again when it is back on the way.
    void let_go() noexcept { on_it_ = 0; }

    /// Whole lines, in the order in which Klipper gets them.
    void feed(std::string_view text) {
        while (!text.empty()) {
            const auto end = std::min(text.find('\n'), text.size());
            feed_line(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
    }
    /// What is fed from here on, for prune_before(): text is fed before it is driven.
    [[nodiscard]] std::size_t mark() const noexcept { return forgotten_ + pieces_.size(); }
    /// Klipper has read all before the mark, and may hold the last of it still: forgets what lies further behind than
    /// it reads ahead. `speed_factor` is that of M220.
    void prune_before(std::size_t mark, double speed_factor) {
        seconds held = 0;
        for (std::size_t i = 0; i < pieces_.size() && forgotten_ + i < mark; ++i) held += pieces_[i].nominal;
        const seconds most = window * std::max(1.0, speed_factor);
        while (!pieces_.empty() && forgotten_ < mark && held - pieces_.front().nominal > most) {
            held -= pieces_.front().nominal;
            pieces_.pop_front();
            ++forgotten_;
        }
    }
    /// Whether a live position is on the way.
    [[nodiscard]] bool on_the_way(const klippy::xyz& p) {
        if (pieces_.empty()) return true;
        for (const piece& w : pieces_) {
            if (w.anywhere) return true;
            const std::array<double, 3> d{w.to[0] - w.from[0], w.to[1] - w.from[1], w.to[2] - w.from[2]};
            const double length2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            double part = 0;
            if (length2 > 0)
                part = std::clamp(((p[0] - w.from[0]) * d[0] + (p[1] - w.from[1]) * d[1] + (p[2] - w.from[2]) * d[2]) /
                                      length2,
                                  0.0, 1.0);
            if (std::hypot(p[0] - w.from[0] - part * d[0], p[1] - w.from[1] - part * d[1]) <= tolerance + w.slack &&
                std::fabs(p[2] - w.from[2] - part * d[2]) <= z_tolerance) {
                on_it_ = std::min(on_it_ + 1, enough);
                return true;
            }
        }
        // Whoever brings it back may cross the way.
        return std::exchange(on_it_, on_it_ < enough ? 0 : on_it_) < enough;
    }
};

/// Reads a job file along with Klipper, and compares the way in it with where the machine is.
class file_watch {
    std::ifstream in_;
    path_watch path_;
    loaded_skew skew_;
    std::uint64_t read_ = 0;
    struct line_ahead {
        std::uint64_t end;
        std::size_t mark; ///< of the path, before it
    };
    std::deque<line_ahead> beyond_; ///< the lines that were read and that Klipper has not
    seconds seen_ = 0;              ///< eventtime of the last look

    /// Klipper tells its place in the file after each line; the line that it is in comes behind it.
    static constexpr std::size_t ahead = 4;

  public:
    file_watch(const std::filesystem::path& file, mm arc_resolution, loaded_skew skew = {})
      : in_(file, std::ios::binary)
      , path_(arc_resolution)
      , skew_(std::move(skew)) {}

    /// A place of G-code.
    void begins_at(const klippy::xyz& p) { path_.stands_at(p); }
    /// After a pause, in which a person may move the machine.
    void let_go() noexcept { path_.let_go(); }

    /// Where the machine is when that is not on the file's way.
    [[nodiscard]] std::optional<klippy::xyz> stray(const klippy::printer_status& s) {
        const auto live = s.live_position();
        if (!in_ || !live || !s.virtual_sdcard || s.eventtime == seen_) return std::nullopt;
        seen_ = s.eventtime;
        const auto until = static_cast<std::uint64_t>(std::max<std::int64_t>(0, s.virtual_sdcard->file_position));
        std::string line;
        while (!beyond_.empty() && beyond_.front().end <= until) beyond_.pop_front();
        while (beyond_.size() < ahead && std::getline(in_, line)) {
            read_ += line.size() + 1;
            if (read_ > until) beyond_.push_back({read_, path_.mark()});
            path_.feed(line);
        }
        if (in_.eof()) in_.clear();
        path_.prune_before(beyond_.empty() ? path_.mark() : beyond_.front().mark,
                           s.gcode_move ? s.gcode_move->speed_factor : 1);
        return path_.on_the_way(skew_.before(*live)) ? std::nullopt : live;
    }
};

} // namespace kf::run
