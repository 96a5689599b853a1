// SPDX-License-Identifier: MIT
#pragma once
/// Under sudo the files of a person stay the person's: what root makes below a folder gets that folder's owner.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace kf::io {

/// Gives `path` the owner of its parent folder. Does nothing when we are not root.
inline void adopt_parent_owner(const std::filesystem::path& path) noexcept {
    if (::geteuid() != 0) return;
    struct stat parent{};
    if (::stat(path.parent_path().empty() ? "." : path.parent_path().c_str(), &parent) != 0) return;
    if (parent.st_uid != 0) (void)!::lchown(path.c_str(), parent.st_uid, parent.st_gid);
}

} // namespace kf::io
