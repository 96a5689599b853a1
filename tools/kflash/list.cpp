// SPDX-License-Identifier: MIT
#include "board_fields.hpp"
#include "kflash_commands.hpp"
#include "needs.hpp"

#include <kf/flash/learn.hpp>
#include <kf/io/ascii.hpp>
#include <kf/tui/text_width.hpp>

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace kf::kflash {
namespace {

/// How wide a line may be; nothing when stdout is no terminal: then nothing is shortened.
std::optional<std::size_t> line_width() {
    winsize size{};
    if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return std::nullopt;
    return size.ws_col;
}

constexpr std::size_t least_device = 20;

/// A name cut in its middle, so that maker and serial number stay; never to less than `least_device` characters.
std::string shortened(const std::string& name, std::size_t most) {
    most = std::max(most, least_device);
    if (name.size() <= most) return name;
    const std::size_t head = (most - 3) / 2;
    return name.substr(0, head) + "..." + name.substr(name.size() - (most - 3 - head));
}

struct line {
    std::string state, board, mcu, port, device, reason;
    std::string standing = {}; ///< which firmware, and whether it needs a flash
    std::string key = {};      ///< what is left of `board` where there is no room for its name
};

/// Columns as wide as what stands in them.
std::string table(std::vector<line> lines) {
    lines.insert(lines.begin(), {"STATE", "BOARD", "MCU", "PORT", "DEVICE", ""});
    const std::string line::* columns[] = {&line::state, &line::board, &line::mcu, &line::port};
    std::string text;
    std::vector<std::size_t> widths;
    const auto used = [&] {
        widths.clear();
        std::size_t sum = 0;
        for (const auto column : columns) {
            std::size_t width = 0;
            for (const auto& l : lines) width = std::max(width, tui::width_of(l.*column));
            widths.push_back(width);
            sum += width + 2;
        }
        return sum;
    };
    const auto most = line_width();
    if (most && used() + least_device > *most)
        for (auto& l : lines)
            if (!l.key.empty()) l.board = l.key;
    const auto room = used();
    for (const auto& l : lines) {
        if (!text.empty()) text += '\n';
        for (std::size_t i = 0; i < widths.size(); ++i)
            text += l.*columns[i] + std::string(widths[i] - tui::width_of(l.*columns[i]) + 2, ' ');
        text += most ? shortened(l.device, *most > room ? *most - room : 0) : l.device;
        while (text.ends_with(' ')) text.pop_back();
        if (!l.reason.empty()) text += fmt::format("\n  {}", l.reason);
        if (!l.standing.empty()) text += fmt::format("\n  {}", l.standing);
    }
    return text;
}

/// "Nozzle (pico)": a board that was renamed is still found by its key.
std::string both_names(const board::board& b) {
    return io::to_lower(b.name) == b.key ? b.key : fmt::format("{} ({})", b.name, b.key);
}

result<void> run_list(cli::invocation& in) {
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto seen, board::scan(b.at.devices));
    const auto rows = board::classify(b.registry, seen.devices);
    std::vector<line> lines;
    std::vector<std::string> keys;
    for (const auto& row : rows)
        if (row.owner && row.state == board::presence::registered && row.owner->flashable)
            keys.push_back(row.owner->key);
    KF_TRY(const auto needs, look_at_needs(in, b, keys));
    for (const auto& row : rows) {
        if (row.state == board::presence::registered && row.firmware == board::usb_firmware::katapult) {
            auto owner = *row.owner;
            flash::learn(b.at.registry_file, owner, *row.device, {}, today(), in.out);
        }
        const std::string name = row.owner ? row.owner->name : "-";
        const std::string key = row.owner ? row.owner->key : "";
        const std::string mcu = row.owner ? row.owner->mcu : row.device ? row.device->usb.mcu : "";
        const std::string port = row.device ? row.device->facts.port : row.owner ? row.owner->usb_port : "";
        const std::string device = row.device ? row.device->file_name : row.owner ? row.owner->serial_pattern : "";
        const std::string runs = row.device ? board::name(row.firmware) : "";
        const bool excluded = row.owner && !row.owner->flashable;
        const std::string state =
            excluded ? fmt::format("{}, excluded", board::name(row.state)) : board::name(row.state);
        if (in.json) {
            in.out.result({"device",
                           {},
                           {{"state", std::string(board::name(row.state))},
                            {"key", key},
                            {"name", name},
                            {"mcu", mcu},
                            {"port", port},
                            {"device", row.device ? row.device->file_name : std::string{}},
                            {"runs", runs},
                            {"flashable", !excluded},
                            {"reason", row.reason},
                            {"version", of_board(needs, key).version},
                            {"relation", of_board(needs, key).relation},
                            {"host_version", needs.host_version.value_or("")},
                            {"needed", std::string(name_of(of_board(needs, key).need))},
                            {"need_reason", of_board(needs, key).need.reason}}});
            continue;
        }
        // A line break in a name would look like another row.
        const auto cell = [](const std::string& text) { return scrubbed(text, ""); };
        lines.push_back({state, cell(key.empty() ? name : both_names(*row.owner)), cell(mcu), cell(port), cell(device),
                         row.reason, cell(standing_text(of_board(needs, key))), cell(key)});
    }
    for (const auto& s : seen.skipped) in.out.warn(fmt::format("{}: {}", s.file_name, s.why));
    if (in.json) return {};
    if (rows.empty()) {
        in.out.result({"devices", "no board is registered and none is plugged in"});
        in.out.note("plug a board in and run: kflash add");
        return {};
    }
    auto text = table(std::move(lines));
    if (!keys.empty()) text += "\nhost: " + host_text(needs, b);
    in.out.result({"devices", std::move(text)});
    return {};
}

} // namespace

cli::command_row list_command() {
    return {"list",
            "",
            0,
            0,
            "Shows registered, new, blocked and disconnected boards, and who needs a flash.",
            {},
            {{"kflash list", "a table"}, {"kflash list --json", "one JSON object a device, for scripts"}},
            run_list};
}

} // namespace kf::kflash
