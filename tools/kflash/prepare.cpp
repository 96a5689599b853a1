// SPDX-License-Identifier: MIT
#include "prepare.hpp"

#include "../cli/number.hpp"
#include "board_fields.hpp"

#include <fmt/format.h>

namespace kf::kflash {

firmware::build_site site_of(const bench& b, const board::board& board, const std::string& who) {
    // A key of the original may have blanks in it, which make cannot take: such a folder gets a name of its own.
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    std::string folder = board.key;
    if (folder.find_first_not_of(plain) != std::string::npos || folder.front() == '.')
        folder = board::slug(board.key) + "+" +
                 firmware::sha256_hex(
                     io::byte_view(reinterpret_cast<const std::uint8_t*>(board.key.data()), board.key.size()))
                     .substr(0, 8);
    return {b.klipper_dir(), b.at.builds / folder, who, b.at.build_as};
}

result<void> check_config_mcu(const board::board& board, const firmware::kconfig& config) {
    const auto mcu = config.mcu().value_or("");
    if (board::mcu_matches(mcu, board.mcu)) return {};
    return kf::fail(
        error{errc::mismatch,
              fmt::format("the configuration is for {}, {} is registered as {}", mcu, board.name, board.mcu),
              "the configuration of another board was chosen, or the board is registered with the wrong chip",
              {},
              {fmt::format("choose the right chip: kflash config {}", board.key),
               fmt::format("or correct the board: kflash edit {} --mcu {}", board.key, mcu)}});
}

result<void> edit_config(cli::invocation& in, const bench& b, const board::board& board) {
    if (!in.interactive)
        return kf::fail(
            error{errc::needs_person,
                  "menuconfig needs a terminal",
                  {},
                  {},
                  {fmt::format("use the cached configuration: kflash flash {} --skip-menuconfig", board.key),
                   fmt::format("or take a file: kflash config {} --import FILE", board.key)}});
    std::string before;
    if (const auto cached = b.configs.load(board.key))
        before = cached->text;
    else if (cached.error().code != errc::not_found)
        in.out.warn(cached.error().what);
    auto runner = make_runner(in);
    in.out.step(phase::config, "menuconfig");
    KF_TRY(auto edited, firmware::menuconfig(runner, site_of(b, board, "kflash config"), before));
    if (!edited.saved) {
        in.out.step(phase::config, before.empty() ? "nothing was saved" : "nothing was changed");
        return {};
    }
    KF_TRY(const auto config, firmware::kconfig::parse(edited.text));
    KF_CHECK(check_config_mcu(board, config));
    KF_CHECK(b.configs.store(board.key, std::move(edited.text)));
    in.out.step(phase::config, fmt::format("saved as {}", b.configs.path(board.key).string()));
    return {};
}

result<board::flash_method> method_of(const cli::invocation& in, const bench& b, const board::board& board) {
    const auto given = in.get("method");
    if (!given) return board.method.value_or(b.registry.settings.default_flash_method);
    if (const auto method = board::flash_method_from(*given)) return *method;
    return kf::fail(errc::usage,
                    fmt::format("there is no method \"{}\": katapult, katapult_script, make_flash", *given));
}

void remember_device(cli::invocation& in, const bench& b, board::board& board, const board::device& device,
                     std::optional<board::usb_firmware> runs) {
    const auto firmware = runs.value_or(board::firmware_on(board, device));
    const auto learned = board::remember(board, device, firmware, today());
    if (learned == board) return;
    if (learned.serial_pattern != board.serial_pattern)
        in.out.note(fmt::format("{} is registered as {} from now on", board.name, learned.serial_pattern));
    board = learned; // it counts for this very run
    const auto done = board::update(b.at.registry_file, "kflash", [&](board::registry& r) -> result<void> {
        KF_TRY(const auto now, board::find(r, board.key));
        return board::replace(r, board::remember(now, device, firmware, today()));
    });
    if (!done) in.out.warn(fmt::format("could not note how {} shows itself on USB: {}", board.name, done.error().what));
}

result<built_board> prepare(cli::invocation& in, const bench& b, const board::board& board,
                            const std::string& usb_mcu) {
    const bool skip = in.has("skip-menuconfig") || b.registry.settings.skip_menuconfig || !in.interactive || in.json;
    if (!skip) KF_CHECK(edit_config(in, b, board));
    auto cached = b.configs.load(board.key);
    if (!cached && cached.error().code == errc::not_found) {
        error e = std::move(cached).error();
        e.code = errc::needs_person; // only a person can say how the board is wired and which bootloader it has
        return kf::fail(std::move(e));
    }
    KF_CHECK(cached);
    KF_CHECK(check_config_mcu(board, cached->config));
    in.out.step(phase::config, b.configs.path(board.key).string());

    auto runner = make_runner(in);
    const auto site = site_of(b, board, fmt::format("kflash {} {}", in.command, board.key));
    const auto version = firmware::describe_tree(runner, site.tree, site.run_as);
    if (!version) in.out.warn(version.error().what);
    firmware::build_options options;
    options.tree_version = version.value_or("");
    KF_TRY(const double jobs, cli::number_option(in, "jobs", 0, 0, 1024)); // 0: as many as there are cores
    options.jobs = static_cast<unsigned>(jobs);
    in.out.step(phase::build, fmt::format("{} {}", site.tree.string(), options.tree_version));
    const io::steady_clock clock;
    const auto began = clock.now();
    KF_TRY(auto built, firmware::build(runner, site, *cached, options, [&](const firmware::build_progress& p) {
               in.out.detail(p.line);
               in.out.progress({phase::build, static_cast<std::uint64_t>(p.done), static_cast<std::uint64_t>(p.total),
                                "steps", to_seconds(clock.now() - began)});
           }));
    if (!built.drift.empty()) {
        in.out.warn(
            fmt::format("the source has other options than when this configuration was saved: {} changed. Review "
                        "with kflash config {}",
                        built.drift.size(), board.key));
        for (const auto& change : built.drift) in.out.note(firmware::to_string(change));
    }
    KF_TRY(auto image, firmware::load_built(built));
    KF_TRY(const auto method, method_of(in, b, board));
    firmware::image_target target{board.mcu, usb_mcu,
                                  method != board::flash_method::make_flash || board.seen_as_katapult.has_value(),
                                  options.tree_version};
    auto proofs = firmware::prove(image, built.config, target);
    for (const auto& p : proofs)
        in.out.detail(fmt::format("proof {}: {} {}", p.name, p.says, p.holds ? "(holds)" : "(FAILS)"));
    in.out.step(phase::build, fmt::format("{}: {} bytes, SHA-256 {}, {:.1f} s", built.file.filename().string(),
                                          image.bytes.size(), image.sha256.substr(0, 16), built.elapsed));
    return built_board{std::move(built), std::move(image), std::move(proofs), options.tree_version};
}

} // namespace kf::kflash
