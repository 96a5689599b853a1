// SPDX-License-Identifier: MIT
#pragma once
/// kcal square: by how much Y leans against X, by diagonals, by a triangle or by turning the sheet. What is proven
/// becomes one of two things, never both: a profile of Klipper's skew_correction, or a move of the second X motor alone
/// that sets the gantry straight until the motors go off.

#include <kf/cal/decision.hpp>
#include <kf/cal/routine_marks.hpp>
#include <kf/cal/squareness.hpp>
#include <kf/machine/skew_limits.hpp>
#include <kf/run/loaded_skew.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace kf::cal {

struct square_options {
    enum class method { diagonals, triangle, reversal };
    method how = method::diagonals;
    mm size = 0; ///< along X; 0: what the canvas has and the instrument reaches, 300 mm at most
    reading_plan reading = {};
    std::string profile = "kcal"; ///< of [skew_correction]
};

namespace detail {

/// The corners A (lower left), D (lower right), C (upper right) and B (upper left), as the machine has up and down.
struct square_corners {
    job::point a, d, c, b;
    mm along_x = 0, along_y = 0;
};

/// Where they lie: in the free canvas, and no longer than the instrument reads.
[[nodiscard]] inline square_corners square_place(const machine::machine& m, const square_options& o) {
    const auto free = free_canvas(m, 12);
    constexpr mm step = 10, longest = 300;
    mm x = std::floor(std::min(free.width(), longest) / step) * step;
    mm y = std::floor(std::min(free.height(), longest) / step) * step;
    if (o.size > 0) x = y = o.size;
    const mm reach = longest_read(o.reading.with);
    if (o.how == square_options::method::triangle) { // 4 to 3, the longer leg where there is more room
        const mm unit = std::min({x / (x > y ? 4 : 3), y / (x > y ? 3 : 4), reach / 5});
        x = unit * (x > y ? 4 : 3);
        y = unit * (x > y ? 3 : 4);
        if (o.size > 0) x = o.size, y = o.size * 3 / 4;
    } else if (o.how == square_options::method::reversal)
        x = y = o.size > 0 ? o.size : std::min(x / 2, y); // the turned leg lies to the left of the corner
    else if (!(o.size > 0))
        x = y = std::min({x, y, std::floor(reach / std::numbers::sqrt2 / step) * step});
    const job::point middle{(free.left + free.right) / 2, (free.top + free.bottom) / 2};
    const job::point low = above(m, middle, -y / 2), high = above(m, middle, y / 2);
    if (o.how == square_options::method::reversal) return {low, {low.x + x, low.y}, {high.x + x, high.y}, high, x, y};
    return {{low.x - x / 2, low.y}, {low.x + x / 2, low.y}, {high.x + x / 2, high.y}, {high.x - x / 2, high.y}, x, y};
}

inline std::vector<job::operation> square_sheet(const machine::machine& m, const square_options& o,
                                                const square_corners& p) {
    sheet s(m.tools.front().name);
    constexpr mm mark = 6;
    if (o.how == square_options::method::reversal) {
        s.line({p.a, p.d});
        s.line({p.a, p.b});
        return s.take();
    }
    s.cross(p.a, mark);
    s.cross(p.d, mark);
    s.cross(p.c, mark);
    if (o.how == square_options::method::diagonals) s.cross(p.b, mark);
    return s.take();
}

/// Where the leg along Y ends when the sheet is turned to the left about the corner.
inline job::point turned_end(const square_corners& p) noexcept { return {p.a.x - p.along_x, p.a.y}; }

/// The L again, its leg along X drawn through the corner and along the turned leg.
inline std::vector<job::operation> turned_sheet(const machine::machine& m, const square_corners& p) {
    sheet s(m.tools.front().name);
    s.line({turned_end(p), p.d});
    s.line({p.a, p.b});
    return s.take();
}

/// What bent the moves of a drawing. It may have been loaded, or have gone with a restart, since the look; journals of
/// older versions say it there only.
inline run::loaded_skew skew_of(const routine_notes& notes, const char* drawing) {
    const json::object& saw = notes.saw(notes.saw(drawing).contains("skew_tangent") ? drawing : "look");
    return {io::text_at(saw, "skew_loaded"), io::value_at<double>(saw, "skew_tangent").value_or(0)};
}

/// The deed or question that lacks before the lean is known.
inline std::optional<routine_step> lacking_for_square(const routine_notes& notes, const machine::machine& m,
                                                      const square_options& o, const square_corners& p) {
    using method = square_options::method;
    const auto text = [](mm v) { return io::to_decimal(v, 3); };
    if (!notes.done("look")) return deed{"look", "", look{}};
    if (!notes.done("ready"))
        return deed{"ready", "The tool goes up, X and Y go to their endstops; the motors stay on.", make_ready{}};
    if (!notes.done("draw"))
        return deed{"draw",
                    o.how == method::reversal ? fmt::format("An L is drawn, both legs {} mm long.", text(p.along_x))
                                              : fmt::format("Crosses are drawn at the corners of {} x {} mm.",
                                                            text(p.along_x), text(p.along_y)),
                    draw{square_sheet(m, o, p)},
                    {"ready"}};
    const mm tolerance = 0.03 * std::max(p.along_x, p.along_y) + 1;
    const auto reading = [&](const char* name, const char* where, mm wanted) {
        return lacking_reading(notes, name, fmt::format("Length from the middle of the cross {}", where), wanted,
                               tolerance, o.reading);
    };
    if (o.how == method::diagonals) {
        const mm diagonal = std::hypot(p.along_x, p.along_y);
        if (auto q = reading("ac", "at the lower left to that at the upper right", diagonal)) return *q;
        if (auto q = reading("bd", "at the upper left to that at the lower right", diagonal)) return *q;
        if (auto q = reading("ad", "at the lower left to that at the lower right", p.along_x)) return *q;
        return std::nullopt;
    }
    if (o.how == method::triangle) {
        if (auto q = reading("a", "at the lower right to that at the lower left", p.along_x)) return *q;
        if (auto q = reading("b", "at the lower right to that at the upper right", p.along_y)) return *q;
        if (auto q = reading("c", "at the lower left to that at the upper right", std::hypot(p.along_x, p.along_y)))
            return *q;
        return std::nullopt;
    }
    const auto place = job::place(m, m.tools.front());
    const std::vector<std::string> all{"ready", "draw", "corner", "turned", "along", "laid", "look_again"};
    if (!notes.done("corner"))
        return deed{"corner", "The tool goes above the corner of the L, and stays up.", hover{place.to_machine(p.a)},
                    all};
    if (!notes.heard("turned"))
        return ask{
            {"turned",
             "Turn the sheet a quarter to the left, so that the leg that pointed to the right points up, and lay its "
             "corner under the tool; say done",
             one_of{{"done"}}}};
    if (!notes.done("along"))
        return deed{"along", "The tool goes to the left, above where the other leg is to end, and stays up.",
                    hover{place.to_machine(turned_end(p))}, all};
    if (!notes.heard("laid"))
        return ask{{"laid", "Turn the sheet about its corner until the leg ends under the tool, and fix it; say done",
                    one_of{{"done"}}}};
    if (!notes.done("look_again")) return deed{"look_again", "", look{skew_of(notes, "draw")}, all};
    if (!notes.done("again"))
        return deed{"again", "The L is drawn again, its lower leg to both sides of the corner.",
                    draw{turned_sheet(m, p)}, all};
    if (auto q =
            lacking_reading(notes, "base", "At the left end: how far is the old leg above the new one (below: a minus)",
                            0, 0.05 * p.along_x, o.reading))
        return *q;
    if (auto q = lacking_reading(
            notes, "aside",
            "At the upper end: how far is the new leg to the right of the old one (to the left: a minus)", 0,
            0.05 * p.along_x, o.reading))
        return *q;
    return std::nullopt;
}

inline result<measurement> lean_of(const routine_notes& notes, const square_options& o, const square_corners& p) {
    using method = square_options::method;
    const auto read = [&](const char* name) { return reading_of(notes, name, o.reading); };
    if (o.how == method::diagonals) {
        KF_TRY(const measurement ac, read("ac"));
        KF_TRY(const measurement bd, read("bd"));
        KF_TRY(const measurement ad, read("ad"));
        return lean_by_diagonals(ac, bd, ad);
    }
    if (o.how == method::triangle) {
        KF_TRY(const measurement a, read("a"));
        KF_TRY(const measurement b, read("b"));
        KF_TRY(const measurement c, read("c"));
        return lean_by_triangle(a, b, c);
    }
    // A run that ended between the look and the second drawing goes on with the drawing.
    if (notes.saw("again").contains("skew_tangent"))
        KF_CHECK(run::refuse_other_skew(skew_of(notes, "draw"), skew_of(notes, "again")));
    // The sheet lies turned by what the legs along X differ by: that much of it is no lean.
    KF_TRY(const measurement aside, read("aside"));
    KF_TRY(const measurement base, read("base"));
    const doubt both = together(aside.of(), base.of());
    return lean_by_reversal({aside.value + base.value, both.u, both.dof}, p.along_x);
}

/// [skew_correction] profiles of printer.cfg that bend, as they stand in the look.
inline std::vector<std::string> bending_profiles(const routine_notes& notes) {
    std::vector<std::string> names;
    for (const auto& [name, xy] : io::object_at(notes.saw("look"), "skew_profiles"))
        if (const auto skew = io::value_as<double>(xy); skew && *skew != 0) names.emplace_back(name);
    return names;
}

inline result<conclusion> as_profile(conclusion c, const routine_notes& notes, const machine::machine& m,
                                     const square_options& o, const measurement& lean) {
    const json::object& saw = notes.saw("look");
    // What was drawn behind a loaded profile has only what that one leaves.
    const run::loaded_skew loaded = skew_of(notes, "draw");
    const double tangent = std::round((loaded.tangent + lean.value) * 1e6) / 1e6;
    const std::string section = io::to_lower(o.profile); // as Klipper's settings have it
    if (!io::value_at<bool>(saw, "skew_module").value_or(false)) c.printer.push_back({"skew_correction", "", "", ""});
    const auto old = io::value_at<double>(io::object_at(saw, "skew_profiles"), section);
    c.printer.push_back({"skew_correction " + o.profile, "xy_skew", old ? io::to_decimal(*old) : std::string(),
                         io::to_decimal(tangent)});
    for (const char* other : {"xz_skew", "yz_skew"})
        if (!old) c.printer.push_back({"skew_correction " + o.profile, other, "", "0"});
    if (loaded.bends())
        c.text += fmt::format("\nIt was drawn behind the profile \"{}\" ({}), and comes on top of it: {}.",
                              loaded.profile, io::to_decimal(loaded.tangent, 6), io::to_decimal(tangent, 6));
    KF_TRY(const machine::box left, machine::box_behind_skew(m.work_area(), tangent));
    c.text += fmt::format("\nBehind this skew X goes from {} to {} at every Y.", io::to_decimal(left.min.x, 3),
                          io::to_decimal(left.max.x, 3));
    if (const auto reaches = run::reaches_behind_skew(m, {o.profile, tangent}); !reaches)
        c.next.push_back(fmt::format("Before you draw: {} ({}). {}.", reaches.error().what, reaches.error().cause,
                                     reaches.error().steps.front()));
    c.next.push_back("Change printer.cfg as shown and send RESTART.");
    c.next.push_back(fmt::format("Load it with the pen up, after each start: SKEW_PROFILE LOAD={}. Not SET_SKEW: the "
                                 "next move after it jumps in X.",
                                 o.profile));
    c.next.emplace_back("Never rack the second X motor besides: that would correct twice.");
    c.draw_to_verify = "kcal square --anew";
    c.predicted = {{"lean of Y behind the profile", 0, to_degrees(lean).expanded(), "degrees"}};
    return c;
}

} // namespace detail

[[nodiscard]] inline result<routine_step> next_of_square(const routine_notes& notes, const machine::machine& m,
                                                         const square_options& o) {
    const auto corners = detail::square_place(m, o);
    if (notes.half_done("rack"))
        return kf::fail({errc::refused,
                         "it is not known whether the second X motor went its way",
                         "the run ended while it moved, and a second time would be twice as far",
                         {},
                         {"send M84, push both ends of the gantry against their stops", "kcal square --anew"}});
    if (auto lacks = detail::lacking_for_square(notes, m, o, corners)) return *std::move(lacks);
    KF_TRY(const measurement lean, detail::lean_of(notes, o, corners));
    const decision d = decide(lean, 0);
    const measurement degrees = to_degrees(lean);
    conclusion c;
    c.text = fmt::format("Y leans by {} against X (tangent {}).", sure_to(degrees, "degrees", 4),
                         io::to_decimal(lean.value, 6));
    c.fields = {{"tangent", lean.value},
                {"tangent_u95", lean.expanded()},
                {"degrees", degrees.value},
                {"degrees_u95", degrees.expanded()},
                {"applies", d.applies()}};
    const mm on_canvas = m.canvas.height_mm;
    if (!d.applies()) {
        c.text += fmt::format("\nThat is no more than its uncertainty, {} mm on {} mm: nothing is changed.",
                              io::to_decimal(lean.expanded() * on_canvas, 3), io::to_decimal(on_canvas, 0));
        if (lean.value != 0 && lean.u > 0)
            c.next.push_back(
                fmt::format("Lengths known to {} mm each (one standard deviation) would decide, or a larger "
                            "--size.",
                            io::to_decimal(o.reading.with.of_reading().u * d.deciding_u / lean.u, 3)));
        c.fields.push_back({"as", std::string("nothing")});
        return c;
    }
    const json::object& saw = notes.saw("look");
    const auto bending = detail::bending_profiles(notes);
    const bool can_rack =
        io::value_at<bool>(saw, "second_x").value_or(false) && io::value_at<bool>(saw, "force_move").value_or(false);
    if (!notes.heard("as"))
        return ask{
            {"as",
             fmt::format("{} How shall it be corrected: as a profile of Klipper's skew_correction{}, or not at all",
                         c.text, can_rack ? ", by racking the second X motor" : ""),
             one_of{can_rack ? std::vector<std::string>{"profile", "racking", "nothing"}
                             : std::vector<std::string>{"profile", "nothing"}}}};
    const std::string as = notes.word("as");
    c.fields.push_back({"as", as});
    if (as == "nothing") return c;
    if (as == "profile") {
        if (const auto racked = io::text_at(saw, "racked"); !racked.empty())
            return kf::fail({errc::refused,
                             "the gantry was set square by its second X motor: a profile besides would correct twice",
                             racked,
                             {},
                             {"correct what is left by it, too: kcal square --anew, then racking",
                              "or send M84, home, and measure without it: kcal square --anew"}});
        KF_TRY(auto done, detail::as_profile(std::move(c), notes, m, o, lean));
        return done;
    }
    if (!bending.empty())
        return kf::fail(
            {errc::refused,
             fmt::format("printer.cfg has a skew profile \"{}\": racking besides would correct twice", bending.front()),
             {},
             "[skew_correction " + bending.front() + "]",
             {"take that section out of printer.cfg and send RESTART, then: kcal square --anew",
              "or correct by the profile: kcal square --anew, then profile"}});
    if (!notes.heard("span"))
        return ask{{"span", "Distance between the belts of the two X motors, along Y", a_number{20, 5000, "mm"}}};
    if (!notes.heard("second"))
        return ask{{"second",
                    "Where is the belt of the second X motor (stepper_x1): at the far end of Y or at the near one",
                    one_of{{"far", "near"}}}};
    const mm span = *notes.number("span") * (notes.word("second") == "far" ? 1 : -1);
    const measurement move = racking_move(lean, span);
    constexpr mm most = 10;
    if (std::fabs(move.value) > most)
        return kf::fail({errc::refused,
                         fmt::format("the second X motor would have to go {} mm alone, {} is the most",
                                     io::to_decimal(move.value, 3), io::to_decimal(most)),
                         "a gantry that leans so much is set straight by hand, with the motors off",
                         {},
                         {"send M84, push both ends against their stops", "kcal square --anew"}});
    if (!notes.done("rack"))
        return deed{
            "rack",
            fmt::format("The tool goes up, and the second X motor alone goes {} mm.", io::to_decimal(move.value, 3)),
            rack{std::round(move.value * 1e4) / 1e4},
            {"ready", "draw", "rack"}};
    c.text += fmt::format("\nThe second X motor went {} mm.", io::to_decimal(move.value, 3));
    c.fields.push_back({"racked_mm", move.value});
    c.next = {"The gantry is square until the motors go off (M84, idle_timeout, a stop): then measure again.",
              "Never load a skew profile besides: that would correct twice."};
    c.draw_to_verify = "kcal square --anew";
    c.predicted = {{"lean of Y", 0, degrees.expanded(), "degrees"}};
    return c;
}

} // namespace kf::cal
