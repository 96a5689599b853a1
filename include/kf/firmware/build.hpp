// SPDX-License-Identifier: MIT
#pragma once
/// Builds a board's firmware from its completed .config, in a folder of our own, and pins what came out. One folder
/// serves again only for the very same inputs.

#include <kf/firmware/image.hpp>
#include <kf/firmware/inputs_hash.hpp>
#include <kf/firmware/source_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kf::firmware {

struct build_progress {
    int done = 0, total = 0; ///< steps; total is exact
    std::string_view line = {};
};
using progress_sink = std::function<void(const build_progress&)>;

struct build_options {
    unsigned jobs = 0;             ///< 0: as many as there are cores
    seconds deadline = 300;        ///< for all of it; then the whole process group is ended
    std::string tree_version = {}; ///< git_version's describe_tree(); another version is built from scratch
    /// hash_inputs() of what it is made from. When that and the version are known, what was built of the very same is
    /// the outcome; otherwise make decides, and that takes half a minute to link the same again.
    std::string inputs = {};
};

struct build_outcome {
    fs::path file = {}; ///< the image
    image_kind kind = image_kind::bin;
    kconfig config = {}; ///< what was built
    int steps = 0;       ///< none: it was there already
    seconds elapsed = 0;
};

namespace detail {

/// Klipper's Makefile prints one line with two blanks in front for each step.
[[nodiscard]] inline bool is_step(std::string_view line) noexcept {
    return line.size() > 3 && line.starts_with("  ") && line[2] >= 'A' && line[2] <= 'Z' &&
           !line.starts_with("  Creating symbolic link");
}

/// Everything that decides what a step of the build gives, apart from the sources that make watches itself.
[[nodiscard]] inline std::string inputs_of(const build_site& site, const kconfig& config, std::string_view text,
                                           std::string_view version) {
    std::error_code ec;
    std::string all = fs::weakly_canonical(site.tree, ec).string() + '\0' + std::string(version) + '\0';
    const auto board = config.text("BOARD_DIRECTORY").value_or("");
    for (const auto& name : {fs::path("Makefile"), fs::path("src/Makefile"), fs::path("src") / board / "Makefile"})
        if (const auto recipe = io::read_file(site.tree / name)) all += *recipe + '\0';
    all += text;
    return sha256_hex(all) + "\n";
}

[[nodiscard]] inline result<void> clear_directory(const fs::path& path) {
    KF_CHECK(io::effect(io::effect_kind::file, "clear " + path.string()));
    std::error_code ec;
    fs::remove_all(path, ec);
    if (ec) return kf::fail(errc::io, "cannot clear " + path.string() + ": " + ec.message());
    return {};
}

} // namespace detail

/// What build() runs: a count of the steps, and the build.
[[nodiscard]] inline std::array<io::command, 2> build_commands(const build_site& site, unsigned jobs) {
    if (jobs == 0) jobs = std::max(1u, std::thread::hardware_concurrency());
    return {detail::compile_command(site, "-n"), detail::compile_command(site, fmt::format("-j{}", jobs))};
}

namespace detail {

/// What a folder was built from, beside the text of inputs_of(): the hash of the inputs and of the image they gave.
[[nodiscard]] inline std::string record_of(std::string_view inputs, std::string_view image) {
    return fmt::format("{} {}\n", inputs, sha256_hex(image));
}

} // namespace detail

/// Builds. Errors: errc::busy (another run builds this board), build_failed (with the last 20 lines), timeout,
/// interrupted.
template<io::process_runner R>
[[nodiscard]] result<build_outcome> build(R& runner, const build_site& site, const source_config& source,
                                          const build_options& options, const progress_sink& progress = {}) {
    const auto began = std::chrono::steady_clock::now();
    const auto left = [&] { return options.deadline - to_seconds(std::chrono::steady_clock::now() - began); };
    KF_CHECK(detail::check_site(site));
    KF_TRY(const auto lock, io::file_lock::take(site.dir / "lock", site.who));

    // One OUT serves again only for the very same inputs, and after a build that came to its end.
    const fs::path record = site.dir / "built-from";
    const auto inputs = detail::inputs_of(site, source.config, source.text, options.tree_version);
    const auto before = io::read_file(record);
    const bool one_folder = before && before->starts_with(inputs) && io::read_file(site.config()) == source.text;
    constexpr image_kind kinds[] = {image_kind::bin, image_kind::uf2, image_kind::elf_hex, image_kind::elf};
    const auto image_file = [&](image_kind kind) { return site.out() / (std::string("klipper") + extension(kind)); };
    if (one_folder && !options.inputs.empty() && !options.tree_version.empty()) {
        const auto kind = expected_kind(source.config);
        if (const auto image = io::read_file(image_file(kind));
            image && before->substr(inputs.size()) == detail::record_of(options.inputs, *image))
            return build_outcome{image_file(kind), kind, source.config, 0, options.deadline - left()};
    }
    if (!one_folder) {
        KF_CHECK(detail::clear_directory(site.out()));
        KF_CHECK(io::write_file(site.config(), source.text));
    }
    KF_CHECK(io::remove_file(record));
    KF_CHECK(io::make_directories(site.out()));
    // Without this object make links again and asks git for the version again; a commit alone would not make it.
    KF_CHECK(io::remove_file(site.out() / "compile_time_request.o"));
    for (const image_kind kind : kinds) KF_CHECK(io::remove_file(image_file(kind)));

    build_outcome outcome;
    io::line_tail plan, tail;
    const auto [count, make] = build_commands(site, options.jobs);
    KF_CHECK(detail::run_make(runner, site, count, left(), plan, "the build could not be planned",
                              [&](std::string_view line) {
                                  constexpr std::string_view echo = "echo \"";
                                  if (line.starts_with(echo) && detail::is_step(line.substr(echo.size())))
                                      ++outcome.steps;
                              }));
    int done = 0;
    KF_CHECK(
        detail::run_make(runner, site, make, left(), tail, "the firmware did not build", [&](std::string_view line) {
            if (detail::is_step(line)) done = std::min(done + 1, outcome.steps);
            if (progress) progress({done, outcome.steps, line});
        }));

    std::error_code ec;
    const auto* made = std::find_if(std::begin(kinds), std::end(kinds),
                                    [&](image_kind kind) { return fs::is_regular_file(image_file(kind), ec); });
    if (made == std::end(kinds))
        return kf::fail(error{errc::build_failed,
                              "make succeeded but left no firmware image",
                              "none of klipper.bin, .uf2, .elf.hex, .elf is in " + site.out().string(),
                              {},
                              {"see whether the source is a Klipper tree: ls " + site.tree.string()}});
    auto built_from = inputs;
    if (!options.inputs.empty()) {
        // Somebody may have saved a file meanwhile: then nobody knows what is in the image.
        const auto now = hash_inputs(runner, site.tree, source.config, site.run_as, std::max(1., left()));
        const auto image = io::read_file(image_file(*made));
        if (now && *now == options.inputs && image) built_from += detail::record_of(options.inputs, *image);
    }
    KF_CHECK(io::write_file(record, built_from));
    outcome.kind = *made;
    outcome.file = image_file(*made);
    outcome.config = source.config;
    outcome.elapsed = to_seconds(std::chrono::steady_clock::now() - began);
    return outcome;
}

/// Pins what was built; a .bin learns from its .elf where it was linked.
[[nodiscard]] inline result<image> load_built(const build_outcome& built) {
    KF_TRY(auto pinned, load_image(built.file, built.config.application_start()));
    if (pinned.kind == image_kind::bin)
        if (const auto elf = load_image(built.file.parent_path() / "klipper.elf")) locate(pinned, *elf);
    return pinned;
}

} // namespace kf::firmware
