// SPDX-License-Identifier: MIT
#pragma once
/// One board: methods in their order, the fallback rule, verification. Effects on the service are not here: whoever
/// calls this holds the stop lease.

#include <kf/flash/any_method.hpp>
#include <kf/flash/verify.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

/// What is known of a flash at its end, a bad end included.
struct write_outcome {
    std::optional<board::flash_method> method = {}; ///< the last that was tried
    written wrote = written::nothing;               ///< by that one; the ones before wrote nothing
    seconds write_time = 0, verify_time = 0;        ///< of that one
    std::string version = {};                       ///< what the board says that it runs; empty: not known
    board::device node = {};                        ///< the board in its new life
    result<void> ended = kf::fail(errc::failed, "nothing was tried");
};

/// Another method may be tried only when nothing was written, the one before says so, and the board is still where it
/// was.
template<class Method>
[[nodiscard]] bool may_fall_back(Method& failed, const write_job& job) {
    if (failed.wrote() != written::nothing || !failed.another_may_try()) return false;
    return is_where_it_was(job);
}

/// Writes with the methods of `order` and verifies. `make(method)` gives the model of a method; `ask(node, until)`
/// gives the dictionary of the firmware that runs there.
template<class Make, class Ask, io::clock Clock, sink Sink>
[[nodiscard]] write_outcome write_with(const write_job& job, const std::vector<board::flash_method>& order, Make&& make,
                                       Ask&& ask, Clock& clock, Sink& out) {
    write_outcome outcome;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (outcome.ended = io::interrupt::check(); !outcome.ended) return outcome;
        outcome.method = order[i];
        const auto before = find_node(job, board::usb_firmware::klipper);
        auto method = make(order[i]);
        out.step(phase::flash, fmt::format("{}: writing {} ({} bytes)", name(order[i]),
                                           job.image->path.filename().string(), job.image->bytes.size()));
        const auto began = clock.now();
        outcome.ended = method.write(job, out);
        outcome.wrote = method.wrote();
        outcome.write_time = to_seconds(clock.now() - began);
        if (!outcome.ended) {
            if (i + 1 == order.size() || !may_fall_back(method, job)) return outcome;
            out.warn(
                fmt::format("{} did not work, nothing was written: {}", name(order[i]), outcome.ended.error().what));
            continue;
        }
        out.step(phase::verify, "waiting for the board to come back with the new firmware");
        const auto verify_began = clock.now();
        const auto running = verify(job, before, clock, ask);
        outcome.verify_time = to_seconds(clock.now() - verify_began);
        if (!running) {
            outcome.ended = kf::fail(running.error());
            return outcome;
        }
        outcome.version = running->dictionary.version;
        outcome.node = running->node;
        out.step(phase::verify, fmt::format("{} runs {}", outcome.node.file_name, outcome.version));
        return outcome;
    }
    return outcome;
}

/// The same with the models of the table, and the board itself that is asked.
template<io::process_runner Runner, io::clock Clock, sink Sink>
[[nodiscard]] write_outcome write_and_verify(const write_job& job, const std::vector<board::flash_method>& order,
                                             Runner& runner, Clock clock, Sink& out) {
    return write_with(
        job, order, [&](board::flash_method method) { return make_method(method, runner, clock); },
        [&](const board::device& node, io::time_point until) { return identify_node(node, clock, until); }, clock, out);
}

} // namespace kf::flash
