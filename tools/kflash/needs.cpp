// SPDX-License-Identifier: MIT
#include "needs.hpp"

#include "history.hpp"

#include <fmt/format.h>

namespace kf::kflash {

result<flash::need_survey> look_at_needs(cli::invocation& in, const known_boards& b,
                                         const std::vector<std::string>& keys, const flash::build_wishes& wishes) {
    if (keys.empty()) return flash::need_survey{};
    auto flashed = open_ledger(in, b.at);
    if (!flashed) in.out.warn(flashed.error().what);
    auto runner = make_runner(in);
    return flash::look_at_needs(runner, b.at, b.registry, flashed.value_or(flash::ledger{}), keys, wishes);
}

flash::board_standing_now of_board(const flash::need_survey& all, const std::string& key) {
    for (const auto& b : all.boards)
        if (b.key == key) return b;
    return {};
}

const char* name_of(const flash::board_need& need) { return need.reason.empty() ? "" : flash::name(need.is); }

result<std::optional<error>> keep_needed(cli::invocation& in, const known_boards& b, flash::request& wanted) {
    std::erase_if(wanted.boards,
                  [&](const std::string& key) { return !wanted.wants(key); }); // excluded, not asked about
    KF_TRY(const auto needs, look_at_needs(in, b, wanted.boards, wanted.build));
    std::optional<error> unknown;
    for (const auto& board : needs.boards) {
        in.out.result(
            {"need",
             fmt::format("{}: flash needed: {}, {}", board.name, flash::name(board.need.is), board.need.reason),
             {{"key", board.key},
              {"name", board.name},
              {"needed", std::string(flash::name(board.need.is))},
              {"need_reason", board.need.reason},
              {"version", board.version},
              {"relation", board.relation},
              {"host_version", needs.host_version.value_or("")}}});
        if (board.need.is == flash::need::yes) continue;
        std::erase(wanted.boards, board.key);
        if (board.need.is == flash::need::no) continue;
        if (!unknown) {
            unknown = error{errc::refused, "whether it needs a flash is not known: ", {}, {}, {}};
            unknown->steps.emplace_back("flash it by name once: the ledger knows it from then on");
        } else {
            unknown->what += ", ";
        }
        unknown->what += board.name;
    }
    return unknown;
}

std::string standing_text(const flash::board_standing_now& b) {
    if (b.need.reason.empty()) return {};
    const std::string runs = b.version.empty()
                                 ? "runs a firmware that nobody named"
                                 : fmt::format("runs {}{}{}", b.version, b.relation.empty() ? "" : ", ", b.relation);
    return fmt::format("{}; flash needed: {}, {}", runs, flash::name(b.need.is), b.need.reason);
}

std::string host_text(const flash::need_survey& all, const known_boards& b) {
    std::string version = all.host_version ? *all.host_version : all.host_version.error().what;
    if (version.empty()) version = "no version that git knows";
    return fmt::format("{} in {}", version, b.klipper_dir().string());
}

} // namespace kf::kflash
