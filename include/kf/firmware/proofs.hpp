// SPDX-License-Identifier: MIT
#pragma once
/// What must be true before an image may go near a board. The offline proofs need the image, its .config and what is
/// known of the board, and come before anything is stopped; the bootloader's own facts are compared after CONNECT and
/// before the first block. Each proof is a value with its two sides in words, so that a plan can print them all.

#include <kf/board/usb_name.hpp>
#include <kf/firmware/git_version.hpp>
#include <kf/firmware/image.hpp>
#include <kf/firmware/kconfig.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::firmware {

struct proof {
    std::string name;
    bool holds = false;
    std::string says;                    ///< both sides: "reset vector 0x80276f5 is in 0x8020000-0x802ae40"
    std::vector<std::string> steps = {}; ///< what to do, where it is no matter of the board's configuration
    bool operator==(const proof&) const = default;
};

/// What is known of the board, apart from its .config.
struct image_target {
    std::string board_mcu = {};    ///< as registered
    std::string usb_mcu = {};      ///< from its USB name; empty when it has none
    bool has_katapult = false;     ///< its method needs Katapult, or it was ever seen as katapult_
    std::string tree_version = {}; ///< git_version of the tree that was built; empty when unknown
};

/// What CONNECT told us.
struct bootloader_facts {
    std::string mcu = {};
    std::uint32_t app_start = 0;
    std::uint32_t block_size = 0;
};

namespace detail {

/// Flash of the AVR chips, which their .config does not tell.
[[nodiscard]] constexpr std::optional<std::uint64_t> avr_flash_size(std::string_view mcu) noexcept {
    struct row {
        std::string_view mcu;
        std::uint64_t kib;
    };
    constexpr row rows[] = {{"atmega2560", 256}, {"atmega1280", 128}, {"atmega1284p", 128}, {"at90usb1286", 128},
                            {"atmega644p", 64},  {"at90usb646", 64},  {"atmega328p", 32},   {"atmega328", 32},
                            {"atmega32u4", 32},  {"lgt8f328p", 32},   {"atmega168", 16}};
    for (const auto& r : rows)
        if (r.mcu == mcu) return r.kib * 1024;
    return std::nullopt;
}

[[nodiscard]] inline proof prove_version(const image& im, const image_target& target) {
    if (!im.dictionary || im.dictionary->version.empty())
        return {"version", false, "the image does not say which version it is"};
    const std::string& version = im.dictionary->version;
    if (target.tree_version.empty()) return {"version", true, "the image is " + version};
    // Compared as text: both come from one clone, at one time.
    const bool same = without_build_tail(version) == without_build_tail(target.tree_version);
    if (same) return {"version", true, "the image is " + version + ", as its source"};
    return {"version",
            false,
            "the image is " + version + ", its source is " + target.tree_version,
            {"somebody may have changed the sources while they were built: run this again"}};
}

[[nodiscard]] inline proof prove_mcu(const char* name, std::string_view image_mcu, const char* other,
                                     std::string_view other_mcu, const char* image = "the image") {
    const bool same = board::mcu_matches(image_mcu, other_mcu);
    return {name, same,
            fmt::format("{} is for {}, {} {}", image, image_mcu.empty() ? "no chip" : image_mcu, other,
                        other_mcu.empty() ? "names none" : other_mcu)};
}

[[nodiscard]] inline proof prove_start(const image& im, const kconfig& config) {
    const auto wanted = config.application_start();
    if (!wanted) return {"start", true, "chips of this kind have no application start in their .config"};
    if (!im.address_known) return {"start", false, "nothing says where the image belongs"};
    const std::uint64_t start = im.linked_at.value_or(im.start());
    // An RP2040 image without bootloader begins one page sooner, with its second stage.
    const auto boot = config.number("FLASH_BOOT_ADDRESS");
    const bool second_stage = boot && *wanted == *boot && start == (*boot & ~std::uint64_t{0xfff});
    return {"start", start == *wanted || second_stage,
            fmt::format("the image starts at 0x{:x}{}, its .config says 0x{:x}", start,
                        im.linked_at ? " (from its .elf)" : "", *wanted)};
}

[[nodiscard]] inline proof prove_reset_vector(const image& im, const kconfig& config) {
    if (!config.has_vector_table()) return {"reset vector", true, "chips of this kind have none"};
    const auto at = *config.application_start();
    const auto words = vectors(im, at);
    if (!words) return {"reset vector", false, fmt::format("the image has no bytes at 0x{:x}", at)};
    const std::uint64_t reset = words->reset & ~std::uint32_t{1};
    const bool inside = (words->reset & 1) != 0 && reset >= at && reset < im.end();
    return {"reset vector", inside,
            fmt::format("the reset vector 0x{:x} is {} 0x{:x}-0x{:x}", words->reset,
                        inside ? "a Thumb address in" : "no Thumb address in", at, im.end())};
}

[[nodiscard]] inline proof prove_size(const image& im, const kconfig& config) {
    const auto mcu = config.mcu().value_or("");
    const auto avr = avr_flash_size(mcu);
    const auto size = avr ? avr : config.flash_size();
    const auto base = avr ? std::optional<std::uint64_t>(0) : config.flash_base();
    if (!size || !base) return {"size", true, fmt::format("{} bytes; nobody says how large the flash is", im.size())};
    // Where the image really lies; a .bin of unknown place can only be measured.
    const std::uint64_t start = im.address_known ? im.start() : config.application_start().value_or(*base);
    const std::uint64_t end = start + im.size();
    return {"size", start >= *base && end <= *base + *size,
            fmt::format("the image covers 0x{:x}-0x{:x}, the flash 0x{:x}-0x{:x}", start, end, *base, *base + *size)};
}

/// A board that was found by its USB name comes back, and is proven to, by a USB name only. An image that talks over
/// UART or CAN would leave a board that nobody finds, klippy included.
[[nodiscard]] inline proof prove_connection(const kconfig& config) {
    if (config.enabled("USBSERIAL")) return {"connection", true, "the board is on USB, and so is the image"};
    for (const auto& [symbol, words] : {std::pair{"USBCANBUS", "as a bridge from USB to CAN"},
                                        std::pair{"CANSERIAL", "over CAN"}, std::pair{"SERIAL", "over a UART"}})
        if (config.enabled(symbol))
            return {"connection", false, fmt::format("the board is on USB, the image would talk {}", words)};
    return {"connection", false, "the board is on USB, and its .config does not name USB (CONFIG_USBSERIAL)"};
}

/// `start`: where the image is, or will be.
[[nodiscard]] inline proof prove_bootloader_kept(std::uint64_t start, const kconfig& config,
                                                 const image_target& target) {
    if (!target.has_katapult) return {"bootloader", true, "this board has no Katapult to keep"};
    if (!config.has_vector_table())
        return {"bootloader", false,
                fmt::format("this board has Katapult, and Katapult does not run on {}", config.mcu().value_or("?"))};
    const bool kept = !config.at_flash_base() && start >= *config.application_start();
    return {"bootloader", kept,
            fmt::format("this board has Katapult, the image {} at 0x{:x}",
                        kept ? "starts behind it" : "would overwrite it", start)};
}

} // namespace detail

/// Every offline proof, in the order in which they are worth reading. Pure; never stops at a failure.
[[nodiscard]] inline std::vector<proof> prove(const image& im, const kconfig& config, const image_target& target) {
    std::vector<proof> all;
    const std::string app = im.dictionary ? im.dictionary->app : "";
    // Kalico's build says Klipper as well; forks that say their own name are let in by name.
    all.push_back({"application", app == "Klipper" || app == "Kalico",
                   !im.dictionary ? "the image has no Klipper dictionary"
                                  : "the image is " + (app.empty() ? "of no named application" : app)});
    all.push_back(detail::prove_version(im, target));
    const std::string mcu = im.dictionary ? im.dictionary->mcu : "";
    all.push_back(detail::prove_mcu("mcu of the config", mcu, "its .config", config.mcu().value_or("")));
    all.push_back(detail::prove_mcu("mcu of the board", mcu, "the board's entry", target.board_mcu));
    if (!target.usb_mcu.empty()) {
        all.push_back(detail::prove_mcu("mcu of the USB name", mcu, "the USB name", target.usb_mcu));
        all.push_back(detail::prove_connection(config));
    }
    all.push_back(detail::prove_start(im, config));
    all.push_back(detail::prove_reset_vector(im, config));
    all.push_back(detail::prove_size(im, config));
    const auto start = config.application_start().value_or(0);
    all.push_back(
        detail::prove_bootloader_kept(im.address_known ? std::min(im.start(), start) : start, config, target));
    return all;
}

/// Those that need no image: what the configuration alone decides is told before a build.
[[nodiscard]] inline std::vector<proof> prove_config(const kconfig& config, const image_target& target) {
    std::vector<proof> all;
    if (!target.usb_mcu.empty()) {
        all.push_back(detail::prove_mcu("mcu of the USB name", config.mcu().value_or(""), "the USB name",
                                        target.usb_mcu, "the configuration"));
        all.push_back(detail::prove_connection(config));
    }
    all.push_back(detail::prove_bootloader_kept(config.application_start().value_or(0), config, target));
    return all;
}

/// What the bootloader says, against the image that is about to be written.
[[nodiscard]] inline std::vector<proof> prove_bootloader(const image& im, const bootloader_facts& facts) {
    const std::string mcu = im.dictionary ? im.dictionary->mcu : "";
    const bool size_ok =
        facts.block_size == 64 || facts.block_size == 128 || facts.block_size == 256 || facts.block_size == 512;
    const std::uint64_t start = im.linked_at.value_or(im.start());
    std::vector<proof> all{
        detail::prove_mcu("mcu of the bootloader", mcu, "the bootloader runs on", facts.mcu),
        {"application start", im.address_known && start == facts.app_start && im.start() == facts.app_start,
         fmt::format("the image starts at 0x{:x}, the bootloader writes to 0x{:x}", start, facts.app_start)},
        {"block size", size_ok, fmt::format("the bootloader's blocks have {} bytes", facts.block_size)}};
    return all;
}

/// The proofs when all hold; otherwise errc::mismatch with the words of the first that does not.
[[nodiscard]] inline result<std::vector<proof>> require_all(std::vector<proof> proofs) {
    for (const auto& p : proofs) {
        if (p.holds) continue;
        error e{errc::mismatch, "this image must not be written to this board", p.name + ": " + p.says, {}, p.steps};
        if (e.steps.empty())
            e.steps = {"look at the board's settings: kflash show NAME",
                       "correct its configuration: kflash config NAME", "build and flash again"};
        return kf::fail(std::move(e));
    }
    return proofs;
}

[[nodiscard]] inline result<std::vector<proof>> check_all(const image& im, const kconfig& config,
                                                          const image_target& target) {
    return require_all(prove(im, config, target));
}

[[nodiscard]] inline result<std::vector<proof>> check_bootloader(const image& im, const bootloader_facts& facts) {
    return require_all(prove_bootloader(im, facts));
}

} // namespace kf::firmware
