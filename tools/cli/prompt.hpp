// SPDX-License-Identifier: MIT
#pragma once
/// Questions to the person at the terminal. Every one has a flag; without a terminal, or with --json, it is an error
/// (exit 5) that names the flag, and never a hang. Keys that were pressed before a question is shown are no answer to
/// it. To a program that runs us (the menu) a question is a JSON line {"event":"question"}, and its answer a line.

#include "command.hpp"

#include <string>
#include <vector>

namespace kf::cli {

struct question {
    std::string text;                      ///< "Name of the board"
    std::string answer = {};               ///< what an empty line means
    std::string flag;                      ///< "--name NAME": how to answer without being asked
    std::vector<std::string> choices = {}; ///< the answer is the number of one of them, from 1
};

/// Throws away what was typed before now: for those who ask without ask(), right before the question is shown.
void forget_typed_ahead();

/// errc::needs_person when nobody is there whom the question could be asked: for those who would do much before it.
[[nodiscard]] result<void> somebody_answers(const invocation& in, const question& q);

/// One line. errc::needs_person without a terminal, errc::interrupted at the end of input.
[[nodiscard]] result<std::string> ask(invocation& in, const question& q);
/// Yes or no; three tries.
[[nodiscard]] result<bool> confirm(invocation& in, const std::string& text, bool default_yes, const std::string& flag);
/// The index of one of `choices`, shown with numbers from 1; a single choice is taken without asking.
[[nodiscard]] result<std::size_t> choose(invocation& in, const std::string& text,
                                         const std::vector<std::string>& choices, const std::string& flag);

} // namespace kf::cli
