// SPDX-License-Identifier: MIT
#pragma once
/// The host that ksim simulates, as it is before anything runs: its boards, and the folders and files around them.

#include <kf/board/discover.hpp>
#include <kf/board/slug.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/sim/firmware_tree.hpp>
#include <kf/sim/running_board.hpp>
#include <kf/sim/stand_in_image.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::ksim {

namespace fs = std::filesystem;
namespace json = boost::json;

struct simulated_board {
    std::string key, name;
    std::string sample; ///< of the stand-in tree
    std::string mcu, serial;
    std::uint32_t app_start = 0;
    std::string port;
    bool registered = true;
    std::map<std::string, std::string> more = {}; ///< further options of ksim board
};

[[nodiscard]] inline simulated_board octopus() {
    return {"octopus", "Octopus Pro", "stm32h723", "stm32h723xx", "29001A001151313433343333", 0x08020000, "1-1.1"};
}
[[nodiscard]] inline simulated_board pico() {
    return {"pico", "Pico", "rp2040", "rp2040", "E6614103E7452D2F", 0x10004000, "1-1.2"};
}
/// One that nobody has registered yet, to try `kflash add` on.
[[nodiscard]] inline simulated_board spare() {
    return {"spare", "Spare", "stm32f446", "stm32f446xx", "1D0039000F47393438343535", 0x08008000, "1-1.3", false};
}

/// "toolhead:mcu=rp2040,serial=12345,port=1-1.4,new": further boards, also odd ones.
[[nodiscard]] inline result<simulated_board> board_of(const std::string& word, std::size_t number) {
    const auto colon = std::min(word.find(':'), word.size());
    simulated_board b{
        word.substr(0, colon), word.substr(0, colon), "rp2040", "rp2040", "", 0, fmt::format("1-1.{}", number + 1)};
    if (b.key.empty() || board::slug(b.key) != b.key)
        return kf::fail(errc::usage, "--board begins with a key, as in toolhead:mcu=rp2040");
    for (std::size_t from = colon; from < word.size();) {
        const auto end = std::min(word.find(',', from + 1), word.size());
        const std::string part = word.substr(from + 1, end - from - 1);
        from = end;
        const auto equal = std::min(part.find('='), part.size());
        const std::string name = part.substr(0, equal);
        const std::string value = equal < part.size() ? part.substr(equal + 1) : "";
        if (name == "new")
            b.registered = false;
        else if (name == "mcu")
            b.mcu = value;
        else if (name == "serial")
            b.serial = value;
        else if (name == "port")
            b.port = value;
        else if (name == "klipper-serial" || name == "katapult-serial" || name == "manufacturer" || name == "product" ||
                 name == "katapult-maker")
            b.more[name] = value;
        else
            return kf::fail(errc::usage, fmt::format("--board knows no \"{}\"", name));
    }
    for (const auto& sample : sim::sample_boards)
        if (sample.mcu != nullptr && sample.start != 0 && sample.start != sample.boot &&
            board::mcu_matches(sample.mcu, b.mcu)) {
            b.sample = sample.key;
            b.mcu = sample.mcu;
            b.app_start = sample.start;
        }
    if (b.app_start == 0) return kf::fail(errc::usage, fmt::format("there is no simulated board with a {}", b.mcu));
    return b;
}

[[nodiscard]] inline sim::board_options options_of(const simulated_board& b) {
    const auto more = [&](const char* name) {
        const auto found = b.more.find(name);
        return found == b.more.end() ? std::nullopt : std::optional(found->second);
    };
    sim::board_options o;
    o.mcu = b.mcu;
    o.serial = sim::said_serial(b.serial);
    if (const auto said = more("klipper-serial")) o.klipper_serial = sim::said_serial(*said);
    o.manufacturer = more("manufacturer").value_or(o.manufacturer);
    o.product = more("product").value_or("");
    return o;
}

/// The folders and files that are there before anything runs.
struct world {
    std::vector<simulated_board> boards;
    fs::path root, home, by_id, proc, klipper, socket, state, scenario, mcus, katapult, gcodes;
    std::string self;
    double speed = 10;

    [[nodiscard]] fs::path sysfs() const { return root / "sys"; }
    /// How printer.cfg and devices.json name a board: by its place where its serial number does not tell it.
    [[nodiscard]] fs::path node(const simulated_board& b) const {
        const auto face = sim::klipper_face(options_of(b));
        bool alone = board::is_own_serial(face.serial);
        for (const auto& other : boards)
            if (other.key != b.key && sim::klipper_face(options_of(other)) == face) alone = false;
        return alone ? by_id / sim::by_id_name(face) : sim::usb_socket{by_id, sysfs(), b.port}.by_path();
    }
    [[nodiscard]] fs::path flash_file(const simulated_board& b) const { return root / "flash" / b.key; }
};

[[nodiscard]] inline result<void> furnish(const world& w) {
    for (const auto& dir : {w.home / ".config/kflash/configs", w.by_id, w.proc, w.root / "flash", w.sysfs(), w.gcodes})
        KF_CHECK(io::make_directories(dir));
    KF_CHECK(sim::install_firmware_tree(w.klipper, w.self));
    json::object devices, scenario{{"print_stats", nullptr}, // as they are, until somebody says otherwise
                                   {"virtual_sdcard", nullptr},
                                   {"pause_resume", nullptr},
                                   {"idle_timeout", nullptr},
                                   {"extruder", json::object{{"target", 0.0}, {"temperature", 21.5}}}};
    json::object settings;
    for (const auto& b : w.boards) {
        const auto old = sim::make_image({b.mcu, "v0.12.0-9-g0000000", b.app_start});
        KF_CHECK(
            io::write_file(w.flash_file(b), std::string_view(reinterpret_cast<const char*>(old.data()), old.size())));
        if (!b.registered) continue;
        const auto node = w.node(b);
        std::string pattern = node.filename().string();
        if (!board::is_place_name(pattern)) pattern = std::string(board::without_interface(pattern)) + "*";
        devices[b.key] = json::object{{"name", b.name},
                                      {"mcu", board::mcu_family(b.mcu)},
                                      {"serial_pattern", std::move(pattern)},
                                      {"flash_method", nullptr},
                                      {"flashable", true}};
        settings[settings.empty() ? std::string("mcu") : fmt::format("mcu {}", b.key)] =
            json::object{{"serial", node.string()}};
        const auto config = sim::sample_config(b.sample);
        assert(config);
        KF_CHECK(io::write_file(w.home / ".config/kflash/configs" / b.key / ".config", *config));
    }
    scenario["configfile"] = json::object{{"settings", std::move(settings)}};
    const json::object registry{
        {"global", json::object{{"klipper_dir", w.klipper.string()}, {"katapult_dir", w.katapult.string()}}},
        {"devices", std::move(devices)},
        {"blocked_devices", json::array{}}};
    KF_CHECK(io::write_file(w.home / ".config/kflash/devices.json", json::serialize(registry)));
    return io::write_file(w.scenario, json::serialize(scenario));
}

} // namespace kf::ksim
