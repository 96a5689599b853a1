// SPDX-License-Identifier: MIT
#pragma once
/// The klippy of the host that ksim simulates: it follows its service and its boards.

#include "host_world.hpp"

#include <kf/io/json_fields.hpp>
#include <kf/mcu/dictionary.hpp>
#include <kf/sim/file_stamps.hpp>
#include <kf/sim/klippy_server.hpp>
#include <kf/sim/simulated_services.hpp>
#include <kf/sim/usb_tree.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kf::ksim {

inline constexpr const char* klipper_unit = "klipper.service";

/// The gantry of this host: its files are in this world, its first board is Klipper's [mcu].
[[nodiscard]] inline sim::printer_config gantry_of(const world& w) {
    sim::printer_config config;
    config.gcodes = w.gcodes;
    config.serial = w.node(w.boards.front()).string();
    return config;
}

class klippy_life {
  public:
    klippy_life(const world& w, sim::simulated_services& services)
      : w_(w)
      , services_(services)
      , server_(w.socket, gantry_of(w), {w.mcus, w.scenario}, w.speed)
      , bus_({w.by_id, w.by_id.parent_path() / "by-path", w.sysfs() / "class/tty"}, nodes_of(w))
      , state_({w.state}) {}

    [[nodiscard]] bool is_starting() { return server_.klippy().state().name == "startup"; }

    result<void> step() {
        const auto now = io::steady_clock().now();
        if (!state_.rest(now)) wanted_ = services_.pid_of(klipper_unit).value_or(0);
        if (!bus_.rest(now)) look_at_boards();
        if (wanted_ == running_) return server_.serve(20);
        // A restart is over before anybody looks: it is another process.
        if (running_ != 0) server_.close();
        if (wanted_ != 0) KF_CHECK(meet_mcus());
        if (wanted_ != 0) KF_CHECK(server_.listen());
        KF_CHECK(show_socket(wanted_ != 0));
        running_ = wanted_;
        return server_.serve(20);
    }

  private:
    static std::vector<fs::path> nodes_of(const world& w) {
        std::vector<fs::path> nodes;
        for (const auto& b : w.boards) nodes.push_back(sim::usb_socket{w.by_id, w.sysfs(), b.port}.by_path());
        return nodes;
    }

    /// proc/net/unix, where the kernel lists who listens: also sockets whose process nobody can see.
    result<void> show_socket(bool listens) {
        const std::string row =
            listens ? "0000000000000000: 00000002 00000000 00010000 0001 01 4242 " + w_.socket.string() + "\n"
                    : std::string();
        return io::write_file(w_.proc / "net/unix", "Num       RefCount Protocol Flags    Type St Inode Path\n" + row);
    }

    /// What each MCU says of its firmware when klippy connects: a version that nobody else has, also of equal chips.
    result<void> meet_mcus() {
        json::object all;
        for (const auto& b : w_.boards) {
            if (!b.registered) continue;
            const auto flash = io::read_file(w_.flash_file(b));
            const auto runs =
                flash ? mcu::find_dictionary({reinterpret_cast<const std::uint8_t*>(flash->data()), flash->size()})
                      : kf::fail(flash.error());
            all[&b == w_.boards.data() ? std::string("mcu") : "mcu " + b.key] =
                json::object{{"mcu_version", runs ? runs->version : ""},
                             {"mcu_build_versions", runs ? runs->build_versions : ""},
                             {"mcu_constants", json::object{{"CLOCK_FREQ", 50000000}, {"MCU", b.mcu}}},
                             {"last_stats", json::object{{"mcu_awake", 0.0}, {"freq", 50000000}}}};
        }
        return io::write_file(w_.mcus, json::serialize(all));
    }

    void look_at_boards() {
        std::string missing;
        const auto seen = board::scan({w_.by_id, w_.sysfs()});
        for (const auto& b : w_.boards) {
            if (!b.registered || !seen) continue;
            if (std::ranges::none_of(seen->devices, [&](const board::device& d) {
                    return d.facts.port == b.port && d.usb.firmware == board::usb_firmware::klipper;
                }))
                missing = &b == w_.boards.data() ? "mcu" : b.key;
        }
        if (missing == missing_) return;
        missing_ = missing;
        if (missing.empty())
            server_.klippy().set_mcu(sim::mcu_condition::alive);
        else
            server_.klippy().set_mcu(sim::mcu_condition::absent, missing);
    }

    const world& w_;
    sim::simulated_services& services_;
    sim::klippy_server server_;
    sim::file_stamps bus_, state_;
    std::string missing_;
    std::int64_t wanted_ = 0, running_ = 0; ///< the process of its unit, 0: none
};

} // namespace kf::ksim
