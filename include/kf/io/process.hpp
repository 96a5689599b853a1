// SPDX-License-Identifier: MIT
#pragma once
/// Running other programs: argv only, a deadline on every run, the end of a child is the end of its whole process
/// group.
///
/// The process_runner policy:
///
/// | expression                  | meaning                                  | guarantees                          |
/// | --------------------------- | ---------------------------------------- | ----------------------------------- |
/// | r.run(command, limits, out) | start, feed out(chunk), wait for the end | no child of the group is left alive |
///
/// Errors: errc::not_found (no such program), errc::io, errc::timeout (total or silence), errc::interrupted. A program
/// that ran and failed is not an error here: its exit status is in the outcome.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/units.hpp>

#include <algorithm>
#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::io {

struct user_ids {
    unsigned uid = 0, gid = 0;
};

struct command {
    std::vector<std::string> argv; ///< argv[0] is looked up in the child's PATH unless it has a slash
    std::string cwd = {};          ///< empty: ours
    std::vector<std::pair<std::string, std::string>> environment = {}; ///< added to ours
    std::optional<user_ids> run_as = {};                               ///< only when we are root
    bool on_terminal = false;        ///< our stdin, stdout, stderr and our process group: menuconfig
    std::vector<int> keep_open = {}; ///< descriptors that the child inherits (a flasher keeps the guardian waiting)
    std::string but_for = {};        ///< variables of ours whose name begins so are left out; empty: none is
};

/// The command as a person could paste it.
[[nodiscard]] inline std::string to_string(const command& c) {
    std::string text;
    const auto quoted = [](const std::string& s) {
        constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,@+%~";
        if (!s.empty() && s.find_first_not_of(plain) == std::string::npos) return s;
        std::string q = "'";
        for (const char ch : s) q += ch == '\'' ? std::string("'\\''") : std::string(1, ch);
        return q + "'";
    };
    for (const auto& [key, value] : c.environment) text += key + "=" + quoted(value) + " ";
    for (std::size_t i = 0; i < c.argv.size(); ++i) text += (i ? " " : "") + quoted(c.argv[i]);
    return text;
}

struct run_limits {
    seconds total = 0;         ///< 0: none
    seconds silence = 0;       ///< longest time without output, 0: any
    bool interruptible = true; ///< a pending signal ends the child
    /// Asked on every chunk and signal: true while the child must be left to finish (a flasher that writes). Then
    /// neither `total` nor a signal ends it, only `silence_while_held`.
    std::function<bool()> held = {};
    seconds silence_while_held = 120;
};

struct run_outcome {
    int status = 0;      ///< exit status; 128 + signal when a signal ended it
    seconds elapsed = 0; ///< from start to end
};

using output_sink = std::function<void(std::string_view chunk)>;

template<class R>
concept process_runner = requires(R& r, const command& c, const run_limits& l, const output_sink& out) {
    { r.run(c, l, out) } -> std::same_as<result<run_outcome>>;
};

/// Cuts a stream of chunks into lines; '\r' ends a line too, so that progress displays come out as lines.
class line_splitter {
  public:
    template<class F>
    void feed(std::string_view chunk, F&& on_line) {
        for (const char ch : chunk) {
            const bool after_return = std::exchange(after_return_, ch == '\r');
            if (ch == '\n' || ch == '\r') {
                // "\r\n" is one end, and a progress display that returns twice says nothing in between.
                if (!line_.empty() || (ch == '\n' && !after_return)) on_line(std::string_view(line_));
                line_.clear();
            } else if (line_.size() < 4096) {
                line_ += ch;
            }
        }
    }
    template<class F>
    void finish(F&& on_line) {
        if (!line_.empty()) on_line(std::string_view(line_));
        line_.clear();
    }

  private:
    std::string line_;
    bool after_return_ = false;
};

/// What a short command printed, at most `limit` bytes of it.
template<process_runner R>
[[nodiscard]] result<std::pair<run_outcome, std::string>> run_and_capture(R& runner, const command& c, seconds total,
                                                                          std::size_t limit = 1 << 20) {
    std::string text;
    KF_TRY(const auto outcome, runner.run(c, run_limits{.total = total}, [&](std::string_view chunk) {
        text.append(chunk.substr(0, limit - std::min(limit, text.size())));
    }));
    return std::pair{outcome, std::move(text)};
}

} // namespace kf::io
