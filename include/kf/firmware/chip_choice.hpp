// SPDX-License-Identifier: MIT
#pragma once
/// The lines with which a .config chooses a chip, for menuconfig of a board that has no .config yet: Klipper's
/// menuconfig begins with an AVR otherwise. Which lines those are says the source tree: src/<directory>/Kconfig is `if
/// <architecture>` around `config MCU` with a `default "<name>" if <chip>` for each chip.

#include <kf/board/usb_name.hpp>
#include <kf/firmware/kconfig.hpp>
#include <kf/io/atomic_file.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kf::firmware {

/// One chip that a source tree can build for.
struct offered_chip {
    std::string mcu;          ///< CONFIG_MCU: "stm32h723xx"
    std::string architecture; ///< the symbol that chooses the architecture: "MACH_STM32"
    std::string symbol = {};  ///< the one that chooses the chip: "MACH_STM32H723"; empty when none alone does
};

namespace detail {

[[nodiscard]] inline bool is_symbol(std::string_view s) noexcept {
    return !s.empty() &&
           s.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == s.npos;
}

} // namespace detail

/// The chips of one architecture's Kconfig. None for a text of another form.
[[nodiscard]] inline std::vector<offered_chip> read_offered_chips(std::string_view text) {
    std::vector<offered_chip> chips;
    std::string architecture;
    bool of_mcu = false;
    for (std::size_t from = 0; from < text.size();) {
        const auto end = std::min(text.find('\n', from), text.size());
        const auto line = detail::trimmed(text.substr(from, end - from));
        from = end + 1;
        if (line.starts_with("if ") && architecture.empty()) {
            const auto symbol = detail::trimmed(line.substr(3));
            if (!detail::is_symbol(symbol)) return {};
            architecture = symbol;
        } else if (line.starts_with("config ")) {
            of_mcu = detail::trimmed(line.substr(7)) == "MCU";
        } else if (of_mcu && line.starts_with("default \"")) {
            const auto end_of_name = line.find('"', 9);
            if (end_of_name == line.npos || end_of_name == 9) continue;
            const auto name = line.substr(9, end_of_name - 9);
            auto rest = detail::trimmed(line.substr(end_of_name + 1));
            rest = rest.starts_with("if ") ? detail::trimmed(rest.substr(3)) : std::string_view();
            chips.push_back(
                {std::string(name), architecture, detail::is_symbol(rest) ? std::string(rest) : std::string()});
        }
    }
    if (architecture.empty()) return {};
    return chips;
}

/// The text of a .config that chooses `mcu` ("stm32h723", "stm32h723xx") among `chips`: the architecture, and the chip
/// where the name leaves no other. Empty when the name fits chips of no or of several architectures.
[[nodiscard]] inline std::string chip_choice(const std::vector<offered_chip>& chips, std::string_view mcu) {
    std::vector<const offered_chip*> fits;
    const auto take = [&](auto&& same) {
        if (!fits.empty()) return;
        for (const auto& chip : chips)
            if (same(chip.mcu)) fits.push_back(&chip);
    };
    // The same name, whatever its case; the same chip, whatever its package; the beginning of a name.
    take([&](const std::string& name) { return name.size() == mcu.size() && board::mcu_matches(name, mcu); });
    take([&](const std::string& name) { return board::mcu_family(name) == board::mcu_family(mcu); });
    take([&](const std::string& name) { return board::mcu_matches(name, mcu); });
    if (fits.empty() ||
        !std::ranges::all_of(fits, [&](const auto* c) { return c->architecture == fits.front()->architecture; }))
        return {};
    std::string text = "CONFIG_" + fits.front()->architecture + "=y\n";
    if (fits.size() == 1 && !fits.front()->symbol.empty()) text += "CONFIG_" + fits.front()->symbol + "=y\n";
    return text;
}

/// The same for a source tree. Empty when it cannot be read: then menuconfig begins where the tree says.
[[nodiscard]] inline std::string chip_choice(const std::filesystem::path& tree, std::string_view mcu) {
    std::vector<offered_chip> chips;
    std::error_code ec;
    for (std::filesystem::directory_iterator at(tree / "src", ec), end; !ec && at != end; at.increment(ec)) {
        const auto text = io::read_file(at->path() / "Kconfig");
        if (!text) continue;
        for (auto& chip : read_offered_chips(*text)) chips.push_back(std::move(chip));
    }
    return chip_choice(chips, mcu);
}

} // namespace kf::firmware
