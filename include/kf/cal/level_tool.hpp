// SPDX-License-Identifier: MIT
#pragma once
/// Level 3: whether the tools meet the paper. A person looks, while the tool stands where it is asked about; whatever
/// the answer, and also without one, it goes up again.

#include <kf/cal/level_stand.hpp>
#include <kf/cal/routine_answers.hpp>
#include <kf/cal/routine_run.hpp>
#include <kf/io/decimal.hpp>

#include <fmt/format.h>

#include <string>
#include <variant>

namespace kf::cal {

template<class Session, sink Sink, answers Answers>
class tool_level {
    level_stand<Session, Sink>& stand_;
    Answers& answers_;

    result<verdict> confirmed(const question& q, const std::string& what) {
        KF_TRY(const answer a, answer_of(q, answers_, stand_.out()));
        const bool yes = std::get<bool>(a);
        return verdict_of(yes, fmt::format("{}: {}", what, yes ? "yes" : "no"));
    }
    /// Down over the middle of the canvas, and up again behind the answer.
    result<verdict> looked_at_below(const machine::tool& t, const question& q) {
        KF_CHECK(stand_.prepare_with_z());
        KF_CHECK(stand_.travel(stand_.middle(t)));
        auto down = stand_.down(t);
        auto seen = down ? confirmed(q, fmt::format("{} at Z{}", t.name, io::to_decimal(t.work_mm)))
                         : result<verdict>(kf::fail(down.error()));
        if (stand_.session().connected()) KF_CHECK(stand_.up());
        return seen;
    }
    [[nodiscard]] const machine::tool* second() const {
        const auto& tools = stand_.machine().tools;
        return tools.size() > 1 ? &tools[1] : nullptr;
    }
    static result<verdict> only_one_tool() { return verdict{verdict_is::left_out, "machine.yaml has one tool"}; }

    result<verdict> goes_up(const question& q) {
        KF_CHECK(stand_.prepare_with_z());
        return confirmed(q, fmt::format("up at Z{}", io::to_decimal(stand_.machine().z_states.travel_mm)));
    }
    result<verdict> take_turns(const question& q) {
        if (second() == nullptr) return only_one_tool();
        KF_CHECK(stand_.prepare_with_z());
        for (int round = 0; round < 2; ++round)
            for (const machine::tool& t : stand_.machine().tools) {
                KF_CHECK(stand_.travel(stand_.middle(t)));
                KF_CHECK(stand_.down(t));
                auto there = stand_.arrived(stand_.middle(t).x, stand_.middle(t).y, t.work_mm);
                KF_CHECK(stand_.up());
                if (!there || there->is != verdict_is::passed) return there;
            }
        return confirmed(q, "each reached its place");
    }

  public:
    tool_level(level_stand<Session, Sink>& stand, Answers& answers)
      : stand_(stand)
      , answers_(answers) {}

    [[nodiscard]] result<verdict> operator()(const level_row& row) {
        switch (row.check) {
        case level_check::pen_down: return looked_at_below(stand_.machine().tools.front(), row.asks.front());
        case level_check::pen_up: return goes_up(row.asks.front());
        case level_check::airbrush_down:
            return second() != nullptr ? looked_at_below(*second(), row.asks.front()) : only_one_tool();
        default: return take_turns(row.asks.front());
        }
    }
};

} // namespace kf::cal
