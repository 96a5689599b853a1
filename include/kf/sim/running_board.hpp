// SPDX-License-Identifier: MIT
#pragma once
/// A whole simulated board: flash in a file, Katapult in front of it, Klipper in it, one USB serial device that shows
/// which of the two runs: by its names, which may have nothing in common, and by its ids and strings in sysfs. What
/// real boards were seen to do, with modelled times and with faults on demand.
///
/// Power-up: an application starts (or hangs, if it is broken); none: the bootloader. 1200 baud: the application gives
/// way to the bootloader. COMPLETE: 100 ms later a reset. Killing the process is a power loss.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/sim/flash_file.hpp>
#include <kf/sim/katapult_mcu.hpp>
#include <kf/sim/klipper_mcu.hpp>
#include <kf/sim/pty_link.hpp>

#include <fmt/format.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace kf::sim {

/// Of the simulated world; the board divides them by its speed.
struct board_delays {
    io::duration exchange = std::chrono::milliseconds(1);        ///< from a request to its answer
    io::duration erase_128k = std::chrono::milliseconds(1500);   ///< smaller pages take their share
    io::duration leave = std::chrono::milliseconds(100);         ///< from COMPLETE's ack to the reset
    io::duration re_enumerate = std::chrono::milliseconds(1200); ///< from a reset to the new name
};

struct board_faults {
    katapult_faults katapult = {};
    bool refuses_bootloader = false; ///< the 1200-baud request is ignored
    bool old_names_stay = false;     ///< names of the past are never removed from by-id
    std::string says_version = {};   ///< identify tells this version, whatever was flashed
};

struct board_options {
    std::filesystem::path by_id;
    std::filesystem::path flash_file; ///< the application's part of the flash, from app_start to the end
    std::string mcu = "stm32f446xx";
    std::string serial = "1D0039000F47393438343535"; ///< its chip's number; what the firmware says may be another
    std::string port = {};                           ///< "1-1.4", where it is plugged in
    std::filesystem::path sysfs = {};                ///< where that is shown; empty: it has only its name in by-id
    std::string manufacturer = "Klipper";            ///< of Klipper, as product, unless its image says otherwise
    std::string product = {};                        ///< empty: the chip
    std::optional<std::string> klipper_serial = {};  ///< as `serial` when absent, unless its image says otherwise
    std::optional<std::string> katapult_serial = {};
    std::string katapult_maker = "katapult"; ///< or CanBoot
    std::uint32_t app_start = 0x08008000;
    std::size_t flash_size = 512 * 1024; ///< of the whole chip, bootloader included
    std::uint32_t block_size = 64;
    std::string katapult_version = "v0.0.1-109-g902f335";
    board_delays delays = {};
    double speed = 1; ///< simulated seconds per second
    board_faults faults = {};
    std::function<void(const std::string&)> note = {}; ///< told what happens; for -v and tests
};

/// How much of the chip is behind app_start. Flash begins at a multiple of 16 MiB on all families here.
[[nodiscard]] inline std::size_t application_area(const board_options& o) noexcept {
    const std::size_t offset = o.app_start & 0x00ffffff;
    return o.flash_size > offset ? o.flash_size - offset : 0;
}

/// How the board shows itself in its bootloader, and in a Klipper whose image says nothing of USB.
[[nodiscard]] inline usb_strings katapult_face(const board_options& o) {
    return {"1d50", "6177", o.katapult_maker, o.mcu, o.katapult_serial.value_or(o.serial)};
}
[[nodiscard]] inline usb_strings klipper_face(const board_options& o) {
    return {"1d50", "614e", o.manufacturer, o.product.empty() ? o.mcu : o.product, o.klipper_serial.value_or(o.serial)};
}
/// The same with what the image in its flash says ("USB ids" of Kalico's Kconfig).
[[nodiscard]] inline usb_strings klipper_face(const board_options& o, const flash_memory& flash) {
    auto face = klipper_face(o);
    const auto text = mcu::find_dictionary_text(flash.bytes());
    if (!text) return face;
    boost::json::error_code bad;
    const auto value = boost::json::parse(*text, bad);
    const auto& config = io::object_at(io::as_object(value), "config");
    for (const auto& [key, member] : {std::pair{"STAND_IN_USB_MANUFACTURER", &face.manufacturer},
                                      {"STAND_IN_USB_PRODUCT", &face.product},
                                      {"STAND_IN_USB_SERIAL", &face.serial}})
        if (auto said = io::value_at<std::string>(config, key)) *member = *std::move(said);
    return face;
}

namespace detail {

template<std::predicate Stop>
class running_board {
  public:
    running_board(const board_options& o, const flash_file& file, Stop& stop)
      : options_(o)
      , stop_(stop)
      , flash_(family_of(o.mcu), o.app_start, file.bytes())
      , link_(usb_socket{o.by_id, o.sysfs, o.port}) {}

    [[nodiscard]] result<void> run() {
        link_.sweep({klipper_face(options_, flash_), klipper_face(options_), katapult_face(options_)});
        bool bootloader = false; // asked for
        while (!stop_()) {
            const boot choice = bootloader ? boot::bootloader : boot_of(flash_);
            if (choice == boot::hangs) return hang("the application hangs: no device appears");
            if (choice == boot::application) {
                KF_CHECK(run_application());
                bootloader = true;
            } else {
                KF_CHECK(run_bootloader());
                bootloader = false;
            }
            if (stop_()) break;
            if (options_.faults.old_names_stay)
                link_.leave_name_behind();
            else
                link_.vanish();
            wait(options_.delays.re_enumerate);
        }
        return {};
    }

  private:
    static constexpr std::chrono::milliseconds glance{20}; ///< bytes end it early; the 1200 baud do not

    /// Until somebody asks for the bootloader, or stop.
    result<void> run_application() {
        KF_TRY(klipper_mcu app, klipper_mcu::in_flash(flash_, options_.faults.says_version));
        KF_CHECK(show(klipper_face(options_, flash_)));
        while (!stop_()) {
            const io::bytes in = link_.receive(glance);
            if (link_.at_1200_baud()) {
                link_.forget_speed();
                if (!options_.faults.refuses_bootloader) {
                    note("1200 baud: to the bootloader");
                    return {};
                }
                note("1200 baud: ignored");
            }
            if (in.empty()) continue;
            const io::bytes out = app.feed(in);
            wait(options_.delays.exchange);
            link_.send(out);
        }
        return {};
    }

    /// Until COMPLETE, or stop.
    result<void> run_bootloader() {
        katapult_mcu katapult({options_.mcu, options_.block_size, options_.katapult_version, options_.delays.erase_128k,
                               options_.faults.katapult},
                              flash_);
        KF_CHECK(show(katapult_face(options_)));
        while (!stop_()) {
            const io::bytes in = link_.receive(glance);
            if (in.empty()) continue;
            const device_reply reply = katapult.feed(in);
            if (katapult.off()) return hang("the power is gone");
            wait(options_.delays.exchange + reply.busy);
            link_.send(reply.bytes);
            if (!katapult.leaving()) continue;
            note("COMPLETE: reset");
            wait(options_.delays.leave);
            return {};
        }
        return {};
    }

    /// No device until the power is switched off and on, that is, until this process is started again.
    result<void> hang(const char* why) {
        note(why);
        link_.vanish();
        const io::steady_clock clock;
        while (!stop_()) clock.sleep_until(clock.now() + io::duration(std::chrono::milliseconds(20)));
        return {};
    }

    result<void> show(const usb_strings& usb) {
        KF_CHECK(link_.appear(usb));
        note(by_id_name(usb));
        return {};
    }

    void wait(io::duration simulated) {
        const io::steady_clock clock;
        const auto until = clock.now() + std::chrono::duration_cast<io::duration>(simulated / options_.speed);
        while (clock.now() < until && !stop_())
            clock.sleep_until(std::min(until, clock.now() + io::duration(std::chrono::milliseconds(50))));
    }
    void note(const std::string& text) const {
        if (options_.note) options_.note(text);
    }

    const board_options& options_;
    Stop& stop_;
    flash_memory flash_;
    pty_link link_;
};

} // namespace detail

/// Powers the board up and runs it until stop() says so (it is asked every few milliseconds).
template<std::predicate Stop>
[[nodiscard]] result<void> run_board(const board_options& options, Stop stop) {
    if (application_area(options) < 8) return kf::fail(errc::usage, "the board's flash ends before its application");
    KF_TRY(const flash_file file, flash_file::open(options.flash_file, application_area(options)));
    return detail::running_board<Stop>(options, file, stop).run();
}

} // namespace kf::sim
