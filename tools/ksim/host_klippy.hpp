// SPDX-License-Identifier: MIT
#pragma once
/// The klippy of the host that ksim simulates: it follows its service and its boards.

#include "host_world.hpp"

#include <kf/io/json_fields.hpp>
#include <kf/mcu/dictionary.hpp>
#include <kf/sim/klippy_server.hpp>
#include <kf/sim/simulated_services.hpp>

#include <string>

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
      , server_(w.socket, gantry_of(w), {w.mcus, w.scenario}, w.speed) {}

    [[nodiscard]] bool is_starting() { return server_.klippy().state().name == "startup"; }

    result<void> step() {
        const bool up = services_.is_up(klipper_unit).value_or(false);
        look_at_boards();
        if (up && !is_up_) KF_CHECK(meet_mcus());
        if (up && !is_up_) KF_CHECK(server_.listen());
        if (!up && is_up_) server_.close();
        if (up != is_up_) KF_CHECK(show_socket(up));
        is_up_ = up;
        return server_.serve(20);
    }

  private:
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
    std::string missing_;
    bool is_up_ = false;
};

} // namespace kf::ksim
