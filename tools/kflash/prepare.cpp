// SPDX-License-Identifier: MIT
#include "prepare.hpp"

#include "../cli/number.hpp"
#include "board_fields.hpp"

#include <kf/firmware/chip_choice.hpp>
#include <kf/flash/any_method.hpp>

#include <fmt/format.h>

#include <stdlib.h>
#include <unistd.h>

namespace kf::kflash {
namespace {

/// A folder of our own in /tmp that is gone with the object. It belongs to who builds.
class scratch_folder {
  public:
    [[nodiscard]] static result<scratch_folder> make(const std::optional<io::user_ids>& owner) {
        std::string name = "/tmp/kf-config.XXXXXX"; // a name that make can take, wherever TMPDIR points
        KF_CHECK(io::effect(io::effect_kind::file, "make " + name));
        if (::mkdtemp(name.data()) == nullptr) return kf::fail(io::system_error("cannot make a folder in /tmp"));
        if (owner && ::chown(name.c_str(), owner->uid, owner->gid) != 0)
            return kf::fail(io::system_error("cannot give a folder in /tmp to its user"));
        return scratch_folder(std::move(name));
    }
    scratch_folder(scratch_folder&& other) noexcept
      : path_(std::exchange(other.path_, {})) {}
    scratch_folder& operator=(scratch_folder&&) = delete;
    ~scratch_folder() {
        std::error_code ec;
        if (!path_.empty()) fs::remove_all(path_, ec);
    }
    [[nodiscard]] const fs::path& path() const noexcept { return path_; }

  private:
    explicit scratch_folder(fs::path path)
      : path_(std::move(path)) {}
    fs::path path_;
};

} // namespace

result<board::flash_method> method_from(const std::string& word, std::string_view more) {
    if (const auto method = board::flash_method_from(word)) return *method;
    error e{errc::usage, fmt::format("there is no method \"{}\": {}", word, board::flash_method_words(more))};
    for (const auto& row : board::flash_methods) e.steps.push_back(fmt::format("{}: {}", row.name, row.purpose));
    return kf::fail(std::move(e));
}

std::vector<cli::option_row> build_options() {
    return {{"device,d", "BOARD", "the board"},
            {"skip-menuconfig,s", "", "use the cached configuration without menuconfig"},
            {"jobs,j", "N", "compilers at once (all cores)"},
            {"build-timeout", "S", "seconds that the build may take (300)"},
            {"git-timeout", "S", "seconds that git may take to tell the version of the sources (5)"}};
}

result<build_request> build_request_of(const cli::invocation& in) {
    build_request r;
    r.menuconfig = !in.has("skip-menuconfig") && !in.has("dry-run") && in.interactive && !in.json;
    KF_TRY(r.jobs, cli::count_option(in, "jobs", 0, 0, 1024));
    const auto limit = [&](const char* name, std::optional<seconds>& to, seconds most) -> result<void> {
        if (!in.has(name)) return {};
        KF_TRY(to, cli::number_option(in, name, 0, board::min_timeout, most));
        return {};
    };
    KF_CHECK(limit("build-timeout", r.build_timeout, board::max_build_timeout));
    KF_CHECK(limit("git-timeout", r.git_timeout, board::max_git_timeout));
    if (const auto text = in.get("method")) {
        KF_TRY(r.method, method_from(*text));
    }
    return r;
}

firmware::build_site site_of(const bench& b, const board::board& board, const std::string& who) {
    // A key of the original may have blanks in it, which make cannot take: such a folder gets a name of its own.
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    std::string folder = board.key;
    if (folder.find_first_not_of(plain) != std::string::npos || folder.front() == '.')
        folder = board::slug(board.key) + "+" +
                 firmware::sha256_hex(
                     io::byte_view(reinterpret_cast<const std::uint8_t*>(board.key.data()), board.key.size()))
                     .substr(0, 8);
    return {b.klipper_dir(), b.at.builds / folder, who, b.at.build_as};
}

result<void> check_config_mcu(const board::board& board, const firmware::kconfig& config) {
    const auto mcu = config.mcu().value_or("");
    if (mcu.empty())
        return kf::fail(error{errc::mismatch,
                              "the configuration names no MCU",
                              fmt::format("{} is registered as {}", board.name, board.mcu),
                              {},
                              {fmt::format("choose its chip: kflash config {}", board.key)}});
    if (board::mcu_matches(mcu, board.mcu)) return {};
    return kf::fail(
        error{errc::mismatch,
              fmt::format("the configuration is for {}, {} is registered as {}", mcu, board.name, board.mcu),
              "the configuration of another board was chosen, or the board is registered with the wrong chip",
              {},
              {fmt::format("choose the right chip: kflash config {}", board.key),
               fmt::format("or correct the board: kflash edit {} --mcu {}", board.key, mcu)}});
}

result<void> edit_config(cli::invocation& in, const bench& b, const board::board& board) {
    if (!in.interactive)
        return kf::fail(
            error{errc::needs_person,
                  "menuconfig needs a terminal",
                  {},
                  {},
                  {fmt::format("use the cached configuration: kflash flash {} --skip-menuconfig", board.key),
                   fmt::format("or take a file: kflash config {} --import FILE", board.key)}});
    std::string before;
    if (const auto cached = b.configs.load(board.key))
        before = cached->text;
    else if (cached.error().code != errc::not_found)
        in.out.warn(cached.error().what);
    // Not cached unless the person saves it: only the chip is known, not the bootloader nor the wires.
    const auto chip = before.empty() ? firmware::chip_choice(b.klipper_dir(), board.mcu) : std::string();
    auto runner = make_runner(in);
    in.out.step(phase::config, chip.empty() ? "menuconfig" : fmt::format("menuconfig for {}", board.mcu));
    KF_TRY(auto edited,
           firmware::menuconfig(runner, site_of(b, board, "kflash config"), before.empty() ? chip : before));
    if (!edited.saved) {
        in.out.step(phase::config, before.empty() ? "nothing was saved" : "nothing was changed");
        return {};
    }
    KF_TRY(const auto given, firmware::read_config(std::move(edited.text), b.configs.path(board.key)));
    KF_CHECK(check_config_mcu(board, given.config));
    KF_CHECK(b.configs.store(board.key, given.text));
    in.out.step(phase::config, fmt::format("saved as {}", b.configs.path(board.key).string()));
    return {};
}

void remember_device(cli::invocation& in, const bench& b, board::board& board, const board::device& device,
                     std::optional<board::usb_firmware> runs) {
    const auto firmware = runs.value_or(board::firmware_on(board, device));
    const auto learned = board::remember(board, device, firmware, today());
    if (learned == board) return;
    if (learned.serial_pattern != board.serial_pattern)
        in.out.note(fmt::format("{} is registered as {} from now on", board.name, learned.serial_pattern));
    board = learned; // it counts for this very run
    const auto done = board::update(b.at.registry_file, "kflash", [&](board::registry& r) -> result<void> {
        KF_TRY(const auto now, board::find(r, board.key));
        return board::replace(r, board::remember(now, device, firmware, today()));
    });
    if (!done) in.out.warn(fmt::format("could not note how {} shows itself on USB: {}", board.name, done.error().what));
}

result<firmware::source_config> complete_config(cli::invocation& in, const bench& b,
                                                const firmware::cached_config& cached, seconds deadline) {
    KF_TRY(const scratch_folder folder, scratch_folder::make(b.at.build_as));
    auto runner = make_runner(in);
    return firmware::complete(runner, {b.klipper_dir(), folder.path(), "kflash", b.at.build_as}, cached, deadline);
}

result<imported_config> import_config(cli::invocation& in, const bench& b, const board::board& board,
                                      const firmware::cached_config& given) {
    auto whole = complete_config(in, b, given, b.registry.settings.build_timeout);
    if (!whole && (whole.error().code == errc::mismatch || whole.error().code == errc::interrupted))
        return kf::fail(std::move(whole).error());
    if (!whole && !given.config.mcu())
        return kf::fail(error{errc::malformed, "this configuration names no MCU",
                              "a source tree has to complete it, and " + whole.error().what, whole.error().command,
                              whole.error().steps, whole.error().output});
    if (!whole) in.out.warn("nothing but its own text is known of this configuration: " + whole.error().what);
    KF_CHECK(check_config_mcu(board, whole ? whole->config : given.config));
    imported_config imported{given.config.mcu() ? given.text : whole->text, {}};
    if (whole) imported.whole = std::move(*whole);
    return imported;
}

result<ready_board> make_ready(cli::invocation& in, const bench& b, const board::board& board,
                               const build_request& request, const std::string& usb_mcu) {
    const auto& settings = b.registry.settings;
    if (request.menuconfig && !settings.skip_menuconfig) KF_CHECK(edit_config(in, b, board));
    auto cached = b.configs.load(board.key);
    if (!cached && cached.error().code == errc::not_found) {
        error e = std::move(cached).error();
        e.code = errc::needs_person; // only a person can say how the board is wired and which bootloader it has
        return kf::fail(std::move(e));
    }
    KF_CHECK(cached);
    ready_board ready;
    ready.site = site_of(b, board, fmt::format("kflash {} {}", in.command, board.key));
    KF_TRY(ready.source, complete_config(in, b, *cached, request.build_timeout.value_or(settings.build_timeout)));
    KF_CHECK(check_config_mcu(board, ready.source.config));
    ready.method = request.method.value_or(board.method.value_or(settings.default_flash_method));
    KF_CHECK(flash::takes_kind(ready.method, ready.kind()));
    ready.target = {
        board.mcu, usb_mcu, board::row_of(ready.method).needs_katapult || board.seen_as_katapult.has_value(), {}};
    KF_CHECK(firmware::require_all(firmware::prove_config(ready.source.config, ready.target)));
    auto runner = make_runner(in);
    auto version = firmware::describe_tree(runner, ready.site.tree, ready.site.run_as,
                                           request.git_timeout.value_or(settings.git_timeout));
    // A git that is slow will still answer the build, which waits for it: then the version of the image is what counts.
    if (!version && version.error().code != errc::timeout) return kf::fail(std::move(version).error());
    if (!version) {
        in.out.warn(version.error().what + ": only the image will say it");
        for (const auto& step : version.error().steps) in.out.note(step);
    }
    ready.target.tree_version = version.value_or("");
    return ready;
}

result<built_board> build_ready(cli::invocation& in, const bench& b, const board::board& board,
                                const build_request& request, const ready_board& ready) {
    in.out.step(phase::config, b.configs.path(board.key).string());
    if (!ready.source.drift.empty()) {
        in.out.warn(
            fmt::format("the source has other options than when this configuration was saved: {} changed. Review "
                        "with kflash config {}",
                        ready.source.drift.size(), board.key));
        for (const auto& change : ready.source.drift) in.out.note(firmware::to_string(change));
    }
    auto runner = make_runner(in);
    firmware::build_options options;
    options.tree_version = ready.target.tree_version;
    options.jobs = request.jobs;
    options.deadline = request.build_timeout.value_or(b.registry.settings.build_timeout);
    in.out.step(phase::build, fmt::format("{} {}", ready.site.tree.string(), options.tree_version));
    const io::steady_clock clock;
    const auto began = clock.now();
    KF_TRY(auto built,
           firmware::build(runner, ready.site, ready.source, options, [&](const firmware::build_progress& p) {
               in.out.detail(p.line);
               in.out.progress({phase::build, static_cast<std::uint64_t>(p.done), static_cast<std::uint64_t>(p.total),
                                "steps", to_seconds(clock.now() - began)});
           }));
    KF_TRY(auto image, firmware::load_built(built));
    auto proofs = firmware::prove(image, built.config, ready.target);
    for (const auto& p : proofs)
        in.out.detail(fmt::format("proof {}: {} {}", p.name, p.says, p.holds ? "(holds)" : "(FAILS)"));
    in.out.step(phase::build, fmt::format("{}: {} bytes, SHA-256 {}, {:.1f} s", built.file.filename().string(),
                                          image.bytes.size(), image.sha256.substr(0, 16), built.elapsed));
    KF_CHECK(firmware::require_all(std::move(proofs)));
    return built_board{std::move(built), std::move(image)};
}

} // namespace kf::kflash
