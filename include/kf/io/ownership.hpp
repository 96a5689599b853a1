// SPDX-License-Identifier: MIT
#pragma once
/// Under sudo the files of a person stay the person's, and root writes nowhere that the person could not: below a
/// folder of somebody else root looks, makes and changes files as that somebody. A link planted there leads no further
/// than its owner could go.

#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <vector>

namespace kf::io {

struct file_owner {
    uid_t uid = 0;
    gid_t gid = 0;
};

/// Whose place `path` is: the owner of its first part that is not root's. Links count by who made them, so a folder
/// that a person linked to one of root's is still the person's. Nothing when all that is there is root's.
[[nodiscard]] inline std::optional<file_owner> owner_of_place(const std::filesystem::path& path) {
    std::error_code ec;
    const auto whole = std::filesystem::absolute(path, ec);
    if (ec) return std::nullopt;
    std::filesystem::path part;
    for (const auto& name : whole) {
        part /= name;
        struct stat st{};
        if (::lstat(part.c_str(), &st) != 0) return std::nullopt;
        if (st.st_uid != 0) return file_owner{st.st_uid, st.st_gid};
    }
    return std::nullopt;
}

/// For its lifetime file accesses of this thread are made as the owner of `path`'s place, when we are root and it is
/// another one's. Everything else (signals, the processes that we start) stays ours.
class as_owner {
  public:
    explicit as_owner(const std::filesystem::path& path) {
        if (::geteuid() != 0) return;
        const auto owner = owner_of_place(path);
        if (!owner) return;
        int count = ::getgroups(0, nullptr);
        old_groups_.resize(static_cast<std::size_t>(count > 0 ? count : 0));
        if (count > 0) count = ::getgroups(count, old_groups_.data());
        if (count < 0) return;
        std::vector<gid_t> groups{owner->gid};
        if (const passwd* user = ::getpwuid(owner->uid)) {
            int most = 64;
            groups.resize(static_cast<std::size_t>(most));
            if (::getgrouplist(user->pw_name, owner->gid, groups.data(), &most) < 0) most = 1;
            groups.resize(static_cast<std::size_t>(most));
            groups[0] = owner->gid;
        }
        changed_ = true;
        // A group of root's that stayed would open what only that group may write.
        (void)!::setgroups(groups.size(), groups.data());
        old_gid_ = ::setfsgid(owner->gid);
        old_uid_ = ::setfsuid(owner->uid);
    }
    as_owner(const as_owner&) = delete;
    as_owner& operator=(const as_owner&) = delete;
    ~as_owner() {
        if (!changed_) return;
        ::setfsuid(static_cast<uid_t>(old_uid_));
        ::setfsgid(static_cast<gid_t>(old_gid_));
        (void)!::setgroups(old_groups_.size(), old_groups_.data());
    }

  private:
    bool changed_ = false;
    int old_uid_ = 0, old_gid_ = 0;
    std::vector<gid_t> old_groups_;
};

} // namespace kf::io
