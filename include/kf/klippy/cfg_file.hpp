// SPDX-License-Identifier: MIT
#pragma once
/// A printer.cfg on disk with all that it includes, in the order in which Klipper reads it: an [include] stands for the
/// sections of its files, a pattern for those in the order of their names.
/// Spec: https://www.klipper3d.org/Config_Reference.html#include

#include <kf/io/atomic_file.hpp>
#include <kf/klippy/cfg_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <glob.h>
#include <string>
#include <string_view>
#include <vector>

namespace kf::klippy {

namespace detail {

/// The files of an [include], sorted. Without any of * ? [ it has to be there.
inline result<std::vector<std::filesystem::path>> included_files(const std::filesystem::path& pattern,
                                                                 const std::filesystem::path& from) {
    ::glob_t found{};
    const int answer = ::glob(pattern.c_str(), 0, nullptr, &found);
    std::vector<std::filesystem::path> out;
    for (std::size_t i = 0; answer == 0 && i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
    ::globfree(&found);
    if (out.empty() && pattern.string().find_first_of("*?[") == std::string::npos)
        return kf::fail(
            {errc::not_found, fmt::format("{} includes {}, which is not there", from.string(), pattern.string())});
    return out;
}

inline result<void> read_cfg_into(const std::filesystem::path& file, std::vector<std::filesystem::path>& open,
                                  std::vector<cfg_section>& out) {
    if (std::find(open.begin(), open.end(), file) != open.end())
        return kf::fail(errc::malformed, fmt::format("{} includes itself", file.string()));
    open.push_back(file);
    KF_TRY(const auto text, io::read_file(file));
    KF_TRY(auto sections, read_cfg_text(text, file.string()));
    constexpr std::string_view include = "include ";
    for (cfg_section& s : sections) {
        if (s.saved && open.size() > 1) continue; // Klipper looks for it in its own file only
        if (!s.name.starts_with(include)) {
            out.push_back(std::move(s));
            continue;
        }
        const auto name = io::trim(std::string_view(s.name).substr(include.size()));
        KF_TRY(const auto files, included_files(file.parent_path() / name, file));
        for (const auto& each : files) KF_CHECK(read_cfg_into(each, open, out));
    }
    open.pop_back();
    return {};
}

} // namespace detail

/// errc::not_found, errc::malformed with file and line.
[[nodiscard]] inline result<std::vector<cfg_section>> read_cfg_file(const std::filesystem::path& file) {
    std::vector<std::filesystem::path> open;
    std::vector<cfg_section> out;
    KF_CHECK(detail::read_cfg_into(file, open, out));
    drop_saved_twice(out); // a file that is included counts, too
    return out;
}

} // namespace kf::klippy
