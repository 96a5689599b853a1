// SPDX-License-Identifier: MIT
#pragma once
/// A symbolic link that is there or not, never half.

#include <kf/io/atomic_file.hpp>

#include <fmt/format.h>

namespace kf::io {

/// A symbolic link in the place of `path`, whatever was there, in one step.
[[nodiscard]] inline result<void> replace_with_link(const fs::path& path, const fs::path& to) {
    KF_CHECK(make_directories(path.parent_path()));
    KF_CHECK(effect(effect_kind::file, "link " + path.string()));
    const as_owner owner(path);
    const std::string temporary = fmt::format("{}.{}", path.string(), ::getpid());
    ::unlink(temporary.c_str()); // of a process of that number that was killed
    if (::symlink(to.c_str(), temporary.c_str()) != 0) return kf::fail(system_error("cannot link " + path.string()));
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        const auto why = system_error("cannot replace " + path.string());
        ::unlink(temporary.c_str());
        return kf::fail(why);
    }
    return sync_directory(path.parent_path());
}

} // namespace kf::io
