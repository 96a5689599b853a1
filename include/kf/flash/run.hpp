// SPDX-License-Identifier: MIT
#pragma once
/// From a plan to a proven board: methods in their order, the fallback rule, verification. Effects on the service are
/// not here: whoever calls this holds the stop lease.

#include <kf/flash/any_method.hpp>
#include <kf/flash/verify.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

/// Which methods may write, in their order. The plan prints it, the run obeys it.
struct method_order {
    std::vector<board::flash_method> methods;
    std::string no_fallback = {}; ///< why there is none although one is wanted; empty when there is, or none is wanted
};

enum class fallback { no, if_wanted };

/// `first`, and behind it the fallback that its row names. The error is what `first` lacks.
template<io::process_runner Runner, io::clock Clock>
[[nodiscard]] result<method_order> order_of(board::flash_method first, fallback wanted, const write_job& job,
                                            Runner& runner, Clock clock) {
    KF_CHECK(make_method(first, runner, clock).needs(job));
    method_order order{{first}};
    const auto next = board::row_of(first).fallback;
    if (wanted == fallback::no || !next) return order;
    if (const auto possible = make_method(*next, runner, clock).needs(job); possible)
        order.methods.push_back(*next);
    else
        order.no_fallback = fmt::format("no fallback to {}: {}", name(*next), possible.error().what);
    return order;
}

/// What is known of a flash at its end, a bad end included.
struct flash_outcome {
    board::flash_method method = board::flash_method::katapult; ///< the last that was tried
    written wrote = written::nothing;                           ///< by that one; the ones before wrote nothing
    seconds write_time = 0, verify_time = 0;                    ///< of that one
    std::string version = {};                                   ///< what the board says that it runs; empty: not known
    board::device node = {};                                    ///< the board in its new life
    result<void> ended = kf::fail(errc::failed, "nothing was tried");
};

/// Another method may be tried only when nothing was written, the one before says so, and the board is still where it
/// was.
template<class Method>
[[nodiscard]] bool may_fall_back(Method& failed, const write_job& job) {
    if (failed.wrote() != written::nothing || !failed.another_may_try()) return false;
    return find_node(job, board::firmware_on(job.watch.trail, job.watch.trail.start)).has_value();
}

/// Writes and verifies.
template<io::process_runner Runner, io::clock Clock, sink Sink>
[[nodiscard]] flash_outcome write_and_verify(const write_job& job, const std::vector<board::flash_method>& order,
                                             Runner& runner, Clock clock, Sink& out) {
    flash_outcome outcome;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (outcome.ended = io::interrupt::check(); !outcome.ended) return outcome;
        outcome.method = order[i];
        const auto before = find_node(job, board::usb_firmware::klipper);
        auto method = make_method(order[i], runner, clock);
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
        const auto running = verify(job, before, clock);
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

} // namespace kf::flash
