// SPDX-License-Identifier: MIT
#include "board_fields.hpp"

#include <kf/flash/any_method.hpp>

#include <fmt/format.h>

namespace kf::kflash {

const std::vector<cli::option_row>& board_options() {
    static const std::string methods = board::flash_method_words("default");
    std::vector<const char*> words;
    for (const auto& m : board::flash_methods) words.push_back(m.name);
    words.push_back("default");
    static const std::vector<cli::option_row> options{{"method", "METHOD", methods.c_str(), false, words},
                                                      {"exclude", "", "never flash it"},
                                                      {"include", "", "it may be flashed"}};
    return options;
}

result<std::optional<board::flash_method>> method_or_default(const std::string& text) {
    if (text == "default") return std::nullopt;
    KF_TRY(const auto method, method_from(text, "default"));
    return method;
}

result<board_request> board_request_of(const cli::invocation& in) {
    board_request r;
    if (const auto text = in.get("method")) {
        KF_TRY(r.method, method_or_default(*text));
        r.default_method = !r.method;
    }
    if (in.has("exclude") && in.has("include"))
        return kf::fail(errc::usage, "--exclude and --include cannot both hold");
    if (in.has("exclude") || in.has("include")) r.flashable = in.has("include");
    return r;
}

result<void> check_chip(board::flash_method method, const board::board& board) {
    if (!board::row_of(method).needs_katapult || !board::is_avr(board.mcu)) return {};
    error e{errc::mismatch,
            fmt::format("{} needs Katapult, which is not there for {}", board::name(method), board.mcu)};
    for (const auto& row : board::flash_methods)
        if (!row.needs_katapult)
            e.steps.push_back(board.key.empty() ? fmt::format("give it --method {}", row.name)
                                                : fmt::format("kflash edit {} --method {}", board.key, row.name));
    return kf::fail(std::move(e));
}

void tell_method(cli::invocation& in, const known_boards& b, const board::board& board) {
    const auto method = board.method.value_or(b.registry.settings.default_flash_method);
    auto fits = check_chip(method, board);
    if (const auto config = b.configs.load(board.key); fits && config && config->config.text("BOARD_DIRECTORY"))
        fits = flash::takes_kind(method, firmware::expected_kind(config->config));
    if (fits) return;
    in.out.warn(fits.error().what);
    for (const auto& step : fits.error().steps) in.out.note(step);
}

} // namespace kf::kflash
