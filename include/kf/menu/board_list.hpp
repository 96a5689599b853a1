// SPDX-License-Identifier: MIT
#pragma once
/// The boards as rows: registered, new, blocked, each with a number that every action takes. A row is what `kflash
/// list` says of a device.

#include <kf/menu/retold.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kf::menu {

enum class board_group : std::uint8_t { registered, fresh, blocked };
[[nodiscard]] constexpr const char* heading(board_group g) noexcept {
    constexpr std::array texts{"Registered", "New", "Blocked"};
    return texts[static_cast<std::size_t>(g)];
}

struct board_row {
    unsigned number = 0; ///< from 1
    board_group group = board_group::registered;
    std::string state = {}; ///< "registered", "new", "blocked", "ambiguous", "disconnected"
    std::string key = {};   ///< empty where no board claims the device
    std::string name = {};  ///< of the board, or of the device
    std::string mcu = {}, port = {}, device = {}, runs = {}, version = {}, relation = {};
    std::string reason = {}; ///< blocked, ambiguous: why
    std::string needed = {}; ///< "yes", "no", "unknown"; empty: nobody asked
    std::string need_reason = {};
    bool flashable = true;

    [[nodiscard]] bool is_registered() const { return group == board_group::registered && !key.empty(); }
    [[nodiscard]] bool is_there() const { return !device.empty() && state != "disconnected"; }
    bool operator==(const board_row&) const = default;
};

/// REG, NEW, BLK; DUP where several boards or devices claim one another.
[[nodiscard]] inline const char* marker_of(const board_row& row) {
    if (row.state == "ambiguous") return "DUP";
    constexpr std::array texts{"REG", "NEW", "BLK"};
    return texts[static_cast<std::size_t>(row.group)];
}

/// "needs a flash", "is current", "in its bootloader": one or two words for the row; the whole stands in its details.
[[nodiscard]] inline std::string standing_of(const board_row& row) {
    if (row.group == board_group::blocked) return row.reason;
    if (row.group == board_group::fresh) return "not registered: A adds it";
    if (row.state == "ambiguous") return row.reason;
    if (!row.flashable) return "excluded";
    if (row.state == "disconnected") return "not connected";
    if (row.runs == "katapult") return "flash needed, in its bootloader";
    if (row.needed == "yes") return row.relation.empty() ? "flash needed" : "flash needed, " + row.relation;
    if (row.needed == "no") return "current";
    return row.need_reason.empty() ? "" : "unknown: " + row.need_reason;
}

[[nodiscard]] inline board_row row_of(const record& r) {
    board_row row;
    row.state = text_in(r, "state");
    row.key = text_in(r, "key");
    row.name = text_in(r, "name");
    row.mcu = text_in(r, "mcu");
    row.port = text_in(r, "port");
    row.device = text_in(r, "device");
    row.runs = text_in(r, "runs");
    row.version = text_in(r, "version");
    row.relation = text_in(r, "relation");
    row.reason = text_in(r, "reason");
    row.needed = text_in(r, "needed");
    row.need_reason = text_in(r, "need_reason");
    row.flashable = flag_in(r, "flashable");
    row.group = row.state == "blocked"                  ? board_group::blocked
                : row.state == "new" || row.key.empty() ? board_group::fresh
                                                        : board_group::registered;
    if (row.state == "ambiguous") row.group = board_group::registered;
    if (row.key.empty()) row.name = row.device;
    return row;
}

/// A reporter that keeps the rows of `kflash list --json`, grouped and numbered.
struct board_list {
    std::vector<board_row> rows = {};
    std::string trouble = {}; ///< why there are none

    void tell(const flash::event& e) {
        if (const auto* done = std::get_if<flash::done>(&e.what); done != nullptr && done->what.kind == "device") {
            const auto row = row_of(done->what);
            rows.insert(std::ranges::upper_bound(rows, row.group, {}, &board_row::group), row);
            for (std::size_t i = 0; i < rows.size(); ++i) rows[i].number = static_cast<unsigned>(i + 1);
        }
        if (const auto* failed = std::get_if<flash::failed>(&e.what)) trouble = failed->why.what;
    }
    [[nodiscard]] const board_row* numbered(unsigned number) const {
        return number >= 1 && number <= rows.size() ? &rows[number - 1] : nullptr;
    }
};
static_assert(flash::reporter<board_list>);

/// The panel above the boards: what `kflash status --json` says.
struct status_panel {
    std::string sources = {}, service = {}, klippy = {}, moonraker = {}, last_flash = {};
    std::string warning = {}; ///< a service that an earlier kflash left stopped

    void tell(const flash::event& e) {
        if (const auto* failed = std::get_if<flash::failed>(&e.what)) service = failed->why.what;
        if (const auto* warned = std::get_if<flash::warned>(&e.what)) warning = warned->text;
        const auto* done = std::get_if<flash::done>(&e.what);
        if (done == nullptr || done->what.kind != "host_status") return;
        sources = text_in(done->what, "sources");
        service = text_in(done->what, "service");
        klippy = text_in(done->what, "klippy");
        moonraker = text_in(done->what, "moonraker");
        last_flash = text_in(done->what, "last_flash");
    }
};
static_assert(flash::reporter<status_panel>);

} // namespace kf::menu
