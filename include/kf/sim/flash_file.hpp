// SPDX-License-Identifier: MIT
#pragma once
/// The flash of a simulated board as a mapped file: every programmed byte is in the file at once, so that killing the
/// process is a power loss and starting it again is a power cycle.

#include <kf/error.hpp>
#include <kf/io/transport.hpp>
#include <kf/io/unique_fd.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

namespace kf::sim {

class flash_file {
  public:
    /// Opens or creates `path` as `size` bytes of flash; what the file does not have yet is blank (ff).
    [[nodiscard]] static result<flash_file> open(const std::filesystem::path& path, std::size_t size) {
        io::unique_fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
        struct stat before{};
        if (!fd || ::fstat(fd.get(), &before) != 0 || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
            return kf::fail(io::system_error("cannot open the flash file " + path.string()));
        void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
        if (at == MAP_FAILED) return kf::fail(io::system_error("cannot map the flash file " + path.string()));
        flash_file file(static_cast<std::uint8_t*>(at), size);
        const std::size_t had = std::min(size, static_cast<std::size_t>(before.st_size));
        std::ranges::fill(file.bytes().subspan(had), std::uint8_t{0xff});
        return file;
    }

    flash_file(flash_file&& other) noexcept
      : at_(std::exchange(other.at_, nullptr))
      , size_(other.size_) {}
    flash_file& operator=(flash_file&&) = delete;
    ~flash_file() {
        if (at_ != nullptr) ::munmap(at_, size_);
    }

    [[nodiscard]] std::span<std::uint8_t> bytes() const noexcept { return {at_, size_}; }

    /// Makes the flash hold this image and nothing else, as if it had been flashed before the story begins.
    void preload(io::byte_view image) const {
        std::ranges::fill(bytes(), std::uint8_t{0xff});
        std::copy_n(image.begin(), std::min(image.size(), size_), at_);
    }

  private:
    flash_file(std::uint8_t* at, std::size_t size) noexcept
      : at_(at)
      , size_(size) {}

    std::uint8_t* at_;
    std::size_t size_;
};

} // namespace kf::sim
