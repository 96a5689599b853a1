// SPDX-License-Identifier: MIT
#pragma once
/// What the methods of boards with Katapult share: into the bootloader, and the proof that it is the right one, before
/// anything is written.

#include <kf/firmware/proofs.hpp>
#include <kf/flash/katapult.hpp>
#include <kf/flash/method.hpp>
#include <kf/flash/port_free.hpp>
#include <kf/io/traced.hpp>

namespace kf::flash {

/// The board in Katapult, and whoever wants to know how it shows itself there is told.
template<io::clock Clock>
[[nodiscard]] result<board::device> enter_bootloader(const write_job& job, Clock& clock) {
    auto node = enter_bootloader(usb_of(job), clock);
    if (node && job.met_bootloader) job.met_bootloader(*node);
    return node;
}

/// What a plan says of the two.
[[nodiscard]] inline std::vector<std::string> bootloader_lines(const write_job& job) {
    return {fmt::format("ask {} for its bootloader (1200 baud), follow it to Katapult", board::found_as(job.address)),
            fmt::format("CONNECT: demand the MCU {} and the application start 0x{:x}", job.mcu, job.start)};
}

/// Opens a board that is in Katapult, connects, and holds what the bootloader says against the image. Nothing has been
/// written then: whatever is wrong, a pending signal included, COMPLETE starts the old application again.
/// `then(session)` goes on with the open session.
template<io::clock Clock, sink Sink, class Then>
[[nodiscard]] result<void> with_proven_bootloader(const write_job& job, const board::device& node, Clock& clock,
                                                  Sink& out, Then&& then) {
    KF_TRY(auto port,
           with_free_port(node, job.proc, clock, out, [&] { return io::serial_port::open(node.path.string()); }));
    port.discard_input();
    io::traced_transport traced(port, out);
    katapult_session session(traced, clock);
    const auto go = [&]() -> result<void> {
        KF_TRY(const auto info, session.connect(node.usb.mcu));
        out.step(phase::flash, fmt::format("Katapult {} on {}, application start 0x{:x}, blocks of {} bytes",
                                           info.version, info.mcu, info.app_start, info.block_size));
        KF_CHECK(firmware::check_bootloader(*job.image, {info.mcu, info.app_start, info.block_size}));
        return io::interrupt::check();
    };
    if (auto allowed = go(); !allowed) {
        if (auto left = session.leave(); !left) out.warn(left.error().what);
        return kf::fail(std::move(allowed).error());
    }
    return then(session);
}

/// Of an error of enter_bootloader(): the board was asked, and no Katapult came. Another way to it may work.
[[nodiscard]] inline bool is_no_katapult(const error& e) noexcept { return e.code == errc::flash_failed; }

/// The proof alone, for a flasher of somebody else's: the board stays in its bootloader.
template<io::clock Clock, sink Sink>
[[nodiscard]] result<void> prove_bootloader(const write_job& job, const board::device& node, Clock& clock, Sink& out) {
    return with_proven_bootloader(job, node, clock, out, [](auto&) -> result<void> { return {}; });
}

} // namespace kf::flash
