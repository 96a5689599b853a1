// SPDX-License-Identifier: MIT
#include "board_config.hpp"
#include "kflash_commands.hpp"

#include <kf/board/original.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace kf::kflash {
namespace {

using board::takeover;

void tell_takeover(cli::invocation& in, const takeover& t, const fs::path& from) {
    in.out.result(
        {"import",
         fmt::format("{} {} {}{}", t.taken ? "taken" : "left ", t.part, t.name,
                     t.reason.empty() ? "" : ": " + t.reason),
         {{"part", t.part}, {"name", t.name}, {"from", from.string()}, {"taken", t.taken}, {"reason", t.reason}}});
}

/// Where it keeps its registry: in its package, or where a person put the file.
std::optional<fs::path> registry_below(const fs::path& dir) {
    std::error_code ec;
    for (const auto& file : {dir / "devices.json", dir / "kflash/devices.json"})
        if (fs::is_regular_file(file, ec)) return file;
    return std::nullopt;
}

/// The configuration for a board that has none.
takeover take_config(cli::invocation& in, const known_boards& b, const board::board& board, const fs::path& file) {
    takeover t{"config", board.key};
    const auto given = firmware::read_config_file(file);
    if (!given) {
        t.reason = given.error().what;
    } else if (const auto here = b.configs.load(board.key); here || here.error().code != errc::not_found) {
        t.reason = here && here->text == given->text ? "it is the same as here" : "the board has a configuration here";
    } else if (auto imported = import_config(in, b, board, *given); !imported) {
        t.reason = imported.error().what;
    } else if (in.has("dry-run")) {
        t.taken = true;
    } else if (const auto kept = b.configs.store(board.key, std::move(imported->text)); kept) {
        t.taken = true;
    } else {
        t.reason = kept.error().what;
    }
    return t;
}

/// That of the source tree is the last board's that was built for: it is taken where only one can be meant.
takeover take_tree_config(cli::invocation& in, const known_boards& b, const fs::path& file) {
    takeover t{"config", file.string()};
    const auto given = firmware::read_config_file(file);
    const auto mcu = given ? given->config.mcu().value_or("") : "";
    std::vector<board::board> meant;
    for (const auto& board : b.registry.boards)
        if (!mcu.empty() && board.flashable && board::mcu_matches(mcu, board.mcu)) meant.push_back(board);
    std::vector<std::string> names;
    for (const auto& board : meant) names.push_back(board.name);
    if (!given)
        t.reason = given.error().what;
    else if (mcu.empty())
        t.reason = "it does not name its chip; give it to its board: kflash config BOARD --import FILE";
    else if (meant.empty())
        t.reason = fmt::format("it is for {}, and no board here has that chip", mcu);
    else if (meant.size() > 1)
        t.reason = fmt::format("it is for {}, which {} have; give it to one: kflash config BOARD --import FILE", mcu,
                               fmt::join(names, ", "));
    else
        return take_config(in, b, meant.front(), file);
    return t;
}

result<void> run_import_original(cli::invocation& in) {
    KF_TRY(auto b, open_boards(in));
    const fs::path dir = in.operands.empty() ? b.at.home / "kalico-flash" : fs::path(in.operands[0]);
    const auto file = registry_below(dir);
    if (!file && !in.operands.empty())
        return kf::fail(error{errc::not_found,
                              "there is no devices.json in " + dir.string(),
                              "neither there nor in its folder kflash",
                              {},
                              {"give the folder of kalico-flash"}});
    board::registry theirs;
    if (file) {
        KF_TRY(theirs, board::read_registry(*file));
    } else {
        in.out.note(fmt::format("there is no devices.json of kalico-flash in {}", dir.string()));
    }
    KF_TRY(const auto seen, board::scan(b.at.devices));
    std::vector<takeover> all;
    const auto change = [&](board::registry& r) -> result<void> {
        all = board::take_over(r, theirs, seen.devices);
        return {};
    };
    if (in.has("dry-run")) {
        KF_CHECK(change(b.registry));
    } else {
        KF_TRY(b.registry, board::update(b.at.registry_file, "kflash import", change));
    }
    std::set<std::string> others; // a board of that key is here, and may be another one
    for (const auto& t : all) {
        tell_takeover(in, t, *file);
        if (t.part == "board" && !t.taken && t.reason != "it is registered here already") others.insert(t.name);
    }
    const fs::path cache = b.at.configs.parent_path().parent_path() / "kalico-flash/configs";
    std::error_code ec;
    std::set<std::string> keys;
    for (const auto& folder : fs::directory_iterator(cache, ec)) keys.insert(folder.path().filename().string());
    for (const auto& key : keys) {
        const fs::path config = cache / key / ".config";
        if (!fs::exists(config, ec)) continue;
        const auto board = std::ranges::find(b.registry.boards, key, &board::board::key);
        if (board == b.registry.boards.end() || others.contains(key))
            tell_takeover(in, {"config", key, false, "its board is not registered here"}, config);
        else
            tell_takeover(in, take_config(in, b, *board, config), config);
    }
    const fs::path own = b.klipper_dir() / ".config";
    if (fs::exists(own, ec)) tell_takeover(in, take_tree_config(in, b, own), own);
    return {};
}

} // namespace

cli::command_row import_command() {
    return {"import",
            "[DIR]",
            0,
            1,
            "Takes over what kalico-flash and Klipper have; what is here stays.",
            {{"dry-run,n", "", "only tell what would be taken"}},
            {{"kflash import", "from ~/kalico-flash and ~/klipper/.config"},
             {"kflash import /media/old/home/pi/kalico-flash -n", "look first"}},
            run_import_original};
}

} // namespace kf::kflash
