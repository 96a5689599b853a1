// SPDX-License-Identifier: MIT
#pragma once
/// make in a firmware's source tree, on our own files: `make OUT=<own>/ KCONFIG_CONFIG=<own copy>` on make's command
/// line, so that neither the person's ~/klipper/.config nor its out/ is ever touched. The make interface is that of
/// Klipper's Makefile.

#include <kf/io/atomic_file.hpp>
#include <kf/io/line_tail.hpp>
#include <kf/io/process.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::firmware {

namespace fs = std::filesystem;

/// Where one board is built.
struct build_site {
    fs::path tree = {};                      ///< the firmware's sources, klipper_dir
    fs::path dir = {};                       ///< ours, absolute, one for each board; holds .config, out/, lock
    std::string who = "kflash";              ///< what a second run is told
    std::optional<io::user_ids> run_as = {}; ///< under sudo: whose tree it is
    fs::path compiler_cache = {};            ///< a folder for ccache; empty: the compiler is called by itself

    [[nodiscard]] fs::path config() const { return dir / ".config"; }
    [[nodiscard]] fs::path out() const { return dir / "out"; }
};

/// What every make of ours gets: no .pyc files in the person's tree, no flags of a make around us, and none of a
/// shell's for the compiler: what is made from the same inputs is the same (inputs_hash.hpp).
[[nodiscard]] inline std::vector<std::pair<std::string, std::string>> make_environment() {
    std::vector<std::pair<std::string, std::string>> all{{"PYTHONDONTWRITEBYTECODE", "1"}, {"MAKELEVEL", "0"}};
    for (const char* name :
         {"MAKEFLAGS", "MFLAGS", "GNUMAKEFLAGS", "MAKEFILES", "EXTRA_CFLAGS", "CFLAGS", "CXXFLAGS", "CONLYFLAGS",
          "ASFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"})
        all.emplace_back(name, "");
    return all;
}

/// Through ccache the compiler is another word on make's command line; it gets its prefix in the Makefile. A tree that
/// names it in another way is built without.
inline constexpr std::string_view compiler_in_makefile = "CC=$(CROSS_PREFIX)gcc";
inline constexpr std::string_view cached_compiler = "CC=ccache $(CROSS_PREFIX)gcc";

[[nodiscard]] inline bool takes_compiler_cache(const fs::path& tree) {
    const auto makefile = io::read_file(tree / "Makefile");
    return makefile && ("\n" + *makefile).find(fmt::format("\n{}\n", compiler_in_makefile)) != std::string::npos;
}

/// A command of make's as the person's shell would take it in the source tree; what the environment gets is ours.
[[nodiscard]] inline std::string plain_command(io::command c) {
    c.environment.clear();
    return fmt::format("in {}: {}", c.cwd, io::to_string(c));
}

namespace detail {

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

/// The same to compile. ccache gets a cache and settings of our own: nothing that a person has set for it, such as
/// less care about what may differ, has a say in the image.
[[nodiscard]] inline io::command compile_command(const build_site& site, std::string word) {
    std::vector<std::string> words{std::move(word)};
    if (!site.compiler_cache.empty()) words.emplace_back(cached_compiler);
    auto c = make_command(site, std::move(words), site.config(), site.out());
    if (site.compiler_cache.empty()) return c;
    c.but_for = "CCACHE_";
    c.environment.emplace_back("CCACHE_DIR", site.compiler_cache.string());
    c.environment.emplace_back("CCACHE_CONFIGPATH", (site.compiler_cache / "ccache.conf").string());
    c.environment.emplace_back("CCACHE_MAXSIZE", "500M");
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

/// What a person can do about a make that failed.
[[nodiscard]] inline std::vector<std::string> remedies(const io::line_tail& tail, const build_site& site) {
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
                                    io::line_tail& tail, const std::string& failed,
                                    const std::function<void(std::string_view)>& on_line = {}) {
    io::line_splitter lines;
    const auto take = [&](std::string_view line) {
        tail.add(line);
        if (on_line) on_line(line);
    };
    const auto ran = runner.run(c, io::run_limits{.total = std::max(left, 0.001)},
                                [&](std::string_view chunk) { lines.feed(chunk, take); });
    lines.finish(take);
    if (!ran) {
        error e = ran.error();
        if (e.code == errc::not_found) e.steps = {"sudo apt install make", "run this again"};
        if (e.code == errc::timeout)
            e = error{errc::timeout,
                      "the build took too long and was ended",
                      {},
                      io::to_string(c),
                      {"see what keeps the machine busy: uptime", "give it more time: --build-timeout SECONDS",
                       "for good: kflash settings --build-timeout SECONDS"},
                      tail.last()};
        return kf::fail(std::move(e));
    }
    if (ran->status == 0) return {};
    auto printed = tail.last();
    return kf::fail(error{errc::build_failed, failed, printed.empty() ? "it printed nothing" : "", io::to_string(c),
                          remedies(tail, site), std::move(printed)});
}

} // namespace detail

} // namespace kf::firmware
