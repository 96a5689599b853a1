// SPDX-License-Identifier: MIT
#pragma once
/// Builds a board's firmware from its cached .config, in a folder of our own: `make OUT=<own>/ KCONFIG_CONFIG=<own
/// copy>` on make's command line, so that neither the person's ~/klipper/.config nor its out/ is ever touched. The
/// cached .config is never built as it stands: make would rewrite it in silence when the tree's options have changed,
/// so that happens on a copy first and is reported. The make interface is that of Klipper's Makefile.

#include <kf/firmware/config_cache.hpp>
#include <kf/firmware/image.hpp>
#include <kf/io/file_lock.hpp>
#include <kf/io/process.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kf::firmware {

/// Where one board is built.
struct build_site {
    fs::path tree = {};                      ///< the firmware's sources, klipper_dir
    fs::path dir = {};                       ///< ours, absolute, one for each board; holds .config, out/, lock
    std::string who = "kflash";              ///< what a second run is told
    std::optional<io::user_ids> run_as = {}; ///< under sudo: whose tree it is

    [[nodiscard]] fs::path config() const { return dir / ".config"; }
    [[nodiscard]] fs::path out() const { return dir / "out"; }
};

struct build_progress {
    int done = 0, total = 0; ///< steps; total is exact
    std::string_view line = {};
};
using progress_sink = std::function<void(const build_progress&)>;

struct build_options {
    unsigned jobs = 0;             ///< 0: as many as there are cores
    seconds deadline = 300;        ///< for everything; then the whole process group is ended
    std::string tree_version = {}; ///< git_version's describe_tree(); another version is built from scratch
};

/// Which file a build of this configuration leaves, as Klipper's Makefiles have it.
[[nodiscard]] inline image_kind expected_kind(const kconfig& config) {
    const auto family = config.text("BOARD_DIRECTORY").value_or("");
    if (family == "avr") return image_kind::elf_hex;
    if (family == "linux") return image_kind::elf;
    if (family == "rp2040" && !config.enabled("RPXXXX_HAVE_BOOTLOADER")) return image_kind::uf2;
    return image_kind::bin;
}

struct build_outcome {
    fs::path file = {}; ///< the image
    image_kind kind = image_kind::bin;
    kconfig config = {};                   ///< what was built, after olddefconfig
    std::vector<symbol_change> drift = {}; ///< what olddefconfig made of the cached .config
    int steps = 0;
    seconds elapsed = 0;
    std::vector<std::string> lines = {}; ///< the last 200 of make's output
};

/// What every make of ours gets: no flags of a make around us, and no .pyc files in the person's tree.
[[nodiscard]] inline std::vector<std::pair<std::string, std::string>> make_environment() {
    return {
        {"PYTHONDONTWRITEBYTECODE", "1"}, {"MAKEFLAGS", ""}, {"MFLAGS", ""}, {"GNUMAKEFLAGS", ""}, {"MAKELEVEL", "0"}};
}

namespace detail {

inline constexpr std::size_t kept_lines = 200, shown_lines = 20;

/// `make` for this site. Every path is ours and absolute; what a surrounding make left in the environment is cut off.
[[nodiscard]] inline io::command make_command(const build_site& site, std::vector<std::string> words,
                                              const fs::path& config, const fs::path& out) {
    io::command c{.argv = {"make"}, .cwd = site.tree.string(), .run_as = site.run_as};
    c.argv.insert(c.argv.end(), words.begin(), words.end());
    c.argv.push_back("OUT=" + (out / "").string());
    c.argv.push_back("KCONFIG_CONFIG=" + config.string());
    c.environment = make_environment();
    return c;
}

/// make can't name a file whose path has a blank or one of its own marks in it.
[[nodiscard]] inline result<void> check_site(const build_site& site) {
    const std::string dir = site.dir.string();
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+@,";
    if (!site.dir.is_absolute() || site.dir == site.dir.root_path() ||
        dir.find_first_not_of(plain) != std::string::npos)
        return kf::fail(error{errc::usage,
                              "firmware cannot be built in this directory",
                              "its path must be absolute, of letters, digits and _-./+@, only",
                              dir,
                              {"set XDG_CACHE_HOME to a directory with a plain name"}});
    std::error_code ec;
    for (const char* needed : {"Makefile", "src/Kconfig"})
        if (!fs::is_regular_file(site.tree / needed, ec))
            return kf::fail(
                error{errc::not_found,
                      "there is no firmware source in " + site.tree.string(),
                      std::string("it has no ") + needed,
                      site.tree.string(),
                      {"look where Klipper is: ls ~/klipper/Makefile", "say it: kflash settings --klipper-dir DIR"}});
    const auto inside = fs::weakly_canonical(site.dir, ec).lexically_relative(fs::weakly_canonical(site.tree, ec));
    if (!inside.empty() && *inside.begin() != "..")
        return kf::fail(error{errc::usage, "firmware is never built inside of its source tree", {}, dir, {}});
    return {};
}

/// Keeps the last lines of a command.
class line_tail {
  public:
    void feed(std::string_view chunk, const std::function<void(std::string_view)>& on_line = {}) {
        splitter_.feed(chunk, [&](std::string_view line) { add(line, on_line); });
    }
    void finish() {
        splitter_.finish([&](std::string_view line) { add(line, {}); });
    }
    [[nodiscard]] std::vector<std::string> lines() const { return {lines_.begin(), lines_.end()}; }

    /// The last 20 lines as a block, cut to 80 columns by wrapping.
    [[nodiscard]] std::string last() const {
        if (lines_.empty()) return "it printed nothing";
        std::string text = "its last lines were:";
        constexpr std::size_t columns = 76;
        for (std::size_t i = lines_.size() - std::min(lines_.size(), shown_lines); i < lines_.size(); ++i)
            for (std::size_t at = 0; at == 0 || at < lines_[i].size(); at += columns)
                text += "\n    " + lines_[i].substr(at, columns);
        return text;
    }
    [[nodiscard]] bool mentions(std::string_view text) const {
        return std::any_of(lines_.begin(), lines_.end(),
                           [&](const std::string& line) { return line.find(text) != std::string::npos; });
    }

  private:
    void add(std::string_view line, const std::function<void(std::string_view)>& on_line) {
        lines_.emplace_back(line);
        if (lines_.size() > kept_lines) lines_.pop_front();
        if (on_line) on_line(line);
    }
    io::line_splitter splitter_;
    std::deque<std::string> lines_;
};

/// What a person can do about a make that failed.
[[nodiscard]] inline std::vector<std::string> remedies(const line_tail& tail, const build_site& site) {
    if (tail.mentions("arm-none-eabi-gcc: No such file") || tail.mentions("arm-none-eabi-gcc: not found"))
        return {"sudo apt install gcc-arm-none-eabi libnewlib-arm-none-eabi", "run this again"};
    if (tail.mentions("avr-gcc: No such file") || tail.mentions("avr-gcc: not found"))
        return {"sudo apt install gcc-avr avr-libc binutils-avr", "run this again"};
    if (tail.mentions("python3: No such file") || tail.mentions("python3: not found"))
        return {"sudo apt install python3", "run this again"};
    if (tail.mentions("No space left on device")) return {"make room: df -h", "run this again"};
    return {"look for changes in the source: git -C " + site.tree.string() + " status",
            "if there are none, look at the board's options: kflash config NAME"};
}

/// Runs one make; a status other than 0 is errc::build_failed with the last lines.
template<io::process_runner R>
[[nodiscard]] result<void> run_make(R& runner, const build_site& site, const io::command& c, seconds left,
                                    line_tail& tail, const std::string& failed,
                                    const std::function<void(std::string_view)>& on_line = {}) {
    const auto ran = runner.run(c, io::run_limits{.total = std::max(left, 0.001)},
                                [&](std::string_view chunk) { tail.feed(chunk, on_line); });
    tail.finish();
    if (!ran) {
        error e = ran.error();
        if (e.code == errc::not_found) e.steps = {"sudo apt install make", "run this again"};
        if (e.code == errc::timeout)
            e = error{errc::timeout,
                      "the build took too long and was ended",
                      tail.last(),
                      io::to_string(c),
                      {"see what keeps the machine busy: uptime", "run this again"}};
        return kf::fail(std::move(e));
    }
    if (ran->status == 0) return {};
    return kf::fail(error{errc::build_failed, failed, tail.last(), io::to_string(c), remedies(tail, site)});
}

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
    return sha256_hex(io::byte_view(reinterpret_cast<const std::uint8_t*>(all.data()), all.size())) + "\n";
}

[[nodiscard]] inline result<void> clear_directory(const fs::path& path) {
    KF_CHECK(io::effect(io::effect_kind::file, "clear " + path.string()));
    std::error_code ec;
    fs::remove_all(path, ec);
    if (ec) return kf::fail(errc::io, "cannot clear " + path.string() + ": " + ec.message());
    return {};
}

struct refreshed_config {
    std::string text = {};
    kconfig config = {};
    std::vector<symbol_change> drift = {};
};

/// olddefconfig on a copy, with an OUT of its own: the real one would lose its dependency files.
template<io::process_runner R>
[[nodiscard]] result<refreshed_config> refresh(R& runner, const build_site& site, const cached_config& cached,
                                               seconds left) {
    const fs::path copy = site.dir / "refreshed.config";
    KF_CHECK(io::write_file(copy, cached.text));
    line_tail tail;
    KF_CHECK(run_make(runner, site, make_command(site, {"olddefconfig"}, copy, site.dir / "kconfig-out"), left, tail,
                      "the board's options could not be brought up to date"));
    KF_TRY(auto text, io::read_file(copy));
    KF_TRY(auto config, kconfig::parse(text));
    refreshed_config fresh{std::move(text), std::move(config), {}};
    fresh.drift = diff(cached.config, fresh.config);
    return fresh;
}

} // namespace detail

/// What olddefconfig would make of a cached .config now, for a report; builds nothing.
template<io::process_runner R>
[[nodiscard]] result<std::vector<symbol_change>> config_drift(R& runner, const build_site& site,
                                                              const cached_config& cached, seconds deadline = 60) {
    KF_CHECK(detail::check_site(site));
    KF_TRY(const auto lock, io::file_lock::take(site.dir / "lock", site.who));
    KF_TRY(auto fresh, detail::refresh(runner, site, cached, deadline));
    return std::move(fresh.drift);
}

/// The build would be of another chip, or linked to another place, than the person chose: an option that this tree no
/// longer has falls back to its default.
[[nodiscard]] inline result<void> check_drift(const kconfig& cached, const kconfig& fresh) {
    const auto hex = [](std::optional<std::uint64_t> v) { return v ? fmt::format("0x{:x}", *v) : "none"; };
    std::string cause;
    if (cached.mcu() != fresh.mcu())
        cause = fmt::format("the chip would become {}, was {}", fresh.mcu().value_or("none"),
                            cached.mcu().value_or("none"));
    else if (cached.application_start() && cached.application_start() != fresh.application_start())
        cause = fmt::format("the application start would become {}, was {}", hex(fresh.application_start()),
                            hex(cached.application_start()));
    if (cause.empty()) return {};
    return kf::fail(error{errc::mismatch,
                          "the firmware's source no longer has the options that this board uses",
                          cause,
                          {},
                          {"choose them again: kflash config NAME"}});
}

struct menuconfig_outcome {
    bool saved = false;    ///< the person saved something that differs from what was there
    std::string text = {}; ///< what there is now
};

/// Opens menuconfig on a copy, with our terminal. `text`: the cached .config, empty for a new board. Nothing is cached
/// here: the caller checks what came back, then stores it.
template<io::process_runner R>
[[nodiscard]] result<menuconfig_outcome> menuconfig(R& runner, const build_site& site, std::string_view text) {
    KF_CHECK(detail::check_site(site));
    KF_TRY(const auto lock, io::file_lock::take(site.dir / "lock", site.who));
    // For a new board the file is there but empty: make would fill a missing one with the default board's options, and
    // then nobody could tell whether a person saved them.
    const fs::path copy = site.dir / "menuconfig.config";
    KF_CHECK(io::write_file(copy, text));
    auto c = detail::make_command(site, {"menuconfig"}, copy, site.dir / "kconfig-out");
    c.on_terminal = true;
    KF_TRY(const auto ran, runner.run(c, {}, {}));
    if (ran.status != 0)
        return kf::fail(error{errc::build_failed,
                              "menuconfig did not end well",
                              "it needs a terminal of at least 80x24 and Python's curses",
                              io::to_string(c),
                              {"read what it printed above", "run this again in a larger terminal"}});
    KF_TRY(auto now, io::read_file(copy));
    const bool saved = now != text;
    return menuconfig_outcome{saved, std::move(now)};
}

/// Builds. Errors: errc::busy (another run builds this board), build_failed (with the last 20 lines), timeout,
/// mismatch (check_drift), interrupted.
template<io::process_runner R>
[[nodiscard]] result<build_outcome> build(R& runner, const build_site& site, const cached_config& cached,
                                          const build_options& options, const progress_sink& progress = {}) {
    const auto began = std::chrono::steady_clock::now();
    const auto left = [&] { return options.deadline - to_seconds(std::chrono::steady_clock::now() - began); };
    KF_CHECK(detail::check_site(site));
    KF_TRY(const auto lock, io::file_lock::take(site.dir / "lock", site.who));
    KF_TRY(auto fresh, detail::refresh(runner, site, cached, left()));
    KF_CHECK(check_drift(cached.config, fresh.config));

    // One OUT serves again only for the very same inputs, and after a build that came to its end.
    const fs::path record = site.dir / "built-from";
    const auto inputs = detail::inputs_of(site, fresh.config, fresh.text, options.tree_version);
    const auto before = io::read_file(record);
    if (!before || *before != inputs || io::read_file(site.config()).value_or("") != fresh.text) {
        KF_CHECK(detail::clear_directory(site.out()));
        KF_CHECK(io::write_file(site.config(), fresh.text));
    }
    KF_CHECK(io::remove_file(record));
    KF_CHECK(io::make_directories(site.out()));
    // Without this object make links again and asks git for the version again; a commit alone would not make it.
    KF_CHECK(io::remove_file(site.out() / "compile_time_request.o"));
    constexpr image_kind kinds[] = {image_kind::bin, image_kind::uf2, image_kind::elf_hex, image_kind::elf};
    const auto image_file = [&](image_kind kind) { return site.out() / (std::string("klipper") + extension(kind)); };
    for (const image_kind kind : kinds) KF_CHECK(io::remove_file(image_file(kind)));

    build_outcome outcome;
    detail::line_tail plan, tail;
    KF_CHECK(detail::run_make(runner, site, detail::make_command(site, {"-n"}, site.config(), site.out()), left(), plan,
                              "the build could not be planned", [&](std::string_view line) {
                                  constexpr std::string_view echo = "echo \"";
                                  if (line.starts_with(echo) && detail::is_step(line.substr(echo.size())))
                                      ++outcome.steps;
                              }));
    const unsigned jobs = options.jobs != 0 ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
    int done = 0;
    KF_CHECK(detail::run_make(runner, site,
                              detail::make_command(site, {fmt::format("-j{}", jobs)}, site.config(), site.out()),
                              left(), tail, "the firmware did not build", [&](std::string_view line) {
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
    KF_CHECK(io::write_file(record, inputs));
    outcome.kind = *made;
    outcome.file = image_file(*made);
    outcome.config = std::move(fresh.config);
    outcome.drift = std::move(fresh.drift);
    outcome.elapsed = to_seconds(std::chrono::steady_clock::now() - began);
    outcome.lines = tail.lines();
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
