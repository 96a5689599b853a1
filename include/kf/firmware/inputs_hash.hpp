// SPDX-License-Identifier: MIT
#pragma once
/// What a firmware is made from, as one hash: the sources as they lie on disk (edits that nobody committed included),
/// the completed .config, the compiler. Equal hashes give the same firmware but for the version that it calls itself,
/// so a host that is 50 commits ahead may need no flash at all. git tells the files of a checkout by their blob names
/// and by its own cache of them: that takes milliseconds where reading all of lib/ takes a second. A tree without git
/// is read.

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

/// What Klipper's Makefile reads: names in a source tree.
inline constexpr std::array firmware_sources{"Makefile", "lib", "scripts", "src"};

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

/// What a build or python leaves in a tree: none of it is read by the next build.
[[nodiscard]] inline bool is_leftover(const fs::path& file) {
    const auto name = file.filename().string();
    for (const char* end : {".o", ".pyc", ".so"})
        if (name.ends_with(end)) return true;
    return name == ".git" || name == "hid-flash" || name == "rp2040_flash" || name == "hub-ctrl";
}

/// Adds a file, or all below a folder; links are followed, for the compiler does. `above`: folders on the way here.
[[nodiscard]] inline result<void> read_sources(const fs::path& tree, const fs::path& name, std::size_t length,
                                               std::set<fs::path> above, source_files& files) {
    std::error_code ec;
    const auto path = tree / name;
    if (!fs::is_directory(path, ec)) {
        if (!fs::is_regular_file(path, ec)) return {}; // gone, or nothing that is compiled
        constexpr std::size_t most = std::size_t{64} << 20;
        KF_TRY(const auto content, io::read_file(path, most));
        files.insert_or_assign(name.string(), blob_name(content, length));
        return {};
    }
    if (!above.insert(fs::canonical(path, ec)).second) return {}; // a link to where we come from
    fs::directory_iterator at(path, ec), end;
    for (; !ec && at != end; at.increment(ec)) {
        const auto below = at->path().filename();
        // The sources of the bootloader's flasher have the name of their folder.
        if (is_leftover(below) && !(fs::is_directory(at->path(), ec) && below != ".git")) continue;
        KF_CHECK(read_sources(tree, name / below, length, above, files));
    }
    if (ec) return kf::fail(errc::io, "cannot read " + path.string() + ": " + ec.message());
    return {};
}

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
/// What .git/info/exclude hides from `git status` is compiled all the same: only the tree's own lists count.
[[nodiscard]] inline io::command changed_command(const fs::path& tree, const std::optional<io::user_ids>& run_as) {
    return list_command(tree, run_as, {"--modified", "--deleted", "--others", "--exclude-per-directory=.gitignore"});
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

/// The files of a checkout: git's names for what it knows, and ours for what was changed since or is not git's.
template<io::process_runner R>
[[nodiscard]] result<source_files> files_of_checkout(R& runner, const fs::path& tree,
                                                     const std::optional<io::user_ids>& run_as, seconds deadline) {
    source_files files;
    std::size_t length = 40;
    std::vector<std::string> read; // to be read from disk
    KF_TRY(const auto known, list_sources(runner, known_command(tree, run_as), deadline));
    for (const auto& line : known) {
        const auto tab = line.find('\t');
        const auto blob = line.find(' ', 2), blob_end = line.find(' ', blob + 1);
        if (tab == line.npos || blob == line.npos || blob_end == line.npos || blob_end > tab)
            return kf::fail(errc::malformed, "git ls-files says something else than expected: " + line);
        length = blob_end - blob - 1;
        files.insert_or_assign(line.substr(tab + 1), line.substr(blob + 1, length));
        if (!line.starts_with("H ")) read.push_back(line.substr(tab + 1));
    }
    KF_TRY(auto changed, list_sources(runner, changed_command(tree, run_as), deadline));
    read.insert(read.end(), std::make_move_iterator(changed.begin()), std::make_move_iterator(changed.end()));
    for (auto& name : read) {
        while (name.ends_with('/')) name.pop_back(); // somebody's own checkout in this one
        files.erase(name);
        KF_CHECK(read_sources(tree, name, length, {}, files));
    }
    return files;
}

} // namespace detail

/// One hash of the sources of a tree, whatever board. Errors: not_found (no source tree), timeout, refused (git does
/// not say), io.
template<io::process_runner R>
[[nodiscard]] result<std::string> hash_sources(R& runner, const fs::path& tree,
                                               const std::optional<io::user_ids>& run_as, seconds deadline) {
    std::error_code ec;
    detail::source_files files;
    if (!fs::is_regular_file(tree / "Makefile", ec))
        return kf::fail(errc::not_found, "there is no firmware source in " + tree.string());
    if (fs::exists(tree / ".git", ec)) {
        KF_TRY(files, detail::files_of_checkout(runner, tree, run_as, deadline));
    } else {
        for (const char* name : firmware_sources) KF_CHECK(detail::read_sources(tree, name, 40, {}, files));
    }
    std::string all;
    for (const auto& [name, content] : files) all += name + '\0' + content + '\n';
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
