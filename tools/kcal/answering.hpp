// SPDX-License-Identifier: MIT
#pragma once
/// Who answers: --answer and --answers first, the terminal for the rest.

#include "../cli/command.hpp"

#include <kf/cal/routine_answers.hpp>
#include <kf/cal/routine_run.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kf::kcal {

class answering {
    cli::invocation& in_;
    cal::written_answers written_;
    std::string asked_; ///< the question that was asked last
    int tries_ = 0;     ///< wrong answers to it
    bool from_terminal_ = false;

  public:
    answering(cli::invocation& in, cal::written_answers written)
      : in_(in)
      , written_(std::move(written)) {}

    [[nodiscard]] result<std::string> ask(const cal::question& q);
    [[nodiscard]] bool again(const error&);
    /// Before a move: Enter, unless nobody is there or --yes said so beforehand. errc::interrupted for q.
    [[nodiscard]] result<void> let_go(const std::string& what);
    /// For those who would do much before it. errc::needs_person when neither a file nor a person can answer it,
    /// errc::usage when what is written is no answer to it.
    [[nodiscard]] result<void> can_answer(const cal::question& q);
    [[nodiscard]] std::vector<std::string> unused() const { return written_.unused(); }
};
static_assert(cal::answers<answering> && cal::lets_go<answering>);

/// --answers FILE and each --answer NAME=VALUE.
[[nodiscard]] result<cal::written_answers> answers_given(const cli::invocation& in);

[[nodiscard]] inline std::vector<cli::option_row> answer_options() {
    return {{"answers", "FILE", "answers instead of a terminal: NAME: VALUE, one a line"},
            {"answer", "NAME=VALUE", "one answer; may be given several times"}};
}

/// Of whatever travels with a pen.
[[nodiscard]] inline std::vector<cli::option_row> pen_options() {
    return {{"pen-is-up", "", "you have looked: the pen is clear of the paper"},
            {"foreign-macros", "", "nobody will press Pause, Resume or Cancel in a web interface"}};
}

} // namespace kf::kcal
