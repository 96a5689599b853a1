// SPDX-License-Identifier: MIT
// menuconfig and olddefconfig of the stand-in firmware tree.
#include "firmware_image.hpp"

#include <kf/firmware/kconfig.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/sim/firmware_tree.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <set>

namespace kf::ksim {

namespace {

result<std::set<std::string>> read_symbols(const std::filesystem::path& file) {
    KF_TRY(std::string text, io::read_file(file));
    std::set<std::string> names;
    std::size_t from = 0;
    while (from < text.size()) {
        const auto end = std::min(text.find('\n', from), text.size());
        if (end > from) names.insert(text.substr(from, end - from));
        from = end + 1;
    }
    return names;
}

/// The board that the lines of a .config choose, of those that `offered` has.
const sim::sample_board* chosen_board(const firmware::kconfig& config, auto&& offered) {
    for (const auto& board : sim::sample_boards)
        if (offered(board.machine) && config.enabled(board.machine)) return &board;
    return nullptr;
}

int answer(const char* command, const result<void>& done) {
    if (done) return 0;
    std::fprintf(stderr, "ksim %s: %s\n", command, done.error().what.c_str());
    return 1;
}

std::map<std::string, std::string> pairs(int argc, char** argv) {
    std::map<std::string, std::string> options;
    for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
    return options;
}

} // namespace

result<void> update_config(const std::filesystem::path& symbols, const std::filesystem::path& config) {
    KF_TRY(const auto known, read_symbols(symbols));
    const auto text = io::read_file(config).value_or("");
    KF_TRY(const auto before, firmware::kconfig::parse(text));
    if (before.empty()) return io::write_file(config, *sim::sample_config(sim::default_board));
    std::string after;
    if (!before.mcu()) {
        const auto* chosen = chosen_board(before, [&](const char* machine) { return known.contains(machine); });
        after = chosen != nullptr ? config_text(*chosen) : *sim::sample_config(sim::default_board);
    }
    for (const auto& [name, value] : before.symbols()) {
        if (!known.contains(name)) continue;
        after += value == "n" ? "# CONFIG_" + name + " is not set\n" : "CONFIG_" + name + "=" + value + "\n";
    }
    KF_TRY(const auto kept, firmware::kconfig::parse(after));
    if (kept.symbols() == before.symbols()) return {}; // nothing to say: the file stays as it is, time stamp included
    return io::write_file(config, after);
}

result<void> choose_config(const std::filesystem::path& config) {
    if (!::isatty(STDIN_FILENO) || !::isatty(STDOUT_FILENO))
        return kf::fail(errc::needs_person, "menuconfig needs a terminal");
    std::string text = io::read_file(config).value_or("");
    KF_TRY(const auto before, firmware::kconfig::parse(text));
    if (!before.mcu()) {
        const auto* chosen = chosen_board(before, [](const char*) { return true; });
        text = chosen != nullptr ? config_text(*chosen) : *sim::sample_config(sim::default_board);
    }
    for (;;) {
        std::cout << "\nStand-in firmware configuration\n\n";
        for (std::size_t i = 0; i < sim::sample_boards.size(); ++i) {
            const auto& board = sim::sample_boards[i];
            std::cout << (config_text(board) == text ? " * " : "   ") << i + 1 << "  " << board.title << '\n';
        }
        std::cout << "\nA number chooses a board, s saves and ends, q ends: " << std::flush;
        std::string line;
        if (!std::getline(std::cin, line) || line == "q") return {};
        if (line == "s") return io::write_file(config, text);
        if (line.size() == 1 && line[0] >= '1' && line[0] < static_cast<char>('1' + sim::sample_boards.size()))
            text = config_text(sim::sample_boards[static_cast<std::size_t>(line[0] - '1')]);
    }
}

int olddefconfig(int argc, char** argv) {
    auto options = pairs(argc, argv);
    return answer("olddefconfig", update_config(options["--symbols"], options["--config"]));
}

int menuconfig(int argc, char** argv) {
    auto options = pairs(argc, argv);
    return answer("menuconfig", choose_config(options["--config"]));
}

} // namespace kf::ksim
