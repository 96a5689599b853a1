// SPDX-License-Identifier: MIT
#pragma once
/// The native Katapult method over a USB serial port: ask for the bootloader, follow the board, CONNECT, the
/// bootloader's own facts against the image, write, read back, start.

#include <kf/flash/bootloader.hpp>

namespace kf::flash {

template<io::clock Clock>
class katapult_usb {
  public:
    static constexpr auto method = board::method_named("katapult");

    explicit katapult_usb(Clock clock)
      : clock_(clock) {}

    [[nodiscard]] result<void> needs(const write_job&) const { return {}; }

    [[nodiscard]] static std::vector<std::string> plan(const write_job& job) {
        auto lines = bootloader_lines(job);
        lines.push_back("write " + job.image_file.string() + " in blocks, read every block back, COMPLETE");
        return lines;
    }

    template<sink Sink>
    [[nodiscard]] result<void> write(const write_job& job, Sink& out) {
        const auto node = enter_bootloader(job, clock_);
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

template<>
struct model_of<board::method_named("katapult")> {
    template<io::process_runner Runner, io::clock Clock>
    static katapult_usb<Clock> make(Runner&, Clock clock) {
        return katapult_usb<Clock>(clock);
    }
};

} // namespace kf::flash
