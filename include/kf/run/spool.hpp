// SPDX-License-Identifier: MIT
#pragma once
/// A job on disk, private to one run: all of it is here and checked to its last operation before the first is used,
/// also when it came through a pipe. The file has no name, so it goes with its owner.

#include <kf/io/unique_fd.hpp>
#include <kf/job/job_file.hpp>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::run {

/// Pieces of a file from its beginning, for job_source; several may read one file.
class file_pieces {
    int fd_;
    std::uint64_t offset_ = 0;
    std::vector<char> piece_ = std::vector<char>(std::size_t{64} << 10);

  public:
    explicit file_pieces(int fd) noexcept
      : fd_(fd) {}

    [[nodiscard]] result<std::string_view> operator()() {
        for (;;) {
            const ssize_t n = ::pread(fd_, piece_.data(), piece_.size(), static_cast<off_t>(offset_));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return kf::fail(io::system_error("cannot read the job"));
            offset_ += static_cast<std::uint64_t>(n);
            return std::string_view(piece_.data(), static_cast<std::size_t>(n));
        }
    }
};

class job_spool {
    io::unique_fd fd_;
    std::string name_;

    job_spool(io::unique_fd fd, std::string name)
      : fd_(std::move(fd))
      , name_(std::move(name)) {}

  public:
    /// In `folder`; `name` is the job's in errors.
    [[nodiscard]] static result<job_spool> make(const std::filesystem::path& folder, std::string name) {
        std::string path = (folder / "kplot-spool.XXXXXX").string();
        io::unique_fd fd(::mkostemp(path.data(), O_CLOEXEC));
        if (!fd) return kf::fail(io::system_error("cannot keep the job in " + folder.string()));
        ::unlink(path.c_str());
        return job_spool(std::move(fd), std::move(name));
    }

    [[nodiscard]] result<void> write(std::string_view text) {
        while (!text.empty()) {
            const ssize_t n = ::write(fd_.get(), text.data(), text.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) {
                error e = io::system_error("cannot keep the job on disk");
                e.cause = "a job is stored whole before anything of it moves";
                e.steps = {"Free some space, or set TMPDIR to a larger disk."};
                return kf::fail(std::move(e));
            }
            text.remove_prefix(static_cast<std::size_t>(n));
        }
        return {};
    }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// From its beginning; the spool outlives what is read from it.
    [[nodiscard]] job::job_source<file_pieces> operations() const {
        return job::job_source(file_pieces(fd_.get()), name_);
    }
};

} // namespace kf::run
