// SPDX-License-Identifier: MIT
#pragma once
/// Descriptors put aside for work that must not fail for want of them later (`ulimit -n`).

#include <kf/io/unique_fd.hpp>

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kf::io {

class descriptor_reserve {
  public:
    descriptor_reserve() = default;
    /// errc::refused when the limit leaves no room for so many; a soft limit is raised to the hard one first.
    [[nodiscard]] static result<descriptor_reserve> hold(std::size_t count) {
        descriptor_reserve reserve;
        const unique_fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        bool raised = false;
        while (nothing && reserve.held_.size() < count) {
            unique_fd fd(::fcntl(nothing.get(), F_DUPFD_CLOEXEC, 3));
            if (fd) {
                reserve.held_.push_back(std::move(fd));
                continue;
            }
            rlimit limit{};
            if (raised || errno != EMFILE || ::getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
                limit.rlim_cur >= limit.rlim_max)
                break;
            raised = true;
            limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 1024);
            if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) break;
        }
        if (nothing && reserve.held_.size() == count) return reserve;
        return kf::fail(error{errc::refused,
                              "there are too few file descriptors to be sure of the end",
                              "at least " + std::to_string(count) + " more are needed than the limit leaves",
                              "ulimit -n",
                              {"ulimit -n 1024", "run this again"}});
    }
    /// Now they are free for the work that they were kept for.
    void release() noexcept { held_.clear(); }

  private:
    std::vector<unique_fd> held_;
};

} // namespace kf::io
