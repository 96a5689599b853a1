// SPDX-License-Identifier: MIT
#pragma once
/// A process_runner that runs nothing: programs answer with literal text, by the words they are called with.

#include <kf/io/process.hpp>

#include <map>
#include <string>
#include <vector>

namespace kf::test {

struct scripted_runner {
    struct answer {
        int status = 0;
        std::string text = {};
        errc failure = errc::failed; ///< only with status -1: the run itself ends so
    };
    /// By command as a person would type it; what is not in it has status 127.
    std::map<std::string, answer> answers = {};
    std::vector<std::string> asked = {};
    bool could_be_interrupted = false; ///< a run that a signal would have ended

    [[nodiscard]] result<io::run_outcome> run(const io::command& c, const io::run_limits& limits,
                                              const io::output_sink& out) {
        asked.push_back(io::to_string(c));
        could_be_interrupted = could_be_interrupted || limits.interruptible;
        const auto found = answers.find(asked.back());
        if (found == answers.end()) return io::run_outcome{127, 0};
        if (found->second.status < 0) return fail(found->second.failure, c.argv[0] + " did not end well");
        // In pieces, as a pipe gives them.
        const std::string_view text = found->second.text;
        for (std::size_t at = 0; at < text.size(); at += 7) out(text.substr(at, 7));
        return io::run_outcome{found->second.status, 0};
    }
};
static_assert(io::process_runner<scripted_runner>);

} // namespace kf::test
