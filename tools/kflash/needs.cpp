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

flash::board_standing of_board(const flash::need_survey& all, const std::string& key) {
    for (const auto& b : all.boards)
        if (b.key == key) return b;
    return {};
}

const char* name_of(const flash::board_need& need) { return need.reason.empty() ? "" : flash::name(need.is); }

result<std::optional<error>> keep_needed(cli::invocation& in, const known_boards& b, flash::request& wanted) {
    std::optional<error> left;
    const auto blame = [&](error why) {
        if (!left) {
            left = std::move(why);
            return;
        }
        left->what += "; " + why.what;
        left->steps.insert(left->steps.end(), why.steps.begin(), why.steps.end());
    };
    std::vector<std::string> keys;
    for (const auto& key : wanted.boards) {
        KF_TRY(const auto board, board::with_key(b.registry, key));
        if (board.flashable && wanted.wants(key)) {
            keys.push_back(key);
            continue;
        }
        // With --all a person chose to leave it out; one that was named is not what was asked for.
        const auto [left_out, is_new] = wanted.left_out.emplace(key, "excluded from flashing");
        if (is_new) blame(board::excluded(board));
        in.out.result({"need",
                       fmt::format("{}: {}", board.name, left_out->second),
                       {{"key", key},
                        {"name", board.name},
                        {"needed", "excluded"},
                        {"need_reason", left_out->second},
                        {"version", ""},
                        {"relation", ""},
                        {"host_version", ""}}});
    }
    KF_TRY(const auto needs, look_at_needs(in, b, keys, wanted.build));
    std::string unknown;
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
        wanted.left_out.emplace(board.key,
                                fmt::format("flash needed: {}, {}", flash::name(board.need.is), board.need.reason));
        if (board.need.is == flash::need::unknown) unknown += (unknown.empty() ? "" : ", ") + board.name;
    }
    if (!unknown.empty())
        blame({errc::refused,
               "whether it needs a flash is not known: " + unknown,
               {},
               {},
               {"flash it by name once: the ledger knows it from then on"}});
    return left;
}

std::string standing_text(const flash::board_standing& b) {
    return b.need.reason.empty() ? std::string() : flash::text_of(b);
}

std::string host_text(const flash::need_survey& all, const known_boards& b) {
    std::string version = all.host_version ? *all.host_version : all.host_version.error().what;
    if (version.empty()) version = "no version that git knows";
    return fmt::format("{} in {}", version, b.klipper_dir().string());
}

} // namespace kf::kflash
