// SPDX-License-Identifier: MIT
#include "board_config.hpp"
#include "kflash_commands.hpp"

#include <kf/flash/built_plan.hpp>
#include <kf/io/output_file.hpp>

#include <fmt/format.h>

namespace kf::kflash {
namespace {

result<void> run_build(cli::invocation& in) {
    const auto file = in.get("output");
    if (file) KF_CHECK(io::output_file::check(*file));
    KF_TRY(const auto request, build_request_of(in));
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto board, pick_board(in, b));
    io::interrupt::catch_signals();
    const auto& settings = b.registry.settings;
    if (request.menuconfig && !settings.skip_menuconfig) KF_CHECK(edit_config(in, b, board));
    auto runner = make_runner(in);
    const auto found = flash::look_at_config(runner, b.at, settings, board.key, request.wishes);
    KF_TRY(const auto plan,
           flash::plan_firmware(b.at, settings, board, request.wishes, found, {}, "kflash build " + board.key));
    in.out.step(phase::config, plan.cached.string());
    for (const auto& doubt : flash::doubts_of(plan, board.key)) {
        in.out.warn(doubt.text);
        for (const auto& note : doubt.notes) in.out.note(note);
    }
    KF_TRY(const auto built, flash::build_firmware(plan, runner, in.out));
    if (file) {
        KF_CHECK(io::write_output(*file, std::string_view(reinterpret_cast<const char*>(built.image.bytes.data()),
                                                          built.image.bytes.size())));
    } else if (b.at.simulator) {
        in.out.note("the image goes with the simulation: -o FILE keeps it");
    }
    const std::string version = built.image.dictionary ? built.image.dictionary->version : std::string{};
    in.out.result({"image",
                   built.build.file.string(),
                   {{"key", board.key},
                    {"path", built.build.file.string()},
                    {"bytes", static_cast<std::int64_t>(built.image.bytes.size())},
                    {"sha256", built.image.sha256},
                    {"version", version},
                    {"seconds", built.build.elapsed}},
                   true});
    return {};
}

} // namespace

cli::command_row build_command() {
    auto options = build_options();
    options.push_back({"output,o", "FILE", "also write the image there"});
    return {"build",
            "[BOARD]",
            0,
            1,
            "Builds the firmware of a board and proves that it belongs to it.",
            std::move(options),
            {{"kflash build octopus -s", "prints the path of the image"},
             {"kflash build octopus -s -o octopus.bin", "keeps it"}},
            run_build};
}

} // namespace kf::kflash
