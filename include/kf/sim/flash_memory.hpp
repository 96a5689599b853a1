// SPDX-License-Identifier: MIT
#pragma once
/// The flash of a simulated board, from its application start to its end: erased in pages whose size is the family's,
/// programmed by clearing bits. The bytes belong to somebody else (a mapped file), so that they outlive the board.

#include <kf/io/transport.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace kf::sim {

enum class flash_family { stm32f4, stm32h7, stm32g, stm32f1, rp2040 };

/// By the MCU's name; what is unknown behaves as an STM32F1.
[[nodiscard]] inline flash_family family_of(std::string_view mcu) noexcept {
    if (mcu.starts_with("stm32f2") || mcu.starts_with("stm32f4")) return flash_family::stm32f4;
    if (mcu.starts_with("stm32h7")) return flash_family::stm32h7;
    if (mcu.starts_with("stm32g")) return flash_family::stm32g;
    if (mcu.starts_with("rp2")) return flash_family::rp2040;
    return flash_family::stm32f1;
}

class flash_memory {
  public:
    flash_memory(flash_family family, std::uint32_t app_start, std::span<std::uint8_t> area) noexcept
      : family_(family)
      , start_(app_start)
      , area_(area) {}

    [[nodiscard]] flash_family family() const noexcept { return family_; }
    [[nodiscard]] std::uint32_t start() const noexcept { return start_; }
    [[nodiscard]] std::size_t size() const noexcept { return area_.size(); }
    [[nodiscard]] io::byte_view bytes() const noexcept { return area_; }

    [[nodiscard]] bool contains(std::uint32_t address, std::size_t count) const noexcept {
        return address >= start_ && count <= area_.size() && address - start_ <= area_.size() - count;
    }
    [[nodiscard]] io::byte_view read(std::uint32_t address, std::size_t count) const {
        return area_.subspan(address - start_, count);
    }
    [[nodiscard]] bool blank(std::uint32_t address, std::size_t count) const { return is_blank(clip(address, count)); }
    /// Up to the last byte that is not blank.
    [[nodiscard]] std::size_t written() const {
        constexpr std::size_t step = 4096;
        std::size_t n = area_.size();
        while (n >= step && is_blank(area_.subspan(n - step, step))) n -= step;
        while (n > 0 && area_[n - 1] == 0xff) --n;
        return n;
    }

    /// What one erase takes away around `address`.
    [[nodiscard]] std::uint32_t page_size(std::uint32_t address) const noexcept {
        constexpr std::uint32_t kib = 1024;
        switch (family_) {
        case flash_family::stm32f4:
            return address < 0x08010000 ? 16 * kib : address < 0x08020000 ? 64 * kib : 128 * kib;
        case flash_family::stm32h7: return 128 * kib;
        case flash_family::stm32g: return 2 * kib;
        case flash_family::stm32f1: return 1 * kib;
        case flash_family::rp2040: return 4 * kib;
        }
        return kib;
    }
    [[nodiscard]] std::uint32_t page_start(std::uint32_t address) const noexcept {
        return address / page_size(address) * page_size(address);
    }

    void erase_page(std::uint32_t address) {
        const auto part = clip(page_start(address), page_size(address));
        if (!part.empty()) std::memset(part.data(), 0xff, part.size());
    }
    void program(std::uint32_t address, io::byte_view data) {
        const auto part = clip(address, data.size());
        for (std::size_t i = 0; i < part.size(); ++i) part[i] &= data[i];
    }

  private:
    /// By the C library, which is quick in a build without optimization too: it is asked for megabytes at each start.
    [[nodiscard]] static bool is_blank(io::byte_view part) {
        return part.empty() || (part[0] == 0xff && std::memcmp(part.data(), part.data() + 1, part.size() - 1) == 0);
    }
    [[nodiscard]] std::span<std::uint8_t> clip(std::uint32_t address, std::size_t count) const {
        const std::size_t from = address < start_ ? 0 : std::min<std::size_t>(address - start_, area_.size());
        const std::size_t lost = address < start_ ? std::min<std::size_t>(start_ - address, count) : 0;
        return area_.subspan(from, std::min(count - lost, area_.size() - from));
    }

    flash_family family_;
    std::uint32_t start_;
    std::span<std::uint8_t> area_;
};

} // namespace kf::sim
