// SPDX-License-Identifier: MIT
#pragma once
/// A plan whose images are there: built, pinned by their SHA-256 and proven. Only build() makes one, and only that can
/// be run. As long as it lives nobody else builds in the folders of its boards.

#include <kf/firmware/build.hpp>
#include <kf/flash/event.hpp>
#include <kf/flash/plan.hpp>
#include <kf/io/interrupt.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

/// One firmware, proven to belong to its board.
struct built_firmware {
    firmware::build_outcome build;
    firmware::image image;
};

/// That it belongs to the board of this plan.
template<sink Sink>
[[nodiscard]] result<void> prove_built(const built_firmware& f, const firmware_plan& p, Sink& out) {
    auto proofs = firmware::prove(f.image, f.build.config, p.target);
    for (const auto& proof : proofs)
        out.detail(fmt::format("proof {}: {} {}", proof.name, proof.says, proof.holds ? "(holds)" : "(FAILS)"));
    out.step(phase::build, fmt::format("{}: {} bytes, SHA-256 {}, {}", f.build.file.filename().string(),
                                       f.image.bytes.size(), f.image.sha256.substr(0, 16),
                                       f.build.steps == 0 ? std::string("was there already")
                                                          : fmt::format("{:.1f} s", f.build.elapsed)));
    KF_CHECK(firmware::require_all(std::move(proofs)));
    return {};
}

/// An image that is there already, in the build folder of its board: a method finds it as if it had been built.
[[nodiscard]] inline result<firmware::build_outcome> take_stored(const firmware_plan& p, const stored_image& stored) {
    KF_TRY(const auto bytes, io::read_file(stored.file));
    if (firmware::sha256_hex(bytes) != stored.sha256)
        return kf::fail(error{errc::mismatch,
                              "the kept image is not the one that was flashed then",
                              "its SHA-256 is another one",
                              stored.file.string(),
                              {"build the firmware anew: kflash flash"}});
    KF_TRY(const auto lock, io::file_lock::take(p.site.dir / "lock", p.site.who));
    KF_CHECK(io::write_file(p.site.config(), p.source.text));
    firmware::build_outcome built{p.site.out() / (std::string("klipper") + extension(p.kind())), p.kind(),
                                  p.source.config};
    KF_CHECK(io::write_file(built.file, bytes));
    return built;
}

/// Builds, or takes what there is; pins and proves.
template<io::process_runner Runner, sink Sink>
[[nodiscard]] result<built_firmware> build_firmware(const firmware_plan& p, Runner& runner, Sink& out) {
    out.step(phase::build, p.stored ? fmt::format("the kept image of {}", p.stored->time)
                                    : fmt::format("{} {}", p.site.tree.string(), p.target.tree_version));
    const io::steady_clock clock;
    const auto began = clock.now();
    KF_TRY(auto built,
           p.stored ? take_stored(p, *p.stored)
                    : firmware::build(runner, p.site, p.source, {p.jobs, p.deadline, p.target.tree_version, p.inputs},
                                      [&](const firmware::build_progress& step) {
                                          out.detail(step.line);
                                          out.progress({phase::build, static_cast<std::uint64_t>(step.done),
                                                        static_cast<std::uint64_t>(step.total), "steps",
                                                        to_seconds(clock.now() - began)});
                                      }));
    KF_TRY(auto image, firmware::load_built(built));
    built_firmware firmware{std::move(built), std::move(image)};
    KF_CHECK(prove_built(firmware, p, out));
    return firmware;
}

/// What is left of it: the boards whose build failed are among those that the plan is without.
class built_plan {
  public:
    struct board {
        built_firmware firmware;
        std::optional<io::file_lock> lock; ///< on the folder that `make flash` reads; it has the board that built there
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

namespace detail {

template<io::process_runner Runner, sink Sink>
[[nodiscard]] result<built_plan::board> build_board(const board_plan& b, Runner& runner, Sink& out) {
    KF_TRY(auto built, build_firmware(b.firmware, runner, out));
    KF_CHECK(io::interrupt::check());
    KF_TRY(auto lock, io::file_lock::take(b.firmware.site.dir / "lock", b.firmware.site.who));
    KF_CHECK(firmware::still_is(built.image, built.build.file));
    KF_CHECK(io::write_file(b.job.image_file, std::string_view(reinterpret_cast<const char*>(built.image.bytes.data()),
                                                               built.image.bytes.size())));
    return built_plan::board{std::move(built), std::move(lock)};
}

/// The image of another board, proven to belong to this one too.
template<sink Sink>
[[nodiscard]] result<built_plan::board> share_build(const board_plan& b, const result<built_plan::board>& other,
                                                    Sink& out) {
    if (!other) return kf::fail(other.error());
    out.step(phase::build, fmt::format("the image of {}: its configuration is the same", b.built_with));
    KF_CHECK(prove_built(other->firmware, b.firmware, out));
    return built_plan::board{other->firmware, {}};
}

} // namespace detail

/// One after the other, each with all cores; a build that fails is the end of its boards alone. `sink_of(key)`: where
/// the words about a board go. The error is about the job: a signal.
template<io::process_runner Runner, class SinkOf>
[[nodiscard]] result<built_plan> build(const flash_plan& p, Runner& runner, SinkOf&& sink_of) {
    built_plan all(p);
    all.plan_.boards.clear();
    std::map<std::string, result<built_plan::board>> builds;
    const io::steady_clock clock;
    const auto began = clock.now();
    std::size_t number = 0, made = 0;
    const auto own =
        static_cast<std::size_t>(std::ranges::count_if(p.boards, [](const auto& b) { return b.built_with.empty(); }));
    for (const auto& b : p.boards) {
        auto out = sink_of(b.board.key);
        ++number;
        if (p.wanted.is_batch()) {
            std::string left;
            if (made > 0 && made < own)
                left =
                    fmt::format(", about {:.0f} s to go", to_seconds(clock.now() - began) / static_cast<double>(made) *
                                                              static_cast<double>(own - made));
            out.step(phase::build, divider(number, p.boards.size(), b.board.name) + left);
        }
        KF_CHECK(io::interrupt::check());
        auto built = b.built_with.empty() ? detail::build_board(b, runner, out)
                                          : detail::share_build(b, builds.at(b.built_with), out);
        if (b.built_with.empty()) ++made;
        if (!built && built.error().code == errc::interrupted) return kf::fail(std::move(built).error());
        built = about(b.board.key, std::move(built));
        if (built) {
            all.plan_.boards.push_back(b);
            all.boards_.push_back({built->firmware, std::move(built->lock)});
        } else {
            all.plan_.without.push_back({b.board.key, b.board.name, built.error(), built.error().what, phase::build});
        }
        builds.emplace(b.board.key, std::move(built));
    }
    return all;
}

} // namespace kf::flash
