// SPDX-License-Identifier: MIT
#pragma once
/// Which plugged-in device is which registered board. Here, and only here, a flash target comes to be: exactly one
/// device that exactly one board claims, of the chip that the board should have, not blocked and not excluded.

#include <kf/board/devices_json.hpp>
#include <kf/board/identity.hpp>
#include <kf/io/ascii.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kf::board {

[[nodiscard]] inline bool blocks(const blocked_device& b, const device& d) {
    return detail::glob(io::to_lower(b.pattern), io::to_lower(d.file_name));
}
/// Why a person does not want a device to be flashed: a pattern of this registry has its name.
[[nodiscard]] inline std::optional<std::string> chosen_block(const registry& r, const device& d) {
    for (const auto& b : r.blocked)
        if (blocks(b, d)) return b.reason.empty() ? "blocked by devices.json (" + b.pattern + ")" : b.reason;
    return std::nullopt;
}
/// Why a device is never to be flashed; nothing when it may be.
[[nodiscard]] inline std::optional<std::string> blocked_reason(const registry& r, const device& d) {
    if (auto chosen = chosen_block(r, d)) return chosen;
    if (blocks(default_blocked, d)) return default_blocked.reason;
    const auto runs = [&](const board& b) { return firmware_on(b, d) != usb_firmware::other; };
    if (d.usb.firmware == usb_firmware::other && std::ranges::none_of(r.boards, runs))
        return "unsupported USB device: neither Klipper nor Katapult runs on it";
    return std::nullopt;
}

/// What a person can do when a board's device is blocked.
[[nodiscard]] inline std::vector<std::string> unblock_steps(const registry& r, const device& d) {
    std::vector<std::string> steps;
    for (const auto& b : r.blocked)
        if (blocks(b, d))
            steps.push_back(fmt::format("if it is not one of them: kflash include --pattern '{}'", b.pattern));
    if (steps.empty()) steps.emplace_back("see what it is: kflash list");
    return steps;
}

/// The boards that claim a device: those of the strongest claim.
[[nodiscard]] inline std::vector<const board*> claimants(const registry& r, const device& d) {
    std::vector<const board*> found;
    claim strongest = claim::none;
    for (const auto& b : r.boards) {
        const auto c = judge(b, d).claim;
        if (c == claim::none || c < strongest) continue;
        if (c > strongest) found.clear();
        strongest = c;
        found.push_back(&b);
    }
    return found;
}

/// One physical device: two names of one node, two interfaces of one USB device.
[[nodiscard]] inline bool same_device(const device& a, const device& b) {
    if (a.resolved == b.resolved) return true;
    if (!a.facts.port.empty() && !b.facts.port.empty()) return a.facts.port == b.facts.port;
    return without_interface(a.file_name) == without_interface(b.file_name);
}

/// The devices that a board claims, those of the strongest claim.
[[nodiscard]] inline std::vector<const device*> claimed(const registry& r, const board& b,
                                                        std::span<const device> devices) {
    std::vector<const device*> found;
    claim strongest = claim::none;
    for (const auto& d : devices) {
        const auto boards = claimants(r, d);
        if (std::ranges::none_of(boards, [&](const board* other) { return other->key == b.key; })) continue;
        const auto c = judge(b, d).claim;
        if (c < strongest) continue;
        if (c > strongest) found.clear();
        strongest = c;
        if (std::ranges::none_of(found, [&](const device* other) { return same_device(*other, d); }))
            found.push_back(&d);
    }
    return found;
}

namespace detail {
/// The command that makes a device this board.
[[nodiscard]] inline std::string edit_usb(const board& b, const device& d) {
    return fmt::format("kflash edit {} --usb {}", b.key, d.file_name);
}

/// What looks like the board and is not: for the refusal.
[[nodiscard]] inline std::vector<std::pair<const device*, std::string>> near_misses(const registry& r, const board& b,
                                                                                    std::span<const device> devices) {
    std::vector<std::pair<const device*, std::string>> found;
    for (const auto& d : devices)
        if (auto v = judge(b, d); v.claim == claim::none && !v.differs.empty() && claimants(r, d).empty())
            found.emplace_back(&d, v.differs);
    return found;
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
    usb_firmware firmware = usb_firmware::other;  ///< what runs on it
    std::string reason = {};                      ///< blocked, ambiguous: why; disconnected: what was taken for it
};

/// Every device, one row each, then every board that has none.
[[nodiscard]] inline std::vector<sighting> classify(const registry& r, std::span<const device> devices) {
    std::vector<sighting> rows;
    std::vector<std::string> present;
    for (const auto& d : devices) {
        const auto owners = claimants(r, d);
        sighting row{presence::new_device, {}, d, d.usb.firmware};
        if (owners.size() == 1) {
            row.owner = *owners.front();
            row.firmware = firmware_on(*row.owner, d);
        }
        for (const auto* b : owners) present.push_back(b->key);
        if (auto reason = blocked_reason(r, d)) {
            row.state = presence::blocked;
            row.reason = std::move(*reason);
        } else if (owners.size() > 1) {
            row.state = presence::ambiguous;
            for (const auto* b : owners) row.reason += (row.reason.empty() ? "" : " and ") + b->key;
            row.reason += " both claim it";
        } else if (owners.size() == 1) {
            const auto n = claimed(r, *owners.front(), devices).size();
            row.state = n > 1 ? presence::ambiguous : presence::registered;
            if (n > 1)
                row.reason = fmt::format("{} devices look like {}", n, owners.front()->key);
            else if (judge(*owners.front(), d).claim == claim::unsure) {
                row.state = presence::ambiguous;
                row.reason = fmt::format("it may be {}: {}", owners.front()->key, unsure_because(d));
            }
        }
        const bool shown = std::ranges::any_of(rows, [&](const sighting& other) {
            return other.owner && row.owner && other.owner->key == row.owner->key && same_device(*other.device, d);
        });
        if (!shown) rows.push_back(std::move(row));
    }
    for (const auto& b : r.boards) {
        if (std::ranges::find(present, b.key) != present.end()) continue;
        sighting row{presence::disconnected, b};
        for (const auto& [d, differs] : detail::near_misses(r, b, devices))
            row.reason += fmt::format("{}{} is not it: {}", row.reason.empty() ? "" : "; ", d->file_name, differs);
        rows.push_back(std::move(row));
    }
    return rows;
}

/// The one device of a board. errc::not_connected, or errc::refused when it is blocked or cannot be told from others.
[[nodiscard]] inline result<device> locate(const registry& r, const board& b, std::span<const device> devices) {
    const auto found = claimed(r, b, devices);
    if (found.empty()) {
        error e{errc::not_connected, fmt::format("{} is not connected", b.name)};
        const auto near = detail::near_misses(r, b, devices);
        for (const auto& [d, differs] : near)
            e.cause += fmt::format("{}{} is not it: {}", e.cause.empty() ? "" : "; ", d->file_name, differs);
        if (near.empty()) e.cause = "no device has its serial number or stands at its USB port: " + b.serial_pattern;
        e.steps = {"check its USB cable and power", "kflash list"};
        for (const auto& [d, differs] : near)
            if (firmware_on(b, *d) != usb_firmware::other)
                e.steps.push_back("only if you know that it is this board: " + detail::edit_usb(b, *d));
        return kf::fail(std::move(e));
    }
    if (found.size() > 1) {
        error e{errc::refused, fmt::format("{} devices look like {}", found.size(), b.name),
                "which of them it is cannot be known; say which one it is"};
        for (const auto* d : found) e.steps.push_back(detail::edit_usb(b, *d));
        return kf::fail(std::move(e));
    }
    const device& d = *found.front();
    if (const auto reason = blocked_reason(r, d))
        return kf::fail(error{
            errc::refused, fmt::format("{} is blocked: {}", b.name, *reason), {}, d.file_name, unblock_steps(r, d)});
    const auto owners = claimants(r, d);
    if (owners.size() > 1) {
        error e{errc::refused, fmt::format("{} boards claim one device", owners.size()), {}, d.file_name};
        for (const auto* other : owners)
            e.cause +=
                (e.cause.empty() ? "which of them it is cannot be known; it looks like each of: " : ", ") + other->key;
        for (const auto* other : owners) e.steps.push_back(detail::edit_usb(*other, d));
        return kf::fail(std::move(e));
    }
    if (judge(b, d).claim == claim::unsure)
        return kf::fail(
            error{errc::refused,
                  fmt::format("whether this device is {} cannot be known", b.name),
                  unsure_because(d) + (d.facts.port.empty() ? ", and no USB port is known"
                                                            : ", and the USB port of the board is not known yet"),
                  d.file_name,
                  {"look which board it is (unplug it: kflash list shows what goes)",
                   "then say so: " + detail::edit_usb(b, d)}});
    return d;
}

/// A board and the one device that is it. Only match() makes one.
class target {
  public:
    [[nodiscard]] const kf::board::board& board() const noexcept { return board_; }
    [[nodiscard]] const kf::board::device& device() const noexcept { return device_; }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return device_.path; }
    [[nodiscard]] const std::string& by_id_name() const noexcept { return device_.file_name; }
    [[nodiscard]] usb_firmware kind() const { return firmware_on(board_, device_); }

  private:
    friend result<target> match(const registry& r, const kf::board::board& b,
                                std::span<const kf::board::device> devices);
    target(kf::board::board b, kf::board::device d)
      : board_(std::move(b))
      , device_(std::move(d)) {}

    kf::board::board board_;
    kf::board::device device_;
};

[[nodiscard]] inline error excluded(const board& b) {
    return {errc::refused,
            fmt::format("{} is excluded from flashing", b.name),
            "its entry says \"flashable\": false",
            {},
            {"kflash edit " + b.key + " --include"}};
}

/// The board as something to flash: locate(), and it is not excluded, and its USB name agrees about the chip.
[[nodiscard]] inline result<target> match(const registry& r, const board& b, std::span<const device> devices) {
    if (!b.flashable) return kf::fail(excluded(b));
    KF_TRY(auto d, locate(r, b, devices));
    // A product string that is no chip's name says nothing: the configuration and the bootloader are asked later.
    if (!d.usb.mcu.empty() && !mcu_matches(b.mcu, d.usb.mcu))
        return kf::fail(error{errc::mismatch,
                              fmt::format("{} is registered as {}, the device says {}", b.name, b.mcu, d.usb.mcu),
                              "the pattern belongs to another board, or the MCU was entered wrong",
                              d.file_name,
                              {"kflash list", "kflash edit " + b.key}});
    return target(b, std::move(d));
}

/// Why a board must not get this pattern: it is no name of one board, or it takes a device that is another board's.
[[nodiscard]] inline std::optional<std::string> pattern_conflict(const registry& r, const board& b,
                                                                 std::span<const device> devices) {
    if (is_place_name(b.serial_pattern)) {
        if (detail::has_wildcard(b.serial_pattern)) return "a place in /dev/serial/by-path is given whole";
    } else if (auto why = pattern_problem(b.serial_pattern))
        return why;
    for (const auto& other : r.boards) {
        if (other.key == b.key) continue;
        const bool same = b.serial_pattern == other.serial_pattern;
        std::vector<std::string> names{other.as_klipper.name, other.as_katapult.name};
        if (const auto c = detail::cut(other.serial_pattern); c.names_serial && !detail::has_wildcard(c.stem))
            names.push_back(std::string(c.stem) + "-if00");
        for (const auto& d : devices)
            if (judge(other, d).claim > claim::unsure) names.push_back(d.file_name);
        for (const auto& name : names)
            if (same || (!name.empty() && pattern_matches(b.serial_pattern, name)))
                return fmt::format("it takes the device of {} ({})", other.key, same ? other.serial_pattern : name);
    }
    return std::nullopt;
}

} // namespace kf::board
