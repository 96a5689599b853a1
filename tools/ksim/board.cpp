// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "ksim_commands.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/sim/running_board.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

namespace kf::ksim {
namespace {

result<std::uint32_t> number(const std::string& what, const std::string& text) {
    const bool hex = text.starts_with("0x");
    const char* first = text.data() + (hex ? 2 : 0);
    const char* last = text.data() + text.size();
    std::uint32_t value = 0;
    const auto [end, bad] = std::from_chars(first, last, value, hex ? 16 : 10);
    if (bad != std::errc{} || end != last)
        return kf::fail(errc::usage, fmt::format("{} takes a number, not \"{}\"", what, text));
    return value;
}

/// "wedge-at-block=40", "refuses-bootloader": what goes wrong with this board.
result<void> add_fault(sim::board_options& o, const std::string& word) {
    const auto equal = word.find('=');
    const std::string name = word.substr(0, equal);
    const std::string value = equal == std::string::npos ? "" : word.substr(equal + 1);
    auto& k = o.faults.katapult;
    if (name == "refuses-bootloader")
        o.faults.refuses_bootloader = true;
    else if (name == "old-names-stay")
        o.faults.old_names_stay = true;
    else if (name == "says-version")
        o.faults.says_version = value;
    else if (name == "says-mcu")
        k.says_mcu = value;
    else {
        KF_TRY(const auto n, number("--fault " + name, value));
        if (name == "says-start")
            k.says_app_start = n;
        else if (name == "drop-answer")
            k.drop_answer = n;
        else if (name == "wedge-at-block")
            k.wedge_at_block = n;
        else if (name == "die-at-block")
            k.die_at_block = n;
        else if (name == "flip-at-read")
            k.flip_at_read = n;
        else if (name == "re-enumerate-ms")
            o.delays.re_enumerate = std::chrono::milliseconds(n);
        else if (name == "exchange-us")
            o.delays.exchange = std::chrono::microseconds(n);
        else if (name == "erase-ms")
            o.delays.erase_128k = std::chrono::milliseconds(n);
        else if (name == "flash-size")
            o.flash_size = n;
        else
            return kf::fail(errc::usage, fmt::format("there is no fault \"{}\"", name));
    }
    return {};
}

result<void> run_board(cli::invocation& in) {
    sim::board_options o;
    for (const char* needed : {"by-id", "flash"})
        if (!in.has(needed)) return kf::fail(errc::usage, fmt::format("ksim board needs --{}", needed));
    o.by_id = *in.get("by-id");
    o.flash_file = *in.get("flash");
    o.mcu = in.get("mcu").value_or(o.mcu);
    o.serial = sim::said_serial(in.get("serial").value_or(o.serial));
    o.port = in.get("port").value_or("");
    o.sysfs = in.get("sysfs").value_or("");
    if (o.port.empty() != o.sysfs.empty()) return kf::fail(errc::usage, "--port and --sysfs come together");
    o.manufacturer = in.get("manufacturer").value_or(o.manufacturer);
    o.product = in.get("product").value_or("");
    if (const auto v = in.get("klipper-serial")) o.klipper_serial = sim::said_serial(*v);
    if (const auto v = in.get("katapult-serial")) o.katapult_serial = sim::said_serial(*v);
    o.katapult_maker = in.get("katapult-maker").value_or(o.katapult_maker);
    o.flash_size = o.mcu.starts_with("rp2") ? 2u << 20 : o.mcu.starts_with("stm32h7") ? 1u << 20 : o.flash_size;
    if (const auto v = in.get("app-start")) {
        KF_TRY(o.app_start, number("--app-start", *v));
    }
    if (const auto v = in.get("flash-size")) {
        KF_TRY(o.flash_size, number("--flash-size", *v));
    }
    KF_TRY(o.speed, cli::number_option(in, "speed", o.speed, 0.1, 1e6));
    if (const auto found = in.options.find("fault"); found != in.options.end())
        for (const auto& word : found->second) KF_CHECK(add_fault(o, word));
    o.note = [&](const std::string& text) { in.out.step(phase::simulation, text); };
    io::interrupt::catch_signals();
    KF_CHECK(io::make_directories(o.by_id));
    return sim::run_board(o, [] { return io::interrupt::pending() != 0; });
}

} // namespace

cli::command_row board_command() {
    return {"board",
            "",
            0,
            0,
            "Simulates one board with Katapult on a serial device, until it is ended.",
            {{"by-id", "DIR", "where its serial device appears"},
             {"flash", "FILE", "its flash from the application start on; made when it is not there"},
             {"mcu", "MCU", "stm32f446xx, stm32h723xx, rp2040 ... (stm32f446xx)"},
             {"serial", "TEXT", "its serial number, in both firmwares"},
             {"klipper-serial", "TEXT", "what Klipper says instead; none: it has no serial number"},
             {"katapult-serial", "TEXT", "what Katapult says instead"},
             {"manufacturer", "TEXT", "Klipper's USB manufacturer (Klipper); an image may have its own"},
             {"product", "TEXT", "Klipper's USB product (the MCU); an image may have its own"},
             {"katapult-maker", "TEXT", "the bootloader's USB manufacturer (katapult)"},
             {"port", "PORT", "the USB port that it is plugged into, as in 1-1.4"},
             {"sysfs", "DIR", "where that port is shown, with by-path beside by-id"},
             {"app-start", "ADDRESS", "where Katapult puts the application (0x8008000)"},
             {"flash-size", "BYTES", "of the chip"},
             {"speed", "N", "how much faster than real it runs (1)"},
             {"fault", "WORD",
              "refuses-bootloader, old-names-stay, says-version=V, says-mcu=M, says-start=A, drop-answer=N, "
              "wedge-at-block=N, die-at-block=N, flip-at-read=N, re-enumerate-ms=N, exchange-us=N, erase-ms=N"}},
            {{"ksim board --by-id /tmp/by-id --flash /tmp/f446.bin", "a board to flash with any Katapult tool"},
             {"kill -9 its process, start it again", "a power cut and power coming back"}},
            run_board};
}

} // namespace kf::ksim
