// SPDX-License-Identifier: MIT
#pragma once
/// The native Katapult method over a USB serial port: ask for the bootloader, follow the board, CONNECT, the
/// bootloader's own facts against the image, write, read back, start.

#include <kf/firmware/proofs.hpp>
#include <kf/flash/katapult.hpp>
#include <kf/flash/method.hpp>
#include <kf/host/proc.hpp>
#include <kf/io/traced.hpp>

#include <unistd.h>

namespace kf::flash {

/// Opens a board that is in Katapult, connects, and holds what the bootloader says against the image. Nothing has been
/// written then: whatever is wrong, a pending signal included, COMPLETE starts the old application again.
/// `then(session)` goes on with the open session.
template<io::clock Clock, sink Sink, class Then>
[[nodiscard]] result<void> with_proven_bootloader(const write_job& job, const board::device& node, Clock& clock,
                                                  Sink& out, Then&& then) {
    for (const auto& h : host::holders_of(job.proc, node.resolved, ::getpid()).seen)
        return kf::fail(error{errc::busy,
                              fmt::format("{} is held by process {}: {}", node.file_name, h.pid, h.command),
                              {},
                              {},
                              {"end that process, then run this again"}});
    // udev and ModemManager look at a new port for a moment.
    const auto patience = clock.now() + std::chrono::seconds(3);
    auto port = io::serial_port::open(node.path.string());
    while (!port && port.error().code == errc::busy && clock.now() < patience) {
        clock.sleep_until(clock.now() + std::chrono::milliseconds(50));
        port = io::serial_port::open(node.path.string());
    }
    if (!port) return kf::fail(std::move(port).error());
    port->discard_input();
    io::traced_transport traced(*port, out);
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

template<io::clock Clock>
class katapult_usb {
  public:
    static constexpr auto method = board::flash_method::katapult;

    explicit katapult_usb(Clock clock)
      : clock_(clock) {}

    [[nodiscard]] result<void> needs(const write_job&) const { return {}; }

    [[nodiscard]] std::vector<std::string> plan(const write_job& job) const {
        return {fmt::format("ask {} for its bootloader (1200 baud), follow it to Katapult",
                            job.watch.trail.start.file_name),
                fmt::format("CONNECT: demand the MCU {} and the application start 0x{:x}", job.mcu, job.start),
                "write " + job.image_file.string() + " in blocks, read every block back, COMPLETE"};
    }

    template<sink Sink>
    [[nodiscard]] result<void> write(const write_job& job, Sink& out) {
        const auto node = enter_bootloader(job.watch, clock_);
        another_may_try_ = !node && is_no_katapult(node.error());
        KF_CHECK(node);
        return with_proven_bootloader(job, *node, clock_, out, [&](auto& session) -> result<void> {
            const auto began = clock_.now();
            auto wrote = session.write(job.image->bytes, [&](std::size_t done, std::size_t total, katapult_pass p) {
                const bool verifying = p == katapult_pass::verify;
                out.progress({verifying ? phase::verify : phase::flash, done, total, "blocks",
                              to_seconds(clock_.now() - began)});
            });
            if (session.written_any()) wrote_ = written::some;
            KF_CHECK(wrote);
            wrote_ = written::all;
            return session.leave();
        });
    }

    [[nodiscard]] written wrote() const noexcept { return wrote_; }
    [[nodiscard]] bool another_may_try() const noexcept { return another_may_try_; }

  private:
    Clock clock_;
    written wrote_ = written::nothing;
    bool another_may_try_ = false;
};

} // namespace kf::flash
