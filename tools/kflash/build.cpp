// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "prepare.hpp"

#include <fmt/format.h>

namespace kf::kflash {
namespace {

result<void> run(cli::invocation& in) {
    KF_TRY(const auto request, build_request_of(in));
    KF_TRY(const auto b, open_bench(in));
    KF_TRY(const auto board, pick_board(in, b));
    io::interrupt::catch_signals();
    KF_TRY(const auto ready, make_ready(in, b, board, request, {}));
    KF_TRY(const auto built, build_ready(in, b, board, request, ready));
    const std::string version = built.image.dictionary ? built.image.dictionary->version : std::string{};
    in.out.result({"image",
                   built.build.file.string(),
                   {{"key", board.key},
                    {"path", built.build.file.string()},
                    {"bytes", static_cast<std::int64_t>(built.image.bytes.size())},
                    {"sha256", built.image.sha256},
                    {"version", version},
                    {"seconds", built.build.elapsed}}});
    return {};
}

} // namespace

cli::command_row build_command() {
    return {"build",
            "[BOARD]",
            0,
            1,
            "Builds the firmware of a board and proves that it belongs to it.",
            build_options(),
            {{"kflash build octopus -s", "prints the path of the image"}},
            run};
}

} // namespace kf::kflash
