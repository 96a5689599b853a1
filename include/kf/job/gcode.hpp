// SPDX-License-Identifier: MIT
#pragma once
/// Strokes to G-code, a stroke at a time: absolute machine coordinates, no G92, fixed notation, ASCII, F only where it
/// changes. Up is the absolute z_states.travel_mm, and the tool is up before
/// every travel and at the end. Spec: https://www.klipper3d.org/G-Codes.html.

#include <kf/error.hpp>
#include <kf/io/ascii.hpp>
#include <kf/job/arc.hpp>
#include <kf/job/motion_script.hpp>
#include <kf/job/reversal_watch.hpp>
#include <kf/job/stroke.hpp>
#include <kf/job/transform.hpp>
#include <kf/machine/way.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kf::job {

/// What becomes of arcs: straight pieces, or G2 and G3 for a printer whose live objects have gcode_arcs.
enum class arc_style { flattened, native };

struct gcode_options {
    mm arc_tolerance = 0.01; ///< between an arc and its pieces
    arc_style arcs = arc_style::flattened;
    std::vector<std::string> live_objects = {}; ///< objects/list; a macro is called only when it is in there
    std::string boundary_macro = {};            ///< called after each drawn stroke, tool up, when live_objects has it
    std::string pause = "PAUSE";                ///< Klipper's; empty: whoever sends the G-code waits by itself
};

/// Something a person should know about the G-code, told once with how often it happens.
struct gcode_warning {
    std::string what;
    std::size_t first_operation = 0;
    std::size_t count = 0;
    bool operator==(const gcode_warning&) const = default;
};

/// Klipper compares macro names without case, and lists them as they stand in printer.cfg.
[[nodiscard]] inline bool has_macro(const std::vector<std::string>& objects, std::string_view macro) {
    const auto same = [](char a, char b) { return io::to_upper(a) == io::to_upper(b); };
    const std::string wanted = fmt::format("gcode_macro {}", macro);
    return std::any_of(objects.begin(), objects.end(), [&](const std::string& object) {
        return std::equal(object.begin(), object.end(), wanted.begin(), wanted.end(), same);
    });
}

/// Appends G-code to a string, stroke after stroke. begin() and end() frame a file; a script of one stroke needs
/// neither. When write() fails, the string is as it was, and the job ends there.
class gcode_writer {
    const machine::machine& machine_;
    gcode_options options_;
    head head_;
    std::optional<double> z_;            // commanded; nothing when it is not known
    std::optional<double> f_;            // the F word in force, mm/s
    std::optional<machine::xy> written_; // the last X and Y in the text
    std::optional<machine::xy> stands_;  // where somebody else left the machine
    reversal_watch reversal_;
    bool boundary_;
    bool down_ = false;
    bool plunges_ = false;  // down is asked for, and waits for the first move: a dwell before it has the tool up
    bool plane_ = false;    // G17 is in force: the plane of arcs is in no status, and others may have set another
    bool restated_ = false; // the next X and Y are written, also when they are where the head stands
    std::vector<gcode_warning> warnings_;
    std::optional<std::size_t> stopped_; // where the text went on behind the last pause

    static machine::xy rounded(machine::xy p) noexcept {
        constexpr double grid = 1e4;
        static_assert(place_decimals == 4);
        return {std::round(p.x * grid) / grid, std::round(p.y * grid) / grid};
    }
    void warn(std::size_t number, std::string_view what) {
        for (gcode_warning& w : warnings_)
            if (w.what == what) {
                ++w.count;
                return;
            }
        warnings_.push_back({std::string(what), number, 1});
    }
    void end_line(std::string& out, mm_per_s speed) {
        if (f_ != speed) append_feed(out, speed);
        f_ = speed;
        out += '\n';
    }
    void z_to(std::string& out, mm z, mm_per_s speed) {
        if (z_ == z) return;
        if (z_) reversal_.rest(std::fabs(z - *z_) / speed);
        out += "G1";
        append_word(out, 'Z', z);
        end_line(out, speed);
        z_ = z;
    }
    void plunge(std::string& out) {
        if (!std::exchange(plunges_, false)) return;
        z_to(out, head_.work_mm(), head_.plunge_feed());
    }
    void raise(std::string& out) {
        plunge(out); // a dot
        z_to(out, machine_.z_states.travel_mm, head_.tool().lift());
        down_ = false;
    }
    mm_per_s drawing_speed(const step& s, std::optional<mm_per_s> feed) {
        const mm_per_s wanted = feed.value_or(head_.feed()), most = machine_.motion.max_velocity_mm_s;
        if (wanted > most) warn(s.number, "a feed is lowered to motion.max_velocity_mm_s");
        return std::min(wanted, most);
    }
    /// A dwell before a move that begins with this speed, where the motors need one.
    void settle(std::string& out, const step& s, machine::xy speed) {
        const seconds pause = machine_.steppers.direction_reversal_pause_s;
        const seconds lowering = plunges_ && z_ ? std::fabs(head_.work_mm() - *z_) / head_.plunge_feed() : 0;
        if (!reversal_.turns_back(speed, machine::reversal_limit(machine_), pause - lowering)) return;
        out += "G4";
        append_word(out, 'P', pause * 1000.0, 0);
        out += '\n';
        if (down_ && !plunges_) warn(s.number, "the pen dwells on the paper where an axis turns back fast");
    }
    void move(std::string& out, const step& s, std::string_view code, point p, mm_per_s speed) {
        const machine::xy to = rounded(head_.where().to_machine(p));
        head_.move_to(head_.where().to_machine(p));
        if (written_ == to && !restated_) return;
        if (written_ && written_ != to) {
            const double dx = to.x - written_->x, dy = to.y - written_->y, length = std::hypot(dx, dy);
            const machine::xy velocity{speed * dx / length, speed * dy / length};
            settle(out, s, velocity);
            plunge(out);
            reversal_.moved(velocity);
        } else if (!written_)
            reversal_.forget();
        plunge(out);
        restated_ = false;
        out += code;
        append_word(out, 'X', to.x);
        append_word(out, 'Y', to.y);
        end_line(out, speed);
        written_ = to;
    }
    result<void> travel(std::string& out, const step& s, std::string_view code, point p, mm_per_s speed) {
        raise(out);
        const placement where = head_.where();
        const auto from = stands_ ? stands_ : head_.at();
        if (const auto stood = std::exchange(stands_, std::nullopt)) {
            written_ = rounded(*stood);
            reversal_.forget();
        }
        const auto way =
            machine::way_to(machine_, head_.tool(), from.value_or(where.to_machine(p)), where.to_machine(p));
        if (!way)
            return refuse(
                s, errc::out_of_bounds, "finds no way round a keep-out",
                fmt::format("{} ({}) is in it", io::printable(way.error()->name), machine::area_text(*way.error())));
        for (std::size_t i = 0; i + 1 < way->size(); ++i) move(out, s, code, where.to_canvas((*way)[i]), speed);
        move(out, s, code, p, speed);
        return {};
    }
    /// To where the job has the head, after a homing or whatever else may have left it beside that place.
    result<void> go_there(std::string& out, const step& s) {
        return travel(out, s, "G0", head_.where().to_canvas(*head_.at()), head_.tool().travel_feed_mm_s);
    }
    void native_arc(std::string& out, const step& s, const draw_arc& op, const arc& a, mm_per_s speed) {
        const placement where = head_.where();
        const double mirror = where.flip_y ? -1 : 1;
        const bool full = std::fabs(a.sweep) >= 2 * std::numbers::pi;
        // An arc whose end is written as its beginning is a whole circle to Klipper, and one that is written to end
        // beside it is none.
        if (!full && std::fabs(a.sweep) < std::numbers::pi && written_ == rounded(where.to_machine(op.to))) {
            move(out, s, "G1", op.to, speed);
            return;
        }
        const auto along = [&](double angle) { // the tangent, in machine coordinates
            const double way = a.sweep < 0 ? -speed : speed;
            return machine::xy{-std::sin(angle) * way, std::cos(angle) * way * mirror};
        };
        settle(out, s, along(a.start_angle));
        plunge(out);
        if (!std::exchange(plane_, true)) out += "G17\n";
        reversal_.moved(along(a.start_angle + a.sweep));
        out += (op.way == turn::clockwise) == where.flip_y ? "G2" : "G3";
        const machine::xy to = full && written_ ? *written_ : rounded(where.to_machine(op.to));
        append_word(out, 'X', to.x);
        append_word(out, 'Y', to.y);
        append_word(out, 'I', op.center.x);
        append_word(out, 'J', op.center.y * mirror);
        end_line(out, speed);
        head_.move_to(where.to_machine(op.to));
        written_ = to;
    }
    result<void> draw(std::string& out, const step& s, const draw_arc& op) {
        const auto start = head_.on_canvas();
        if (!start)
            return refuse(s, errc::refused, "begins at an unknown place", "rapid_xy or home_xy has to come before it");
        const auto a = make_arc(*start, op);
        if (!a) return refuse(s, errc::malformed, "is no arc", a.error());
        const mm_per_s speed = drawing_speed(s, op.feed);
        if (options_.arcs == arc_style::native)
            native_arc(out, s, op, *a, speed);
        else
            flatten(*a, options_.arc_tolerance, [&](point p) { move(out, s, "G1", p, speed); });
        return {};
    }
    result<void> select(std::string& out, const step& s, const select_tool& op) {
        raise(out);
        KF_CHECK(head_.select(s, op.tool));
        const std::string macro = io::to_upper("TOOL_" + op.tool);
        if (!has_macro(options_.live_objects, macro)) return {};
        call(out, macro);
        return {};
    }
    /// What a macro does is its own affair: afterwards the mode is set and Z is lifted again, and the head goes back to
    /// where the job knows it.
    void call(std::string& out, std::string_view macro) {
        out += macro;
        out += "\nG90\n";
        const auto before = head_.at();
        forget();
        raise(out);
        if (!before) return;
        const machine::xy back = rounded(*before);
        out += "G0";
        append_word(out, 'X', back.x);
        append_word(out, 'Y', back.y);
        end_line(out, head_.tool().travel_feed_mm_s);
        written_ = back;
    }
    result<void> select(std::string& out, const step& s, const select_pen& op) {
        raise(out);
        KF_CHECK(head_.select_pen(s, op.pen));
        if (op.pen.delay <= 0) return {};
        out += "G4";
        append_word(out, 'P', op.pen.delay * 1000.0, 0);
        out += '\n';
        reversal_.rest(op.pen.delay);
        return {};
    }
    result<void> to_change_place(std::string& out, const step& s) {
        return travel(out, s, "G0", head_.where().to_canvas(machine::pen_change_place(machine_)),
                      head_.tool().travel_feed_mm_s);
    }
    static void message(std::string& out, std::string_view text) {
        out += "M117";
        if (!text.empty()) out += ' ';
        out += text;
        out += '\n';
    }
    /// What a person does in a pause is his own affair, as with a macro. Klipper says that it is paused when the
    /// machine stands there, and takes it back there before it goes on.
    result<void> stop(std::string& out, const step& s, const await_person& op) {
        KF_CHECK(to_change_place(out, s));
        if (!op.text.empty()) message(out, op.text);
        reversal_.forget();
        if (options_.pause.empty()) return {};
        out += "M400\n";
        stopped_ = out.size() + options_.pause.size() + 1;
        call(out, options_.pause);
        if (!op.text.empty()) message(out, {});
        return {};
    }
    result<void> spray(const step& s) const {
        const bool on = machine_.pumps_enabled && machine_.servos_enabled;
        return refuse(s, errc::refused, "needs the airbrush, and nothing here drives it",
                      on ? "this version drives no pumps and no servos"
                         : fmt::format("in machine.yaml {} off; without it the job would come out wrong",
                                       machine_.pumps_enabled    ? "servos are"
                                       : machine_.servos_enabled ? "pumps are"
                                                                 : "pumps and servos are"));
    }
    result<void> write_step(std::string& out, const step& s) {
        return std::visit(overloaded{[&](const home_xy&) -> result<void> {
                                         raise(out);
                                         out += "G28 X Y\n";
                                         head_.home();
                                         stands_.reset();
                                         written_.reset(); // near there: Klipper may retract from the endstop
                                         reversal_.forget();
                                         return {};
                                     },
                                     [&](const select_tool& o) { return select(out, s, o); },
                                     [&](const select_pen& o) { return select(out, s, o); },
                                     [&](const await_person& o) { return stop(out, s, o); },
                                     [&](const show_message& o) -> result<void> {
                                         raise(out);
                                         message(out, o.text);
                                         return {};
                                     },
                                     [&](const call_macro& o) -> result<void> {
                                         KF_CHECK(to_change_place(out, s));
                                         call(out, o.macro);
                                         return {};
                                     },
                                     [&](const rapid_xy& o) -> result<void> {
                                         return travel(out, s, "G0", o.to, head_.tool().travel_feed_mm_s);
                                     },
                                     [&](const linear_move& o) -> result<void> {
                                         const mm_per_s speed = drawing_speed(s, o.feed);
                                         if (!down_) return travel(out, s, "G1", o.to, speed);
                                         move(out, s, "G1", o.to, speed);
                                         return {};
                                     },
                                     [&](const draw_polyline& o) -> result<void> {
                                         const mm_per_s speed = drawing_speed(s, o.feed);
                                         for (const point& p : o.points) move(out, s, "G1", p, speed);
                                         return {};
                                     },
                                     [&](const draw_arc& o) { return draw(out, s, o); },
                                     [&](const tool_up&) -> result<void> { return raise(out), result<void>{}; },
                                     [&](const tool_down&) -> result<void> {
                                         if ((!written_ || stands_) && head_.at()) KF_CHECK(go_there(out, s));
                                         plunges_ = !down_;
                                         down_ = true;
                                         return {};
                                     },
                                     [&](const auto&) { return spray(s); }},
                          s.op);
    }

  public:
    gcode_writer(const machine::machine& m, gcode_options options)
      : machine_(m)
      , options_(std::move(options))
      , head_(m)
      , boundary_(has_macro(options_.live_objects, options_.boundary_macro)) {}

    /// The first lines of a file. Nothing moves before the tool is up.
    void begin(std::string& out) {
        out += "; kplot, mm, absolute machine coordinates\nG90\n";
        raise(out);
    }
    [[nodiscard]] result<void> write(const stroke& s, std::string& out) {
        const std::size_t before = out.size();
        for (const step& each : s.steps)
            if (auto good = write_step(out, each); !good) {
                out.resize(before);
                return good;
            }
        if (s.draws() && boundary_) {
            out += fmt::format("{} STROKE={}\n", options_.boundary_macro, s.number);
            f_.reset(); // the macro may have set its own
            plane_ = false;
        }
        return {};
    }
    /// The last lines of a file. Without M400 Klipper says complete while the pen still moves, and it never runs a
    /// last line that has no newline.
    void end(std::string& out) {
        raise(out);
        out += "M400\n";
    }
    /// Call before a stroke that other clients' scripts may come before: all that it relies on is written in it.
    void restate(std::string& out) {
        out += "G90\n";
        z_.reset();
        f_.reset();
        plane_ = false;
        restated_ = true;
    }
    /// Call when other G-code ran in between: Z, F, the plane of arcs and the last X and Y are written anew. The head
    /// is taken to stand where the job left it.
    void forget() noexcept {
        z_.reset();
        f_.reset();
        plane_ = false;
        written_.reset();
        reversal_.forget();
    }
    /// Call when the machine may have been moved meanwhile: the next travel begins there.
    void stands_at(machine::xy place) noexcept { stands_ = place; }
    [[nodiscard]] const std::vector<gcode_warning>& warnings() const noexcept { return warnings_; }
    /// How much of the text was there when Klipper pauses, once: of the pause that was written last.
    [[nodiscard]] std::optional<std::size_t> take_stop() noexcept { return std::exchange(stopped_, std::nullopt); }
};

/// A pause in a file: Klipper has read so many bytes of it then.
struct gcode_stop {
    std::size_t bytes = 0;
    std::string text = {}; ///< what the person is told; may be empty
    bool operator==(const gcode_stop&) const = default;
};

struct gcode_summary {
    std::size_t strokes = 0; ///< drawn ones
    std::size_t bytes = 0;
    std::vector<gcode_warning> warnings = {};
    std::vector<gcode_stop> stops = {};
};

/// A whole job as a file. `strokes` is a stroke_source; `write` takes each piece of text and returns result<void>.
template<class Strokes, class Write>
[[nodiscard]] result<gcode_summary> write_gcode(const machine::machine& m, gcode_options options, Strokes&& strokes,
                                                Write&& write) {
    constexpr std::size_t piece = 64u << 10;
    gcode_writer writer(m, std::move(options));
    gcode_summary summary;
    std::string text;
    const auto flush = [&](std::size_t above) -> result<void> {
        if (text.size() <= above) return {};
        summary.bytes += text.size();
        KF_CHECK(write(std::string_view(text)));
        text.clear();
        return {};
    };
    writer.begin(text);
    for (;;) {
        KF_TRY(const auto s, strokes());
        if (!s) break;
        KF_CHECK(writer.write(*s, text));
        if (s->draws()) ++summary.strokes;
        if (const auto stop = writer.take_stop())
            summary.stops.push_back({summary.bytes + *stop, std::get<await_person>(s->steps.front().op).text});
        KF_CHECK(flush(piece));
    }
    writer.end(text);
    KF_CHECK(flush(0));
    summary.warnings = writer.warnings();
    return summary;
}

} // namespace kf::job
