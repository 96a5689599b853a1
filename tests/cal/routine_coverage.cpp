// SPDX-License-Identifier: MIT
// The guided routines as they are, from their first step to their conclusion, on a simulated machine whose faults are
// known: they draw on its paper, and a simulated person answers by what is there. A hundred times each.
#include "hundred_seeds.hpp"
#include "sheet_on_a_wrong_machine.hpp"

#include <kf/cal/routine_backlash.hpp>
#include <kf/cal/routine_bed.hpp>
#include <kf/cal/routine_limits.hpp>
#include <kf/cal/routine_offset.hpp>
#include <kf/cal/routine_square.hpp>
#include <kf/cal/routine_steps.hpp>
#include <kf/cal/routine_z.hpp>
#include <kf/job/transform.hpp>
#include <kf/machine/machine_file.hpp>
#include <kf/sim/ink_readings.hpp>
#include <kf/sim/observer.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace routine_coverage_test {

using namespace kf;
using cal::json::object;
using sim::axis;
using test::covers;
using test::found;
using test::sheet_on_a_wrong_machine;
using test::wrong_but_for_scale;
using test::wrong_in_every_way;

machine::machine gantry() {
    static const machine::machine read = machine::read_machine(machine::template_text).value;
    return read;
}

/// A machine with paper under its pens, and a person who looks at the paper.
class workshop {
  public:
    workshop(sim::mechanics wrong, std::uint64_t seed, std::string_view instrument)
      : eyes(seed, *cal::find_instrument(instrument))
      , paper_(std::move(wrong)) {
        paper_.up = m.z_states.travel_mm;
    }

    machine::machine m = gantry();
    sim::observer eyes;
    /// Where a tool went down for a deed.
    struct dip {
        std::string deed;
        drawing::point at;
    };
    std::vector<dip> dips = {};
    /// The answer to a question by its name.
    std::function<std::string(const std::string&)> person;

    /// The routine's conclusion, as its fields.
    template<class Next>
    std::map<std::string, double> run(Next&& next) {
        cal::routine_notes notes;
        for (int steps = 0; steps < 2000; ++steps) {
            auto step = next(notes, m);
            BOOST_REQUIRE_MESSAGE(step.has_value(), step.error().what << ": " << step.error().cause);
            if (const auto* end = std::get_if<cal::conclusion>(&*step)) {
                std::map<std::string, double> out;
                for (const field& f : end->fields)
                    if (const auto* value = std::get_if<double>(&f.value)) out[f.name] = *value;
                return out;
            }
            if (const auto* asked = std::get_if<cal::ask>(&*step)) {
                const auto said = cal::understand(asked->what, person(asked->what.name));
                BOOST_REQUIRE_MESSAGE(said.has_value(), said.error().what << ": " << said.error().cause);
                notes.hear(asked->what.name, *said);
                continue;
            }
            const auto& deed = std::get<cal::deed>(*step);
            if (const auto* touch = std::get_if<cal::touch_paper>(&deed.what))
                dips.push_back({deed.name, {touch->at.x, touch->at.y}});
            before_ = ink().size();
            notes.end(deed.name, std::visit([this](const auto& what) { return this->does(what); }, deed.what));
        }
        BOOST_FAIL("the routine does not end");
        return {};
    }

    const std::vector<sim::ink_line>& ink() { return paper_.ink(); }
    /// The person reads the sheet in one of these ways, once.
    void looks(std::string_view how, int times = 1) {
        person = [this, how, times, seen = std::map<std::string, std::string>()](const std::string& name) mutable {
            if (seen.empty()) {
                const auto readings = sim::find_look(how)->look(ink(), eyes, times);
                BOOST_REQUIRE_MESSAGE(readings.has_value(), readings.error().what);
                for (const sim::ink_reading& r : *readings) seen[r.name] = r.value;
            }
            BOOST_REQUIRE_MESSAGE(seen.contains(name), name << " is not seen on the sheet");
            return seen.at(name);
        };
    }
    /// What the last deed left.
    std::vector<sim::ink_line> new_ink() { return {ink().begin() + static_cast<std::ptrdiff_t>(before_), ink().end()}; }

  private:
    object does(const cal::look&) {
        return {{"rotation_x", 32.0},        {"rotation_y", 32.0},    {"second_x", true},    {"force_move", true},
                {"skew_profiles", object{}}, {"max_velocity", 300.0}, {"max_accel", 10000.0}};
    }
    object does(const cal::make_ready&) {
        paper_.home(m.work_area_min_mm.x, m.work_area_min_mm.y);
        return {};
    }
    object does(const cal::draw& d) {
        const machine::tool* tool = &m.tools.front();
        paper_.accel = d.accel.value_or(m.motion.max_accel_mm_s2);
        const auto place = [&](job::point p) { return job::place(m, *tool).to_machine(p); };
        for (const job::operation& o : d.operations) {
            if (const auto* chosen = std::get_if<job::select_tool>(&o)) {
                tool = machine::find_tool(m, chosen->tool);
                BOOST_REQUIRE(tool != nullptr);
                paper_.down = tool->work_mm + (tool->work_mm > m.z_states.travel_mm ? d.reach : -d.reach);
            } else if (const auto* to = std::get_if<job::rapid_xy>(&o)) {
                paper_.on_to(place(to->to).x, place(to->to).y,
                             std::min(tool->travel_feed_mm_s, d.travel.value_or(tool->travel_feed_mm_s)));
            } else if (const auto* line = std::get_if<job::draw_polyline>(&o)) {
                for (const job::point p : line->points)
                    paper_.on_to(place(p).x, place(p).y, line->feed.value_or(tool->feed_mm_s));
            } else if (std::holds_alternative<job::tool_down>(o)) {
                paper_.lower();
            } else if (std::holds_alternative<job::tool_up>(o)) {
                paper_.lift();
            } else if (std::holds_alternative<job::home_xy>(o)) {
                paper_.home(m.work_area_min_mm.x, m.work_area_min_mm.y);
            } else {
                BOOST_FAIL("an operation that routines do not draw with");
            }
        }
        return {};
    }
    object does(const cal::touch_paper& t) {
        constexpr mm uneven = 0.02; // paper and tip
        paper_.dip(t.at.x, t.at.y, t.z + eyes.unevenness(uneven));
        return {};
    }
    template<class Other>
    object does(const Other&) {
        BOOST_FAIL("a deed that these routines do not do");
        return {};
    }

    sheet_on_a_wrong_machine paper_;
    std::size_t before_ = 0;
};

/// "mark_3" is 3.
std::size_t number_of(const std::string& name) {
    return static_cast<std::size_t>(std::stoul(name.substr(name.rfind('_') + 1)));
}

BOOST_AUTO_TEST_SUITE(coverage_of_routines)

BOOST_AUTO_TEST_CASE(of_steps) {
    for (const auto& [with, a] : {std::pair("ruler", 'x'), std::pair("film", 'y')})
        covers(fmt::format("kcal steps {} by a {}", a, with), [with, a](auto seed) {
            workshop w(wrong_in_every_way(), seed, with);
            w.looks(a == 'x' ? "steps-x" : "steps-y");
            const cal::steps_options o{.axis = a, .with = *cal::find_instrument(with)};
            const auto c = w.run([&](const auto& n, const auto& m) { return cal::next_of_steps(n, m, o); });
            return found{c.at("scale"), c.at("scale_u95"), 1.01};
        });
}

BOOST_AUTO_TEST_CASE(of_square) {
    using method = cal::square_options::method;
    for (const auto& [how, with, times] :
         {std::tuple(method::diagonals, "caliper", 1), std::tuple(method::triangle, "film", 5)})
        covers(fmt::format("kcal square with a {}, {} times", with, times), [how, with, times](auto seed) {
            workshop w(wrong_in_every_way(), seed, with);
            w.looks(how == method::diagonals ? "square" : "triangle", times);
            w.person = [read = w.person](const std::string& name) {
                return name == "as" ? std::string("nothing") : read(name);
            };
            const cal::square_options o{.how = how, .reading = {.with = *cal::find_instrument(with), .times = times}};
            const auto c = w.run([&](const auto& n, const auto& m) { return cal::next_of_square(n, m, o); });
            return found{c.at("tangent"), c.at("tangent_u95"), cal::to_tangent(0.4)};
        });
}

BOOST_AUTO_TEST_CASE(of_backlash) {
    for (const char a : {'x', 'y'})
        covers(fmt::format("kcal backlash {}", a), [&](auto seed) {
            workshop w(wrong_in_every_way(), seed + 1000, "vernier");
            w.looks(a == 'x' ? "backlash-x" : "backlash-y");
            const cal::backlash_options o{.axis = a};
            const auto c = w.run([&](const auto& n, const auto& m) { return cal::next_of_backlash(n, m, o); });
            return found{c.at("backlash_mm"), c.at("backlash_u95_mm"), 0.15};
        });
}

BOOST_AUTO_TEST_CASE(of_offset) {
    std::array<std::vector<found>, 2> all;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        sim::mechanics machine = wrong_but_for_scale();
        sim::noise put_in(seed ^ 0x5eed); // a pen sits in its holder a little otherwise each time
        machine.holders[1].x += put_in.within(0.05);
        machine.holders[1].y += put_in.within(0.05);
        workshop w(machine, seed, "vernier");
        w.looks("offset");
        w.person = [read = w.person](const std::string& name) {
            return name.starts_with("pen_in") ? std::string("done") : read(name);
        };
        const auto c = w.run([&](const auto& n, const auto& m) { return cal::next_of_offset(n, m, {}); });
        all[0].push_back({c.at("x_aside_mm"), c.at("x_aside_u95_mm"), machine.holders[1].x});
        all[1].push_back({c.at("y_aside_mm"), c.at("y_aside_u95_mm"), machine.holders[1].y});
    }
    covers("kcal offset along X", [&](auto seed) { return all[0].at(seed - 1); });
    covers("kcal offset along Y", [&](auto seed) { return all[1].at(seed - 1); });
}

BOOST_AUTO_TEST_CASE(of_z) {
    covers("kcal z", [](auto seed) {
        sim::mechanics machine = wrong_in_every_way();
        const mm touch = 19.37 + sim::noise(seed ^ 0x5eed).within(0.05);
        machine.holders[0].where.at = touch;
        workshop w(machine, seed, "caliper");
        w.person = [&](const std::string&) { return std::string(w.new_ink().empty() ? "no" : "yes"); };
        const auto c = w.run([&](const auto& n, const auto& m) { return cal::next_of_z(n, m, {}); });
        return found{c.at("pen_touch_mm"), c.at("pen_touch_u95_mm"), touch};
    });
}

BOOST_AUTO_TEST_CASE(of_bed) {
    std::array<std::vector<found>, 2> all;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        sim::mechanics machine;
        machine.holders = {{{20.0, 1}}};
        machine.bed_slope = {0.0008, -0.0005};
        workshop w(machine, seed, "caliper");
        w.person = [&](const std::string& name) {
            if (name == "deep") return std::string("yes");
            int dots = 0;
            for (const workshop::dip& d : w.dips)
                dots +=
                    d.deed.starts_with(fmt::format("touch_{}_", number_of(name))) && sim::has_ink(w.ink(), d.at, 0.3);
            return std::to_string(dots);
        };
        // The middle of the bed touches where the pen works.
        const machine::xy middle{w.m.canvas.offset_x_mm + w.m.canvas.width_mm / 2,
                                 w.m.canvas.offset_y_mm + w.m.canvas.height_mm / 2};
        w.m.tools.front().work_mm = 20 + 0.0008 * middle.x - 0.0005 * middle.y;
        const auto c = w.run([](const auto& n, const auto& m) { return cal::next_of_bed(n, m, {}); });
        all[0].push_back({c.at("along_x"), c.at("along_x_u95"), 0.0008});
        all[1].push_back({c.at("along_y"), c.at("along_y_u95"), -0.0005});
    }
    covers("kcal bed, slope along X", [&](auto seed) { return all[0].at(seed - 1); });
    covers("kcal bed, slope along Y", [&](auto seed) { return all[1].at(seed - 1); });
}

BOOST_AUTO_TEST_CASE(of_speed_and_acceleration_within_their_grid) {
    using what = cal::limits_options::what;
    for (std::uint64_t seed = 1; seed <= 100; ++seed)
        for (const what of : {what::speed, what::acceleration}) {
            const axis a = seed % 2 == 0 ? axis::x : axis::y;
            sim::mechanics machine = wrong_in_every_way();
            const double stall =
                of == what::speed ? 61 + sim::noise(seed).within(10) : 2600 + sim::noise(seed).within(800);
            (of == what::speed ? machine.stall_speed : machine.stall_accel) = {stall, stall};
            workshop w(machine, seed, "film");
            w.m.motion.max_accel_mm_s2 = 1000;
            w.person = [&](const std::string& name) {
                const auto seen = sim::find_look(a == axis::x ? "halves-x" : "halves-y")->look(w.ink(), w.eyes, 1);
                BOOST_REQUIRE_MESSAGE(seen.has_value(), seen.error().what);
                BOOST_REQUIRE_EQUAL(seen->back().name, name);
                return seen->back().value;
            };
            const cal::limits_options o{.of = of,
                                        .axis = a == axis::x ? 'x' : 'y',
                                        .first = of == what::speed ? 30.0 : 1000.0,
                                        .last = of == what::speed ? 80.0 : 4000.0,
                                        .step = of == what::speed ? 4.0 : 250.0};
            const auto c = w.run([&](const auto& n, const auto& m) { return cal::next_of_limits(n, m, o); });
            BOOST_TEST(c.contains("bad"), "seed " << seed << ": no limit was met, it is " << stall);
            BOOST_TEST(c.at("best") <= stall);
            BOOST_TEST((!c.contains("bad") || stall < c.at("bad")), "seed " << seed << ": " << stall);
        }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace routine_coverage_test
