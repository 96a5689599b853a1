// SPDX-License-Identifier: MIT
#pragma once
/// From a plan to a proven board: methods in their order, the fallback rule, verification. Effects on the service are
/// not here: whoever calls this holds the stop lease.

#include <kf/flash/any_method.hpp>
#include <kf/flash/verify.hpp>

#include <vector>

namespace kf::flash {

struct flash_outcome {
    board::flash_method method = board::flash_method::katapult;
    seconds write_time = 0, verify_time = 0;
    std::string version;
    board::device node = {}; ///< the board in its new life
};

/// Another method may be tried only when nothing was written, the board is still where it was, and the first failure
/// says nothing about the image or the person's wish.
[[nodiscard]] inline bool may_fall_back(const error& e, written wrote, const write_job& job) {
    if (wrote != written::nothing) return false;
    if (e.code != errc::flash_failed && e.code != errc::timeout && e.code != errc::not_found &&
        e.code != errc::connection_lost)
        return false;
    return find_node(job, board::firmware_on(job.watch.trail, job.watch.trail.start)).has_value();
}

/// Writes and verifies. On failure `wrote` says how far it came, which decides what the person is told.
template<io::process_runner Runner, io::clock Clock, sink Sink>
[[nodiscard]] result<flash_outcome> write_and_verify(const write_job& job,
                                                     const std::vector<board::flash_method>& order, Runner& runner,
                                                     Clock clock, Sink& out, written& wrote) {
    error last{errc::usage, "no flash method is left to try"};
    for (std::size_t i = 0; i < order.size(); ++i) {
        KF_CHECK(io::interrupt::check());
        const auto before = find_node(job, board::usb_firmware::klipper);
        auto method = make_method(order[i], runner, clock);
        out.step(phase::flash, fmt::format("{}: writing {} ({} bytes)", name(order[i]),
                                           job.image->path.filename().string(), job.image->bytes.size()));
        const auto began = clock.now();
        auto done = method.write(job, out);
        wrote = method.wrote();
        const seconds took = to_seconds(clock.now() - began);
        if (!done) {
            last = std::move(done).error();
            if (i + 1 < order.size() && may_fall_back(last, wrote, job)) {
                out.warn(fmt::format("{} did not work, nothing was written: {}", name(order[i]), last.what));
                continue;
            }
            return kf::fail(std::move(last));
        }
        out.step(phase::verify, "waiting for the board to come back with the new firmware");
        const auto verify_began = clock.now();
        KF_TRY(const auto running, verify(job, before, clock));
        out.step(phase::verify, fmt::format("{} runs {}", running.node.file_name, running.dictionary.version));
        return flash_outcome{order[i], took, to_seconds(clock.now() - verify_began), running.dictionary.version,
                             running.node};
    }
    return kf::fail(std::move(last));
}

} // namespace kf::flash
