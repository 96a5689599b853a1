// SPDX-License-Identifier: MIT
#pragma once
/// A plotter that understands HP-GL: one instruction after the other, and what its pens have drawn by then. What a pen
/// cannot draw, and what is not known, is told.

#include <kf/drawing/affine.hpp>
#include <kf/drawing/drawing.hpp>
#include <kf/drawing/outline.hpp>
#include <kf/hpgl/hpgl_figures.hpp>
#include <kf/hpgl/hpgl_notes.hpp>
#include <kf/hpgl/hpgl_options.hpp>
#include <kf/hpgl/hpgl_pen.hpp>
#include <kf/hpgl/hpgl_polyline.hpp>
#include <kf/hpgl/hpgl_scale.hpp>
#include <kf/hpgl/hpgl_scanner.hpp>
#include <kf/io/printable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numbers>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kf::hpgl {

class hpgl_plotter {
  public:
    explicit hpgl_plotter(const hpgl_options& options)
      : options_(options) {}
    hpgl_plotter(const hpgl_plotter&) = delete;
    hpgl_plotter& operator=(const hpgl_plotter&) = delete;

    /// False for an instruction that is not known, which is told.
    bool run(const hpgl_instruction& i);
    /// At the end of a plot the pen goes up.
    void end() {
        raise();
        end_sheet();
        if (sheets_ > 1)
            notes_.tell(sheet_line_, note_kind::lacking,
                        fmt::format("there are {} pages: they are drawn on one sheet, one over the other", sheets_));
    }
    /// There is more than the limits allow.
    [[nodiscard]] bool full() const noexcept { return full_ || figures_.full() || pen_.full(); }

    /// The lines of each pen, in mm with Y upwards.
    [[nodiscard]] std::map<int, std::vector<polyline>>& layers() noexcept { return pen_.layers(); }
    /// In plotter units; 0 when the plot does not say it.
    [[nodiscard]] point page() const noexcept { return page_; }
    [[nodiscard]] std::string colour_of(int pen) const {
        const auto found = colours_.find(pen);
        return found == colours_.end() ? std::string() : found->second;
    }
    [[nodiscard]] hpgl_notes& notes() noexcept { return notes_; }

  private:
    using doing = void (hpgl_plotter::*)(const hpgl_instruction&);

    static doing find(std::string_view name);

    void initialize(const hpgl_instruction&);
    void default_values(const hpgl_instruction&);
    void pen_up(const hpgl_instruction& i) {
        raise();
        moves(i);
    }
    void pen_down(const hpgl_instruction& i) {
        lower();
        moves(i);
    }
    void absolute(const hpgl_instruction& i) {
        relative_ = false;
        moves(i);
    }
    void relative(const hpgl_instruction& i) {
        relative_ = true;
        moves(i);
    }
    void select_pen(const hpgl_instruction& i);
    void line_kind(const hpgl_instruction& i);
    void scale(const hpgl_instruction& i) {
        if (!scale_.set_scale(i.numbers)) tell_wrong(i, "has a range of nothing");
    }
    void corners(const hpgl_instruction& i) {
        if (!scale_.set_corners(i.numbers)) tell_wrong(i, "has corners that enclose nothing");
    }
    void rotate(const hpgl_instruction& i) { scale_.rotate(i.numbers.empty() ? 0 : i.numbers[0]); }
    void window(const hpgl_instruction& i);
    void page_size(const hpgl_instruction& i) {
        if (!i.numbers.empty()) page_ = {i.numbers[0], i.numbers.size() > 1 ? i.numbers[1] : i.numbers[0]};
    }
    void pen_colour(const hpgl_instruction& i);
    void arc_absolute(const hpgl_instruction& i) { arc(i, false); }
    void arc_relative(const hpgl_instruction& i) { arc(i, true); }
    void circle(const hpgl_instruction& i);
    void edge_rectangle(const hpgl_instruction& i) { rectangle(i, false); }
    void edge_rectangle_relative(const hpgl_instruction& i) { rectangle(i, true); }
    void fill_rectangle(const hpgl_instruction& i) {
        tell_fill(i);
        rectangle(i, false);
    }
    void fill_rectangle_relative(const hpgl_instruction& i) {
        tell_fill(i);
        rectangle(i, true);
    }
    void edge_wedge(const hpgl_instruction& i);
    void fill_wedge(const hpgl_instruction& i) {
        tell_fill(i);
        edge_wedge(i);
    }
    void polygon_mode(const hpgl_instruction& i);
    void edge_polygon(const hpgl_instruction&) { pen_.draw(polygon_); }
    void fill_polygon(const hpgl_instruction& i) {
        tell_fill(i);
        pen_.draw(polygon_);
    }
    void arc_through_absolute(const hpgl_instruction& i) { arc_through(i, false); }
    void arc_through_relative(const hpgl_instruction& i) { arc_through(i, true); }
    void next_page(const hpgl_instruction&);
    void end_sheet();
    void symbol(const hpgl_instruction& i) {
        if (!i.text.empty())
            notes_.tell(i.line, note_kind::lacking, "SM draws a character at each place: it is not drawn");
    }
    void curve_absolute(const hpgl_instruction& i) { curves(i, false); }
    void curve_relative(const hpgl_instruction& i) { curves(i, true); }
    void packed(const hpgl_instruction& i);
    void label(const hpgl_instruction& i);
    void speed(const hpgl_instruction& i) {
        notes_.tell(i.line, note_kind::told, "VS: the speed is that of the machine and its tool");
    }
    void nothing(const hpgl_instruction&) {}

    void tell_wrong(const hpgl_instruction& i, std::string_view why) {
        notes_.tell(i.line, note_kind::wrong, fmt::format("{} {}: it counts as not given", i.name, why));
    }
    void tell_fill(const hpgl_instruction& i) {
        notes_.tell(i.line, note_kind::told, fmt::format("{} fills: only the outline is drawn", i.name));
    }
    void raise() {
        if (in_polygon_) end_part();
        pen_.raise();
    }
    void lower() {
        if (!in_polygon_) return pen_.lower();
        if (part_.empty()) part_ = {at_mm()};
        polygon_down_ = true;
    }
    void end_part() {
        if (part_.size() > 1) polygon_.push_back(std::move(part_));
        part_.clear();
        polygon_down_ = false;
    }
    [[nodiscard]] point at_mm() const noexcept { return apply(scale_.to_mm(), at_); }
    void go(point to);
    void go_mm(point to_mm);
    void moves(const hpgl_instruction& i);
    void arc(const hpgl_instruction& i, bool relative_center);
    void arc_through(const hpgl_instruction& i, bool relative_points);
    void sweep_to(point center, double angle_deg);
    void curves(const hpgl_instruction& i, bool relative_points);
    void rectangle(const hpgl_instruction& i, bool relative_corner);
    template<class Draw>
    std::vector<polyline> figure(point from, Draw&& draw_it) {
        return figures_.lines(line_, from, draw_it);
    }

    hpgl_options options_;
    hpgl_notes notes_ = {};
    hpgl_pen pen_{options_, notes_};
    hpgl_scale scale_ = {};
    hpgl_figures figures_{options_, scale_, notes_};
    std::size_t line_ = 1; ///< of the instruction that runs
    point at_ = {};        ///< in the plot's units
    bool relative_ = false;
    bool in_polygon_ = false, polygon_down_ = false;
    std::vector<polyline> polygon_ = {};
    polyline part_ = {};
    point page_ = {}; ///< in plotter units
    std::map<int, std::string> colours_ = {};
    bool full_ = false;
    std::size_t sheets_ = 0, sheet_line_ = 0; ///< pages with ink, and where the first ends
    std::size_t drawn_before_ = 0;            ///< lines, on the pages before
};

inline hpgl_plotter::doing hpgl_plotter::find(std::string_view name) {
    using r = hpgl_plotter;
    static const std::unordered_map<std::string_view, doing> table = {{"IN", &r::initialize},
                                                                      {"DF", &r::default_values},
                                                                      {"PU", &r::pen_up},
                                                                      {"PD", &r::pen_down},
                                                                      {"PA", &r::absolute},
                                                                      {"PR", &r::relative},
                                                                      {"SP", &r::select_pen},
                                                                      {"LT", &r::line_kind},
                                                                      {"SC", &r::scale},
                                                                      {"IP", &r::corners},
                                                                      {"RO", &r::rotate},
                                                                      {"IW", &r::window},
                                                                      {"PS", &r::page_size},
                                                                      {"PC", &r::pen_colour},
                                                                      {"AA", &r::arc_absolute},
                                                                      {"AR", &r::arc_relative},
                                                                      {"AT", &r::arc_through_absolute},
                                                                      {"RT", &r::arc_through_relative},
                                                                      {"PG", &r::next_page},
                                                                      {"AF", &r::next_page},
                                                                      {"AH", &r::next_page},
                                                                      {"SM", &r::symbol},
                                                                      {"BL", &r::label},
                                                                      {"WD", &r::nothing},
                                                                      {"CI", &r::circle},
                                                                      {"EA", &r::edge_rectangle},
                                                                      {"ER", &r::edge_rectangle_relative},
                                                                      {"RA", &r::fill_rectangle},
                                                                      {"RR", &r::fill_rectangle_relative},
                                                                      {"EW", &r::edge_wedge},
                                                                      {"WG", &r::fill_wedge},
                                                                      {"PM", &r::polygon_mode},
                                                                      {"EP", &r::edge_polygon},
                                                                      {"FP", &r::fill_polygon},
                                                                      {"BZ", &r::curve_absolute},
                                                                      {"BR", &r::curve_relative},
                                                                      {"PE", &r::packed},
                                                                      {"LB", &r::label},
                                                                      {"VS", &r::speed}};
    const auto found = table.find(name);
    if (found != table.end()) return found->second;
    // Set how text and fills look, how hard the pen presses, what the plotter answers: nothing of it is drawn here.
    static constexpr std::string_view ignored =
        " AC AD AP AS BP CA CC CF CM CO CP CR CS CT CV DC DI DL DP DR DS DT DV EC EN ES FI FN FR FS FT GC GM GP IM "
        "IV KY LA LM LO MC MG MT NP NR OA OC OD OE OF OG OH OI OK OL OO OP OS OT OW PB PP PT PW QL RF RP SA SB SD "
        "SG SI SL SR SS ST SV TD TL TR UL VN WU ";
    return ignored.find(fmt::format(" {} ", name)) != ignored.npos ? &r::nothing : nullptr;
}

inline bool hpgl_plotter::run(const hpgl_instruction& i) {
    line_ = i.line;
    pen_.at_line(i.line);
    const doing what = find(i.name);
    if (what == nullptr) {
        notes_.tell(i.line, note_kind::lacking, fmt::format("{} is not known: passed over", i.name));
        return false;
    }
    if (i.broken) tell_wrong(i, "has a parameter that is no number");
    (this->*what)(i);
    return true;
}

inline void hpgl_plotter::initialize(const hpgl_instruction& i) {
    raise();
    default_values(i);
    scale_.reset();
    at_ = {};
    pen_.change([] {});
}

inline void hpgl_plotter::default_values(const hpgl_instruction&) {
    in_polygon_ = false;
    relative_ = false;
    const point where = at_mm();
    static_cast<void>(scale_.set_scale({}));
    if (const auto back = inverse(scale_.to_mm())) at_ = apply(*back, where);
    pen_.dash({});
    pen_.window(std::nullopt);
}

inline void hpgl_plotter::select_pen(const hpgl_instruction& i) {
    const double number = i.numbers.empty() ? 0 : i.numbers[0];
    if (!(number >= 0 && number <= 9999)) return tell_wrong(i, "has a number that no pen has");
    pen_.choose(static_cast<int>(number));
}

inline void hpgl_plotter::line_kind(const hpgl_instruction& i) {
    const double number = i.numbers.empty() ? 9 : i.numbers[0];
    if (number == 0) {
        notes_.tell(i.line, note_kind::lacking, "LT0 draws only the ends of lines: they are drawn whole");
        return pen_.dash({});
    }
    // In percent of the diagonal of P1 and P2, or in mm.
    const double length = i.numbers.size() > 1 ? i.numbers[1] : 4;
    const bool in_mm = i.numbers.size() > 2 && i.numbers[2] == 1;
    const double period = in_mm ? length : length / 100 * scale_.diagonal_mm();
    std::vector<double> lengths = std::abs(number) < 9 ? line_type(static_cast<int>(number)) : std::vector<double>{};
    for (double& l : lengths) l *= period / 100;
    if (!(period > 0)) lengths.clear();
    pen_.dash(std::move(lengths));
}

inline void hpgl_plotter::window(const hpgl_instruction& i) {
    if (i.numbers.size() < 4) return pen_.window(std::nullopt);
    const auto corner = [&](double x, double y) { return apply(scale_.to_mm(), {x, y}); };
    const auto& n = i.numbers;
    pen_.window(polyline{corner(n[0], n[1]), corner(n[2], n[1]), corner(n[2], n[3]), corner(n[0], n[3])});
}

inline void hpgl_plotter::pen_colour(const hpgl_instruction& i) {
    if (i.numbers.empty()) return colours_.clear();
    if (i.numbers.size() < 4 || !(i.numbers[0] >= 0 && i.numbers[0] <= 9999)) return;
    const auto part = [&](std::size_t at) { return static_cast<int>(std::clamp(i.numbers[at], 0.0, 255.0)); };
    colours_[static_cast<int>(i.numbers[0])] = fmt::format("#{:02x}{:02x}{:02x}", part(1), part(2), part(3));
}

inline void hpgl_plotter::go_mm(point to_mm) {
    if (!in_polygon_) return pen_.go(to_mm);
    if (!polygon_down_ && part_.empty())
        part_ = {to_mm};
    else if (part_.empty() || part_.back() != to_mm)
        part_.push_back(to_mm);
    full_ = full_ || part_.size() > options_.max_points;
}

inline void hpgl_plotter::go(point to) {
    at_ = to;
    go_mm(at_mm());
}

/// An odd number at the end is half of a place.
inline void hpgl_plotter::moves(const hpgl_instruction& i) {
    for (std::size_t k = 0; k + 1 < i.numbers.size(); k += 2) {
        const point p{i.numbers[k], i.numbers[k + 1]};
        go(relative_ ? point{at_.x + p.x, at_.y + p.y} : p);
    }
    if (i.numbers.size() % 2 != 0 && !i.broken) tell_wrong(i, "has an X without its Y");
}

inline void hpgl_plotter::arc(const hpgl_instruction& i, bool relative_center) {
    if (i.numbers.size() < 3) return tell_wrong(i, "has too few numbers");
    const auto& n = i.numbers;
    sweep_to(relative_center ? point{at_.x + n[0], at_.y + n[1]} : point{n[0], n[1]}, n[2]);
}

/// Of three points; on one line they are one.
inline void hpgl_plotter::arc_through(const hpgl_instruction& i, bool relative_points) {
    if (i.numbers.size() < 4) return tell_wrong(i, "has too few numbers");
    const auto& n = i.numbers;
    const point o = relative_points ? at_ : point{};
    const point middle{o.x + n[0], o.y + n[1]}, end{o.x + n[2], o.y + n[3]};
    const point b{middle.x - at_.x, middle.y - at_.y}, c{end.x - at_.x, end.y - at_.y};
    const double b2 = b.x * b.x + b.y * b.y, c2 = c.x * c.x + c.y * c.y;
    if (c2 == 0 && b2 > 0) return sweep_to({at_.x + b.x / 2, at_.y + b.y / 2}, 360);
    const double turn = b.x * c.y - b.y * c.x;
    if (std::abs(turn) <= 1e-9 * (b2 + c2)) {
        go(middle);
        return go(end);
    }
    const point center{(c.y * b2 - b.y * c2) / (2 * turn), (b.x * c2 - c.x * b2) / (2 * turn)};
    const double from = std::atan2(-center.y, -center.x), to = std::atan2(c.y - center.y, c.x - center.x);
    double angle = std::remainder(to - from, 2 * std::numbers::pi);
    if (turn > 0 && angle < 0) angle += 2 * std::numbers::pi;
    if (turn < 0 && angle > 0) angle -= 2 * std::numbers::pi;
    sweep_to({at_.x + center.x, at_.y + center.y}, angle * 180 / std::numbers::pi);
    go(end);
}

inline void hpgl_plotter::sweep_to(point center, double angle_deg) {
    const double radius = std::hypot(at_.x - center.x, at_.y - center.y);
    const double from = std::atan2(at_.y - center.y, at_.x - center.x) * 180 / std::numbers::pi;
    const auto lines = figure(at_, [&](outline& out) { hpgl_figures::sweep(out, center, radius, from, angle_deg); });
    if (std::abs(angle_deg) < 360) {
        const point end = apply(drawing::rotation(from + std::clamp(angle_deg, -360.0, 360.0)), {radius, 0});
        at_ = {center.x + end.x, center.y + end.y};
    }
    for (const polyline& line : lines)
        for (std::size_t k = 1; k < line.size(); ++k) go_mm(line[k]);
    go_mm(at_mm());
}

inline void hpgl_plotter::circle(const hpgl_instruction& i) {
    if (i.numbers.empty() || i.numbers[0] == 0) return tell_wrong(i, "has no radius");
    const double radius = std::abs(i.numbers[0]);
    const auto lines = figure(at_, [&](outline& out) { out.ellipse(at_.x, at_.y, radius, radius); });
    if (in_polygon_) {
        end_part();
        polygon_.insert(polygon_.end(), lines.begin(), lines.end());
    } else
        pen_.draw(lines);
}

inline void hpgl_plotter::rectangle(const hpgl_instruction& i, bool relative_corner) {
    if (i.numbers.size() < 2) return tell_wrong(i, "has too few numbers");
    const auto& n = i.numbers;
    const point far = relative_corner ? point{at_.x + n[0], at_.y + n[1]} : point{n[0], n[1]};
    pen_.draw(figure(at_, [&](outline& out) {
        out.line_to(far.x, at_.y);
        out.line_to(far.x, far.y);
        out.line_to(at_.x, far.y);
        out.close();
    }));
}

inline void hpgl_plotter::edge_wedge(const hpgl_instruction& i) {
    if (i.numbers.size() < 3) return tell_wrong(i, "has too few numbers");
    const auto& n = i.numbers;
    // Of a negative radius the zero is on the other side.
    const double radius = std::abs(n[0]), from = n[1] + (n[0] < 0 ? 180 : 0);
    const bool whole = std::abs(n[2]) >= 360;
    pen_.draw(figure(at_, [&](outline& out) {
        const point begin = apply(drawing::rotation(from), {radius, 0});
        if (whole) return out.ellipse(at_.x, at_.y, radius, radius);
        out.line_to(at_.x + begin.x, at_.y + begin.y);
        hpgl_figures::sweep(out, at_, radius, from, n[2]);
        out.close();
    }));
}

/// Between PM0 and PM2 nothing is drawn: the way becomes a polygon, for EP and FP.
inline void hpgl_plotter::polygon_mode(const hpgl_instruction& i) {
    const double mode = i.numbers.empty() ? 0 : i.numbers[0];
    const auto close_part = [&] {
        if (part_.size() > 2 && part_.front() != part_.back()) part_.push_back(part_.front());
        end_part();
    };
    if (mode == 0) {
        pen_.raise();
        polygon_.clear();
        in_polygon_ = true;
        polygon_down_ = true;
        part_ = {at_mm()};
    } else if (in_polygon_) {
        close_part();
        in_polygon_ = mode != 2;
        if (!in_polygon_) pen_.go(at_mm());
    }
}

inline void hpgl_plotter::curves(const hpgl_instruction& i, bool relative_points) {
    const auto& n = i.numbers;
    for (std::size_t k = 0; k + 5 < n.size(); k += 6) {
        const point o = relative_points ? at_ : point{};
        const point end{o.x + n[k + 4], o.y + n[k + 5]};
        const auto lines = figure(at_, [&](outline& out) {
            out.cubic_to(o.x + n[k], o.y + n[k + 1], o.x + n[k + 2], o.y + n[k + 3], end.x, end.y);
        });
        for (const polyline& line : lines)
            for (std::size_t p = 1; p < line.size(); ++p) go_mm(line[p]);
        go(end);
    }
    if (n.size() % 6 != 0) tell_wrong(i, "has too few numbers");
}

inline void hpgl_plotter::packed(const hpgl_instruction& i) {
    packed_lines in(i.text);
    while (const auto item = in.next()) {
        if (item->kind == packed_lines::item::pen) {
            if (item->pen_number >= 0 && item->pen_number <= 9999) pen_.choose(static_cast<int>(item->pen_number));
            continue;
        }
        if (item->up)
            raise();
        else
            lower();
        go(item->absolute ? item->to : point{at_.x + item->to.x, at_.y + item->to.y});
    }
    if (in.wrong()) tell_wrong(i, "has an unfinished number");
}

inline void hpgl_plotter::next_page(const hpgl_instruction&) {
    raise();
    end_sheet();
}

/// A page without ink is none.
inline void hpgl_plotter::end_sheet() {
    if (pen_.drawn() == drawn_before_) return;
    drawn_before_ = pen_.drawn();
    if (++sheets_ == 1) sheet_line_ = line_;
}

inline void hpgl_plotter::label(const hpgl_instruction& i) {
    if (i.endless) notes_.tell(i.line, note_kind::wrong, "a text has no end: what follows it in the file is not drawn");
    notes_.tell_label(i.line, io::printable(std::string(i.text.substr(0, 40))));
}

} // namespace kf::hpgl
