// SPDX-License-Identifier: MIT
#pragma once
/// What a firmware is made from, as one hash: the sources as they lie on disk (edits that nobody committed included),
/// the completed .config, the compiler. Equal hashes give the same firmware but for the version that it calls itself,
/// so a host that is 50 commits ahead may need no flash at all. Which files there are is seen on disk, for what git
/// hides or only links to is compiled all the same. git tells the content of those that it knows and that nobody
/// changed: that takes milliseconds where reading all of lib/ takes a second. The others, and a tree without git, are
/// read.

#include <kf/firmware/image.hpp>
#include <kf/firmware/kconfig.hpp>
#include <kf/io/process.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <sha1.h>
#include <string>
#include <string_view>

namespace kf::firmware {

/// What Klipper's Makefile reads: names in a source tree. buildcommands of its scripts imports the one of klippy.
inline constexpr std::array firmware_sources{"Makefile", "klippy/msgproto.py", "lib", "scripts", "src"};

/// How much of a tree is looked at, and how much of it is read; a link may lead anywhere.
struct source_bounds {
    std::size_t entries = 100'000; ///< Klipper has 2000
    std::size_t bytes = std::size_t{1} << 30;
};

/// The name that git gives a file of this content; `length`: of the names in that checkout, 40 (SHA-1) or 64.
[[nodiscard]] inline std::string blob_name(std::string_view content, std::size_t length) {
    const std::string blob = fmt::format("blob {}{}{}", content.size(), '\0', content);
    if (length == 64) return sha256_hex(blob);
    char text[SHA1_DIGEST_STRING_LENGTH] = {};
    ::SHA1Data(reinterpret_cast<const std::uint8_t*>(blob.data()), blob.size(), text);
    return text;
}

namespace detail {

/// Files by their path in the tree, with the name of their content.
using source_files = std::map<std::string, std::string, std::less<>>;

/// What git knows of a checkout; a file has no name when it has to be read.
struct tracked_sources {
    source_files files = {};
    std::size_t length = 40; ///< of a name
};

/// What a build, a flash or python leaves in a tree: none of it is read by the next build.
[[nodiscard]] inline bool is_leftover(const fs::path& file) {
    const auto name = file.filename().string();
    for (const char* end : {".o", ".d", ".pyc", ".so"})
        if (name.ends_with(end)) return true;
    constexpr std::array programs{"hid-flash", "rp2040_flash", "hub-ctrl", "bossac", "Kconfig.tmp"};
    return std::ranges::find(programs, name) != programs.end();
}

/// Collects the sources below names in a tree. Links are followed, for the compiler does.
class source_walk {
  public:
    source_walk(fs::path tree, const tracked_sources& tracked, const source_bounds& bounds)
      : tree_(std::move(tree))
      , tracked_(&tracked)
      , left_(bounds) {}

    [[nodiscard]] const source_files& files() const noexcept { return files_; }

    /// A file, or all below a folder; nothing when there is none. `above`: the folders on the way here. Errors: io
    /// (what is there cannot be read), refused (more than the bounds).
    [[nodiscard]] result<void> add(const fs::path& name, std::set<fs::path> above = {}) {
        std::error_code ec;
        const auto path = tree_ / name;
        const auto type = fs::status(path, ec).type();
        if (type == fs::file_type::not_found) return {};
        if (ec) return unreadable(path, ec);
        if (left_.entries-- == 0) return too_much("files");
        if (type == fs::file_type::regular) return add_file(name);
        if (type != fs::file_type::directory) return {}; // nothing that is compiled
        auto real = fs::canonical(path, ec);
        if (ec) return unreadable(path, ec);
        if (!above.insert(std::move(real)).second) return {}; // a link to where we come from
        fs::directory_iterator at(path, ec), end;
        for (; !ec && at != end; at.increment(ec)) {
            const auto below = name / at->path().filename();
            std::error_code gone; // a link to nothing is no folder
            // The sources of the bootloader's flasher have the name of their folder.
            const bool leftover = is_leftover(below) && !fs::is_directory(at->path(), gone);
            if (below.filename() == ".git" || (leftover && !tracked_->files.contains(below.string()))) continue;
            KF_CHECK(add(below, above));
        }
        if (ec) return unreadable(path, ec);
        return {};
    }

  private:
    [[nodiscard]] static result<void> unreadable(const fs::path& path, const std::error_code& why) {
        return kf::fail(errc::io, "cannot read " + path.string() + ": " + why.message());
    }
    [[nodiscard]] result<void> too_much(const char* what) const {
        return kf::fail(error{errc::refused,
                              fmt::format("there are too many {} for a firmware in {}", what, tree_.string()),
                              "a link in it may lead to a large folder",
                              {},
                              {"look for links: find -L " + tree_.string() + "/src -xtype l"}});
    }
    [[nodiscard]] result<void> add_file(const fs::path& name) {
        const auto known = tracked_->files.find(name.string());
        if (known != tracked_->files.end() && !known->second.empty()) {
            files_.insert_or_assign(known->first, known->second);
            return {};
        }
        constexpr std::size_t most = std::size_t{64} << 20;
        KF_TRY(const auto content, io::read_file(tree_ / name, most));
        if (content.size() > left_.bytes) return too_much("bytes");
        left_.bytes -= content.size();
        files_.insert_or_assign(name.string(), blob_name(content, tracked_->length));
        return {};
    }

    fs::path tree_;
    const tracked_sources* tracked_;
    source_bounds left_;
    source_files files_ = {};
};

/// `git ls-files` of the sources.
[[nodiscard]] inline io::command list_command(const fs::path& tree, const std::optional<io::user_ids>& run_as,
                                              std::vector<std::string> options) {
    io::command c{
        .argv = {"git", "ls-files", "-z"}, .cwd = tree.string(), .environment = {{"LC_ALL", "C"}}, .run_as = run_as};
    c.argv.insert(c.argv.end(), options.begin(), options.end());
    c.argv.emplace_back("--");
    c.argv.insert(c.argv.end(), firmware_sources.begin(), firmware_sources.end());
    return c;
}
/// "H 100644 <blob> 0\t<path>"; another letter than H: git does not look whether it was changed.
[[nodiscard]] inline io::command known_command(const fs::path& tree, const std::optional<io::user_ids>& run_as) {
    return list_command(tree, run_as, {"--stage", "-v"});
}
[[nodiscard]] inline io::command changed_command(const fs::path& tree, const std::optional<io::user_ids>& run_as) {
    return list_command(tree, run_as, {"--modified"});
}

/// What such a command says, cut at each NUL.
template<io::process_runner R>
[[nodiscard]] result<std::vector<std::string>> list_sources(R& runner, const io::command& c, seconds deadline) {
    constexpr std::size_t most = std::size_t{32} << 20;
    KF_TRY(const auto ran, io::run_and_capture(runner, c, deadline, most));
    if (ran.first.status != 0 || ran.second.size() >= most)
        return kf::fail(error{errc::refused,
                              "git does not say which files are in " + c.cwd,
                              {},
                              io::to_string(c),
                              {"run the command above in that directory, and mend what git says"}});
    std::vector<std::string> words;
    for (std::size_t from = 0; from < ran.second.size();) {
        const auto end = std::min(ran.second.find('\0', from), ran.second.size());
        words.push_back(ran.second.substr(from, end - from));
        from = end + 1;
    }
    return words;
}

/// What git knows of the sources. Links and other repositories in this one (120000, 160000) are for the walk.
template<io::process_runner R>
[[nodiscard]] result<tracked_sources> tracked_by_git(R& runner, const fs::path& tree,
                                                     const std::optional<io::user_ids>& run_as, seconds deadline) {
    const auto unexpected = [](const std::string& line) {
        return kf::fail(errc::malformed, "git ls-files says something else than expected: " + line);
    };
    tracked_sources tracked;
    KF_TRY(const auto known, list_sources(runner, known_command(tree, run_as), deadline));
    for (const auto& line : known) {
        const auto tab = line.find('\t');
        const auto blob = line.find(' ', 2), blob_end = line.find(' ', blob + 1);
        if (tab == line.npos || blob == line.npos || blob_end == line.npos || blob_end > tab) return unexpected(line);
        tracked.length = blob_end - blob - 1;
        auto& name = tracked.files[line.substr(tab + 1)];
        if (line.starts_with("H 100")) name = line.substr(blob + 1, tracked.length);
    }
    KF_TRY(const auto changed, list_sources(runner, changed_command(tree, run_as), deadline));
    for (const auto& name : changed) {
        const auto found = tracked.files.find(name);
        if (found == tracked.files.end()) return unexpected(name);
        found->second.clear();
    }
    return tracked;
}

} // namespace detail

/// One hash of the sources of a tree, whatever board. Errors: not_found (no source tree), timeout, refused (git does
/// not say, or too much to read), io (something cannot be read).
template<io::process_runner R>
[[nodiscard]] result<std::string> hash_sources(R& runner, const fs::path& tree,
                                               const std::optional<io::user_ids>& run_as, seconds deadline,
                                               const source_bounds& bounds = {}) {
    std::error_code ec;
    detail::tracked_sources tracked;
    if (!fs::is_regular_file(tree / "Makefile", ec))
        return kf::fail(errc::not_found, "there is no firmware source in " + tree.string());
    if (fs::exists(tree / ".git", ec)) {
        KF_TRY(tracked, detail::tracked_by_git(runner, tree, run_as, deadline));
    }
    detail::source_walk walk(tree, tracked, bounds);
    for (const char* name : firmware_sources) KF_CHECK(walk.add(name));
    std::string all;
    for (const auto& [name, content] : walk.files()) all += name + '\0' + content + '\n';
    return sha256_hex(all);
}

/// The prefix of the compiler for a board, as its Makefile in the tree has it: "arm-none-eabi-"; empty for the host's.
[[nodiscard]] inline std::string compiler_prefix(const fs::path& tree, const kconfig& config) {
    const auto text = io::read_file(tree / "src" / config.text("BOARD_DIRECTORY").value_or("none") / "Makefile");
    std::string prefix;
    constexpr std::string_view name = "CROSS_PREFIX";
    for (std::size_t from = 0; text && from < text->size();) {
        const auto end = std::min(text->find('\n', from), text->size());
        auto line = detail::trimmed(std::string_view(*text).substr(from, end - from));
        from = end + 1;
        if (!line.starts_with(name)) continue;
        line = detail::trimmed(line.substr(name.size()));
        while (!line.empty() && (line.front() == ':' || line.front() == '?')) line.remove_prefix(1);
        if (line.starts_with('=')) prefix = detail::trimmed(line.substr(1));
    }
    return prefix;
}

/// What asks the compiler and the linker for their versions.
[[nodiscard]] inline std::array<io::command, 2> compiler_commands(const fs::path& tree, const std::string& prefix,
                                                                  const std::optional<io::user_ids>& run_as) {
    const auto ask = [&](const char* program) {
        return io::command{.argv = {prefix + program, "--version"},
                           .cwd = tree.string(),
                           .environment = {{"LC_ALL", "C"}},
                           .run_as = run_as};
    };
    return {ask("gcc"), ask("ld")};
}

/// What the compiler and the linker call themselves. errc::not_found names the one that lacks.
template<io::process_runner R>
[[nodiscard]] result<std::string> compiler_version(R& runner, const fs::path& tree, const std::string& prefix,
                                                   const std::optional<io::user_ids>& run_as, seconds deadline) {
    std::string both;
    for (const auto& c : compiler_commands(tree, prefix, run_as)) {
        const auto ran = io::run_and_capture(runner, c, deadline, 4096);
        if (!ran && ran.error().code == errc::not_found)
            return kf::fail(errc::not_found, c.argv.front() + " is not installed");
        if (!ran) return kf::fail(ran.error());
        if (ran->first.status != 0) return kf::fail(errc::failed, c.argv.front() + " does not say its version");
        if (!both.empty()) both += "; ";
        both += ran->second.substr(0, ran->second.find('\n'));
    }
    return both;
}

/// The hash of all that a firmware is made from. `config` is the completed one (source_config), so that two texts that
/// the tree makes one of are one; the order of its lines and what "is not set" do not count.
[[nodiscard]] inline std::string inputs_hash(std::string_view sources, const kconfig& config,
                                             std::string_view compiler) {
    std::string all = fmt::format("{}\n{}\n", sources, compiler);
    for (const auto& [symbol, value] : config.symbols())
        if (value != "n") all += fmt::format("{}={}\n", symbol, value);
    return sha256_hex(all);
}

/// What hash_inputs() runs.
[[nodiscard]] inline std::vector<io::command> inputs_commands(const fs::path& tree, const std::string& prefix,
                                                              const std::optional<io::user_ids>& run_as) {
    std::vector<io::command> all{detail::known_command(tree, run_as), detail::changed_command(tree, run_as)};
    for (auto& c : compiler_commands(tree, prefix, run_as)) all.push_back(std::move(c));
    return all;
}

/// The same of a tree and its compiler as they are now. Errors as of hash_sources() and compiler_version().
template<io::process_runner R>
[[nodiscard]] result<std::string> hash_inputs(R& runner, const fs::path& tree, const kconfig& config,
                                              const std::optional<io::user_ids>& run_as, seconds deadline) {
    KF_TRY(const auto sources, hash_sources(runner, tree, run_as, deadline));
    KF_TRY(const auto compiler, compiler_version(runner, tree, compiler_prefix(tree, config), run_as, deadline));
    return inputs_hash(sources, config, compiler);
}

} // namespace kf::firmware
