// SPDX-License-Identifier: MIT
#pragma once
/// A plan whose images are there: built, pinned by their SHA-256 and proven. Only build() makes one, and only that can
/// be run. As long as it lives nobody else builds in the folders of its boards.

#include <kf/firmware/build.hpp>
#include <kf/flash/plan.hpp>
#include <kf/io/interrupt.hpp>

#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

/// One firmware, proven to belong to its board.
struct built_firmware {
    firmware::build_outcome build;
    firmware::image image;
};

/// Builds, pins and proves.
template<io::process_runner Runner, sink Sink>
[[nodiscard]] result<built_firmware> build_firmware(const firmware_plan& p, const std::string& key, Runner& runner,
                                                    Sink& out) {
    tell_firmware_plan(p, key, out);
    out.step(phase::build, fmt::format("{} {}", p.site.tree.string(), p.target.tree_version));
    const io::steady_clock clock;
    const auto began = clock.now();
    KF_TRY(auto built, firmware::build(runner, p.site, p.source, {p.jobs, p.deadline, p.target.tree_version},
                                       [&](const firmware::build_progress& step) {
                                           out.detail(step.line);
                                           out.progress({phase::build, static_cast<std::uint64_t>(step.done),
                                                         static_cast<std::uint64_t>(step.total), "steps",
                                                         to_seconds(clock.now() - began)});
                                       }));
    KF_TRY(auto image, firmware::load_built(built));
    auto proofs = firmware::prove(image, built.config, p.target);
    for (const auto& proof : proofs)
        out.detail(fmt::format("proof {}: {} {}", proof.name, proof.says, proof.holds ? "(holds)" : "(FAILS)"));
    out.step(phase::build, fmt::format("{}: {} bytes, SHA-256 {}, {:.1f} s", built.file.filename().string(),
                                       image.bytes.size(), image.sha256.substr(0, 16), built.elapsed));
    KF_CHECK(firmware::require_all(std::move(proofs)));
    return built_firmware{std::move(built), std::move(image)};
}

class built_plan {
  public:
    struct board {
        built_firmware firmware;
        io::file_lock lock; ///< on the folder that `make flash` reads
    };

    [[nodiscard]] const flash_plan& plan() const noexcept { return plan_; }
    [[nodiscard]] const std::vector<board>& boards() const noexcept { return boards_; }

  private:
    template<io::process_runner Runner, class SinkOf>
    friend result<built_plan> build(const flash_plan&, Runner&, SinkOf&&);

    explicit built_plan(flash_plan p)
      : plan_(std::move(p)) {}

    flash_plan plan_;
    std::vector<board> boards_;
};

/// `sink_of(key)`: where the words about a board go.
template<io::process_runner Runner, class SinkOf>
[[nodiscard]] result<built_plan> build(const flash_plan& p, Runner& runner, SinkOf&& sink_of) {
    built_plan all(p);
    for (const auto& b : p.boards) {
        auto out = sink_of(b.board.key);
        KF_TRY(auto built, build_firmware(b.firmware, b.board.key, runner, out));
        KF_CHECK(io::interrupt::check());
        KF_TRY(auto lock, io::file_lock::take(b.firmware.site.dir / "lock", b.firmware.site.who));
        KF_CHECK(firmware::still_is(built.image, built.build.file));
        KF_CHECK(
            io::write_file(b.job.image_file, std::string_view(reinterpret_cast<const char*>(built.image.bytes.data()),
                                                              built.image.bytes.size())));
        all.boards_.push_back({std::move(built), std::move(lock)});
    }
    return all;
}

} // namespace kf::flash
