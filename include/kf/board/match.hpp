// SPDX-License-Identifier: MIT
#pragma once
/// Which plugged-in device is which registered board. Here, and only here, a flash target comes to be: exactly one
/// device that exactly one board claims, of the chip that the board should have, not blocked and not excluded.

#include <kf/board/devices_json.hpp>
#include <kf/board/discover.hpp>
#include <kf/board/usb_name.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fnmatch.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kf::board {

/// The pattern under which a device is registered: its name without the interface, and a star.
[[nodiscard]] inline std::string pattern_for(std::string_view file_name) {
    return std::string(without_interface(file_name)) + "*";
}

namespace detail {

[[nodiscard]] inline bool glob(const std::string& pattern, const std::string& text) {
    return ::fnmatch(pattern.c_str(), text.c_str(), FNM_NOESCAPE) == 0;
}

/// The pattern is this device's own, serial and all.
[[nodiscard]] inline bool is_exactly(std::string_view pattern, const device& d) {
    const auto wanted = behind_prefix(pattern);
    const auto own = behind_prefix(without_interface(d.file_name));
    return wanted && own && *wanted == std::string(*own) + "*";
}

} // namespace detail

/// fnmatch over the by-id name. The Klipper and the Katapult name of one board both match, whichever the pattern was
/// made from. Names of other makers match nothing.
[[nodiscard]] inline bool pattern_matches(const std::string& pattern, std::string_view file_name) {
    const auto rest = detail::behind_prefix(file_name);
    if (!rest) return false;
    if (const auto wanted = detail::behind_prefix(pattern))
        return detail::glob(std::string(*wanted), std::string(*rest));
    for (const auto prefix : {detail::klipper_prefix, detail::katapult_prefix})
        if (detail::glob(pattern, std::string(prefix) + std::string(*rest))) return true;
    return false;
}

/// Why a device is never to be flashed; nothing when it may be.
[[nodiscard]] inline std::optional<std::string> blocked_reason(const registry& r, const device& d) {
    const auto hit = [&](const blocked_device& b) {
        return detail::glob(detail::ascii_lower(b.pattern), detail::ascii_lower(d.file_name));
    };
    for (const auto& b : r.blocked)
        if (hit(b)) return b.reason.empty() ? "blocked by devices.json (" + b.pattern + ")" : b.reason;
    if (hit(default_blocked)) return default_blocked.reason;
    if (d.usb.firmware == usb_firmware::other) return "unsupported USB device: neither Klipper nor Katapult runs on it";
    return std::nullopt;
}

/// The boards that claim a device. Where several patterns match, one that names the whole serial number wins.
[[nodiscard]] inline std::vector<const board*> claimants(const registry& r, const device& d) {
    std::vector<const board*> all, exact;
    for (const auto& b : r.boards) {
        if (!pattern_matches(b.serial_pattern, d.file_name)) continue;
        all.push_back(&b);
        if (detail::is_exactly(b.serial_pattern, d)) exact.push_back(&b);
    }
    return exact.empty() ? all : exact;
}

/// The devices that a board claims. Two names of one node, or two interfaces of one device, are one.
[[nodiscard]] inline std::vector<const device*> claimed(const registry& r, const board& b,
                                                        std::span<const device> devices) {
    std::vector<const device*> all, exact;
    for (const auto& d : devices) {
        const auto boards = claimants(r, d);
        if (std::ranges::none_of(boards, [&](const board* other) { return other->key == b.key; })) continue;
        const auto same = [&](const device* other) {
            return other->resolved == d.resolved ||
                   without_interface(other->file_name) == without_interface(d.file_name);
        };
        if (std::ranges::any_of(all, same)) continue;
        all.push_back(&d);
        if (detail::is_exactly(b.serial_pattern, d)) exact.push_back(&d);
    }
    return exact.empty() ? all : exact;
}

namespace detail {
/// The command that gives a board the whole serial number of a device as its pattern.
[[nodiscard]] inline std::string edit_pattern(const board& b, const device& d) {
    return fmt::format("kflash edit {} --pattern '{}'", b.key, pattern_for(d.file_name));
}
} // namespace detail

enum class presence { registered, new_device, blocked, ambiguous, disconnected };

[[nodiscard]] constexpr const char* name(presence p) noexcept {
    switch (p) {
    case presence::registered: return "registered";
    case presence::new_device: return "new";
    case presence::blocked: return "blocked";
    case presence::ambiguous: return "ambiguous";
    case presence::disconnected: return "disconnected";
    }
    return "?";
}

/// One row of `kflash list`.
struct sighting {
    presence state;
    std::optional<board> owner = {}; ///< registered, disconnected; ambiguous or blocked when a board claims it
    std::optional<kf::board::device> device = {}; ///< all but disconnected
    std::string reason = {};                      ///< blocked, ambiguous: why
};

/// Every device, then every board that has none.
[[nodiscard]] inline std::vector<sighting> classify(const registry& r, std::span<const device> devices) {
    std::vector<sighting> rows;
    std::vector<std::string> present;
    for (const auto& d : devices) {
        const auto owners = claimants(r, d);
        sighting row{presence::new_device, {}, d};
        if (owners.size() == 1) row.owner = *owners.front();
        for (const auto* b : owners) present.push_back(b->key);
        if (auto reason = blocked_reason(r, d)) {
            row.state = presence::blocked;
            row.reason = std::move(*reason);
        } else if (owners.size() > 1) {
            row.state = presence::ambiguous;
            for (const auto* b : owners) row.reason += (row.reason.empty() ? "the patterns of " : " and ") + b->key;
            row.reason += " match it";
        } else if (owners.size() == 1) {
            const auto n = claimed(r, *owners.front(), devices).size();
            row.state = n > 1 ? presence::ambiguous : presence::registered;
            if (n > 1) row.reason = fmt::format("the pattern of {} matches {} devices", owners.front()->key, n);
        }
        rows.push_back(std::move(row));
    }
    for (const auto& b : r.boards)
        if (std::ranges::find(present, b.key) == present.end()) rows.push_back({presence::disconnected, b});
    return rows;
}

/// The one device of a board. errc::not_connected, or errc::refused when it is blocked or not the only one.
[[nodiscard]] inline result<device> locate(const registry& r, const board& b, std::span<const device> devices) {
    const auto found = claimed(r, b, devices);
    if (found.empty())
        return kf::fail(error{errc::not_connected,
                              fmt::format("{} is not connected", b.name),
                              "no name in /dev/serial/by-id matches its pattern " + b.serial_pattern,
                              {},
                              {"check its USB cable and power", "ls -l /dev/serial/by-id", "kflash list"}});
    if (found.size() > 1) {
        error e{errc::refused, fmt::format("the pattern of {} matches {} devices", b.name, found.size()),
                "which of them it is cannot be known; give it the pattern of one"};
        for (const auto* d : found) e.steps.push_back(detail::edit_pattern(b, *d));
        return kf::fail(std::move(e));
    }
    const device& d = *found.front();
    if (const auto reason = blocked_reason(r, d))
        return kf::fail(error{errc::refused, fmt::format("{} is blocked: {}", b.name, *reason), {}, d.file_name});
    const auto owners = claimants(r, d);
    if (owners.size() > 1) {
        error e{errc::refused, fmt::format("{} boards claim one device", owners.size()), {}, d.file_name};
        for (const auto* other : owners)
            e.cause += (e.cause.empty() ? "which of them it is cannot be known; their patterns match it: " : ", ") +
                       other->key;
        for (const auto* other : owners) e.steps.push_back(detail::edit_pattern(*other, d));
        return kf::fail(std::move(e));
    }
    if (d.facts.twins > 0)
        return kf::fail(
            error{errc::refused,
                  fmt::format("{} USB devices have the serial number {}", d.facts.twins + 1, d.facts.serial),
                  "they share one name in /dev/serial/by-id: which board it is cannot be known",
                  d.file_name,
                  {"unplug all but the one that you mean", "run this again"}});
    return d;
}

/// A board and the one device that is it. Only match() makes one.
class target {
  public:
    [[nodiscard]] const kf::board::board& board() const noexcept { return board_; }
    [[nodiscard]] const kf::board::device& device() const noexcept { return device_; }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return device_.path; }
    [[nodiscard]] const std::string& by_id_name() const noexcept { return device_.file_name; }
    [[nodiscard]] usb_firmware kind() const noexcept { return device_.usb.firmware; }

  private:
    friend result<target> match(const registry& r, const kf::board::board& b,
                                std::span<const kf::board::device> devices);
    target(kf::board::board b, kf::board::device d)
      : board_(std::move(b))
      , device_(std::move(d)) {}

    kf::board::board board_;
    kf::board::device device_;
};

/// The board as something to flash: locate(), and it is not excluded, and its USB name agrees about the chip.
[[nodiscard]] inline result<target> match(const registry& r, const board& b, std::span<const device> devices) {
    if (!b.flashable)
        return kf::fail(error{errc::refused,
                              fmt::format("{} is excluded from flashing", b.name),
                              "its entry says \"flashable\": false",
                              {},
                              {"kflash edit " + b.key + " --include"}});
    KF_TRY(auto d, locate(r, b, devices));
    if (!mcu_matches(b.mcu, d.usb.mcu))
        return kf::fail(error{errc::mismatch,
                              fmt::format("{} is registered as {}, the device says {}", b.name, b.mcu, d.usb.mcu),
                              "the pattern belongs to another board, or the MCU was entered wrong",
                              d.file_name,
                              {"kflash list", "kflash edit " + b.key}});
    return target(b, std::move(d));
}

/// The same board after it changed its firmware and with it its name. errc::not_connected while it is not back.
[[nodiscard]] inline result<device> find_again(const target& t, usb_firmware wanted, std::span<const device> devices) {
    std::vector<const device*> found;
    for (const auto& d : devices) {
        if (d.usb.firmware != wanted) continue;
        // Without a serial number the pattern is all there is.
        const bool same = t.device().usb.serial.empty() ? pattern_matches(t.board().serial_pattern, d.file_name)
                                                        : same_board(t.device().usb, d.usb);
        const auto known = [&](const device* other) {
            return other->resolved == d.resolved ||
                   without_interface(other->file_name) == without_interface(d.file_name);
        };
        if (same && std::ranges::none_of(found, known)) found.push_back(&d);
    }
    if (found.size() == 1) return *found.front();
    if (found.empty())
        return kf::fail(errc::not_connected,
                        fmt::format("{} is not there as a {} device", t.board().name, name(wanted)));
    return kf::fail(errc::refused, fmt::format("{} devices look like {}", found.size(), t.board().name));
}

} // namespace kf::board
