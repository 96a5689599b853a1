// SPDX-License-Identifier: MIT
#pragma once
/// A board's .config, as Klipper's menuconfig writes it: which chip, where the application is linked, how large the
/// flash is. Read before a build (is it this board's?) and after it (does the image belong to it?). Format: the output
/// of kconfiglib, i.e. `CONFIG_X=y`, `CONFIG_X="text"`, `CONFIG_X=0x10`, `# CONFIG_X is not set`.

#include <kf/board/flash_method.hpp>
#include <kf/error.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::firmware {

namespace detail {

[[nodiscard]] constexpr std::string_view trimmed(std::string_view s) noexcept {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
    return s;
}

} // namespace detail

/// Without what editors of other systems add: a byte order mark, carriage returns. kconfiglib takes each of those for
/// the end of a line, make for a part of the value.
[[nodiscard]] inline std::string plain_text(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] != '\r')
            plain += text[i];
        else if (i + 1 == text.size() || text[i + 1] != '\n')
            plain += '\n';
    return plain;
}

class kconfig {
  public:
    /// Symbol (without CONFIG_) -> value as written; "n" for a symbol that is not set.
    using symbols_type = std::map<std::string, std::string, std::less<>>;

    /// errc::malformed names the line.
    [[nodiscard]] static result<kconfig> parse(std::string_view text);

    [[nodiscard]] const symbols_type& symbols() const noexcept { return symbols_; }
    [[nodiscard]] bool empty() const noexcept { return symbols_.empty(); }

    [[nodiscard]] bool enabled(std::string_view symbol) const {
        const auto it = symbols_.find(symbol);
        return it != symbols_.end() && it->second == "y";
    }
    /// A quoted value, without its quotes; nothing when it is absent or empty.
    [[nodiscard]] std::optional<std::string> text(std::string_view symbol) const;
    /// A decimal or 0x number.
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view symbol) const;

    /// "stm32h723xx"; for builds without a chip name the board directory, "linux".
    [[nodiscard]] std::optional<std::string> mcu() const {
        if (auto name = text("MCU")) return name;
        return text("BOARD_DIRECTORY");
    }
    /// The lines with which menuconfig chooses an architecture and a chip: MACH_STM32, MACH_STM32H723. The name of the
    /// chip follows from them, in a source tree that knows them.
    [[nodiscard]] std::vector<std::string> chosen_machines() const {
        std::vector<std::string> all;
        for (const auto& [symbol, value] : symbols_)
            if (symbol.starts_with("MACH_") && value == "y") all.push_back(symbol);
        return all;
    }
    /// Where the application is linked. Nothing on chips whose Kconfig has no such symbol: AVR, linux.
    [[nodiscard]] std::optional<std::uint64_t> application_start() const { return number("FLASH_APPLICATION_ADDRESS"); }
    [[nodiscard]] std::optional<std::uint64_t> flash_size() const { return number("FLASH_SIZE"); }

    /// True for ARM chips, whose images start with an initial stack pointer and a reset vector.
    [[nodiscard]] bool has_vector_table() const {
        const auto directory = text("BOARD_DIRECTORY");
        for (const auto* other : {"avr", "linux", "simulator", "pru", "ar100"})
            if (directory == other) return false;
        return application_start().has_value();
    }

    /// The first address of the flash that holds the application. CONFIG_FLASH_BOOT_ADDRESS says it, but is 0x100 too
    /// high on RP2040 (its second stage comes first) and 0 on the SAM3/SAM4, whose flash begins at the application.
    [[nodiscard]] std::optional<std::uint64_t> flash_base() const {
        const auto boot = number("FLASH_BOOT_ADDRESS"), start = application_start();
        if (!boot || !start) return std::nullopt;
        const std::uint64_t base = *boot & ~std::uint64_t{0xfff};
        const std::uint64_t size = flash_size().value_or(std::uint64_t{1} << 24);
        return *start >= base && *start - base < size ? base : *start;
    }

    /// True when the image takes the place that a bootloader would have.
    [[nodiscard]] bool at_flash_base() const {
        const auto start = application_start();
        if (!start) return false;
        // Without a boot address, the offset says enough: no bootloader fits into 0x100 bytes.
        const auto base = flash_base();
        return base ? *start - *base <= 0x100 : (*start & 0xfffff) <= 0x100;
    }

  private:
    symbols_type symbols_;
};

/// Which file a build of this configuration leaves, as Klipper's Makefiles have it.
[[nodiscard]] inline board::image_kind expected_kind(const kconfig& config) {
    using board::image_kind;
    const auto family = config.text("BOARD_DIRECTORY").value_or("");
    if (family == "avr") return image_kind::elf_hex;
    if (family == "linux") return image_kind::elf;
    if (family == "rp2040" && !config.enabled("RPXXXX_HAVE_BOOTLOADER")) return image_kind::uf2;
    return image_kind::bin;
}

inline result<kconfig> kconfig::parse(std::string_view text) {
    kconfig config;
    for (int number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const std::string_view line = detail::trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        constexpr std::string_view prefix = "CONFIG_", unset_prefix = "# CONFIG_", unset_tail = " is not set";
        if (line.starts_with(unset_prefix) && line.ends_with(unset_tail) &&
            line.size() > unset_prefix.size() + unset_tail.size()) {
            const auto symbol = line.substr(unset_prefix.size());
            config.symbols_.insert_or_assign(std::string(symbol.substr(0, symbol.size() - unset_tail.size())), "n");
            continue;
        }
        if (line.empty() || line.front() == '#') continue;
        const auto equals = line.find('=');
        if (!line.starts_with(prefix) || equals == std::string_view::npos || equals == prefix.size())
            return kf::fail(errc::malformed, fmt::format("line {} is no line of a .config: {}", number,
                                                         line.substr(0, std::min<std::size_t>(line.size(), 40))));
        const auto value = line.substr(equals + 1);
        if (value.starts_with('"') && (value.size() < 2 || !value.ends_with('"')))
            return kf::fail(errc::malformed, fmt::format("line {}: the text of {} has no end", number,
                                                         line.substr(0, std::min<std::size_t>(equals, 40))));
        config.symbols_.insert_or_assign(std::string(line.substr(prefix.size(), equals - prefix.size())),
                                         std::string(value));
    }
    return config;
}

inline std::optional<std::string> kconfig::text(std::string_view symbol) const {
    const auto it = symbols_.find(symbol);
    if (it == symbols_.end() || it->second.size() <= 2 || it->second.front() != '"') return std::nullopt;
    std::string plain;
    for (std::size_t i = 1; i + 1 < it->second.size(); ++i) {
        if (it->second[i] == '\\' && i + 2 < it->second.size()) ++i;
        plain += it->second[i];
    }
    return plain;
}

inline std::optional<std::uint64_t> kconfig::number(std::string_view symbol) const {
    const auto it = symbols_.find(symbol);
    if (it == symbols_.end()) return std::nullopt;
    std::string_view digits = it->second;
    const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
    if (hex) digits.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
    if (ec != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

/// One symbol that differs. An absent side is empty: added when `before` is, dropped when `after` is.
struct symbol_change {
    std::string symbol, before, after;
    bool operator==(const symbol_change&) const = default;
};

/// What became of a's symbols in b, by name. "is not set" counts as absent: olddefconfig adds and removes such lines
/// for choices that changed nothing.
[[nodiscard]] inline std::vector<symbol_change> diff(const kconfig& a, const kconfig& b) {
    const auto value = [](const kconfig& c, const std::string& symbol) -> std::string {
        const auto it = c.symbols().find(symbol);
        return it == c.symbols().end() || it->second == "n" ? "" : it->second;
    };
    std::vector<symbol_change> changes;
    std::map<std::string, int> all;
    for (const auto* c : {&a, &b})
        for (const auto& [symbol, unused] : c->symbols()) all.emplace(symbol, 0);
    for (const auto& [symbol, unused] : all)
        if (auto before = value(a, symbol), after = value(b, symbol); before != after)
            changes.push_back({symbol, std::move(before), std::move(after)});
    return changes;
}

[[nodiscard]] inline std::string to_string(const symbol_change& c) {
    if (c.before.empty()) return "added   CONFIG_" + c.symbol + "=" + c.after;
    if (c.after.empty()) return "dropped CONFIG_" + c.symbol + "=" + c.before;
    return "changed CONFIG_" + c.symbol + " from " + c.before + " to " + c.after;
}

/// As diff(1) has it: "-CONFIG_X=a" and "+CONFIG_X=b", a line each.
[[nodiscard]] inline std::string diff_text(const symbol_change& c) {
    std::string text;
    if (!c.before.empty()) text += "-CONFIG_" + c.symbol + "=" + c.before;
    if (!c.before.empty() && !c.after.empty()) text += '\n';
    if (!c.after.empty()) text += "+CONFIG_" + c.symbol + "=" + c.after;
    return text;
}

} // namespace kf::firmware
