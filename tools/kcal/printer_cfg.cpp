// SPDX-License-Identifier: MIT
#include "../plotter/plotter.hpp"
#include "../plotter/text_output.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/printer_cfg_check.hpp>
#include <kf/cal/printer_cfg_file.hpp>
#include <kf/cal/printer_cfg_settings.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/printable.hpp>
#include <kf/klippy/cfg_file.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace kf::kcal {

using namespace plotting;
namespace {

result<void> tell_findings(cli::invocation& in, const cal::cfg_findings& found, const std::string& machine,
                           const std::string& printer) {
    const auto tell = [&](const char* about, const std::vector<std::string>& lines) {
        for (const std::string& line : lines) in.out.result({"cfg_finding", line, {{"about", about}, {"text", line}}});
    };
    tell("differs", found.differs);
    tell("moves", found.moves);
    for (const std::string& line : found.advice) in.out.warn(line);
    if (found.fits()) {
        in.out.result({"printer_cfg_file",
                       fmt::format("{} fits {}; nothing in it moves by itself", printer, machine),
                       {{"file", printer}, {"ok", true}}});
        return {};
    }
    return kf::fail(
        {errc::mismatch,
         fmt::format("{} does not fit {}: {}; {}", printer, machine, counted(found.differs.size(), "difference"),
                     found.moves.empty() ? std::string("nothing moves by itself")
                                         : counted(found.moves.size(), "section") + " to look at"),
         "each is named above",
         {},
         {"Correct printer.cfg or machine.yaml; send RESTART.", "kcal printer-cfg -o printer.cfg"}});
}

result<void> check_file(cli::invocation& in, const std::string& file) {
    KF_TRY(const auto m, open_machine(in));
    KF_TRY(const auto sections, klippy::read_cfg_file(file));
    if (sections.empty()) return kf::fail({errc::malformed, "there is no section in it", {}, file});
    return tell_findings(in, cal::check_printer_cfg(m.value, sections), m.name, file);
}

result<void> check_live(cli::invocation& in, const plotter_site& site) {
    KF_TRY(const auto p, open_plotter(in, site, {.hold = holding::nobody, .klipper = readiness::contact}));
    auto& k = p->session.link();
    const auto until = k.clock().now() + to_nanoseconds(std::max(5.0, site.machine.connection.timeout_s));
    KF_TRY(const auto now, k.query({{"configfile", boost::json::array{"settings", "config"}}}, until));
    KF_CHECK(klippy::settings::from_status(now.status));
    const boost::json::object& configfile = io::object_at(now.status, "configfile");
    boost::json::object sections = io::object_at(configfile, "settings");
    // A section whose options nobody read stands only among those that were written.
    for (const auto& section : io::object_at(configfile, "config"))
        if (const std::string name = io::to_lower(section.key()); !sections.contains(name))
            sections[name].emplace_object();
    return tell_findings(in, cal::check_printer_cfg(site.machine, sections), site.machine_name, "the running Klipper");
}

result<cal::told_pins> pins_named(const cli::invocation& in) {
    cal::told_pins pins;
    if (in.has("pin"))
        for (const std::string& word : in.options.at("pin")) KF_CHECK(cal::tell_pin(word, pins));
    return pins;
}

result<cal::printer_cfg_request> read_printer_cfg_request(const cli::invocation& in) {
    cal::printer_cfg_request r;
    using kinematics = cal::printer_cfg_request::kinematics;
    if (const auto word = in.get("kinematics"))
        r.which = *word == "none"        ? kinematics::none
                  : *word == "cartesian" ? kinematics::cartesian
                                         : kinematics::automatic;
    r.serial = in.get("serial").value_or("");
    const bool controls =
        std::any_of(r.serial.begin(), r.serial.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (controls || r.serial.find_first_of("#;") != std::string::npos)
        return kf::fail({errc::usage, "that is no serial device", {}, "--serial " + io::printable(r.serial)});
    KF_TRY(r.pins, pins_named(in));
    return r;
}

result<void> write_cfg(cli::invocation& in) {
    KF_CHECK(stdout_is_free(in));
    KF_TRY(const auto request, read_printer_cfg_request(in));
    KF_TRY(const auto m, open_machine(in));
    KF_CHECK(cal::check_told_pins(request.pins, m.value, "xyz"));
    const cal::printer_cfg made = cal::make_printer_cfg(m.value, request);
    KF_TRY(auto out, text_output::open(in));
    KF_CHECK(out.write(made.text));
    KF_CHECK(out.close());
    for (const std::string& note : made.notes) in.out.warn(note);
    if (!made.missing.empty())
        in.out.warn(fmt::format("not known, CHANGE_ME in the file: {}", fmt::join(made.missing, ", ")));
    if (!made.for_z.empty())
        in.out.warn(fmt::format("a file for the bring-up of motors (kinematics: none): Z lacks {}. Pins are told by "
                                "--pin, or in machine.yaml by axes.z.octopus_slot: \"NAME (STEP, DIR, ENABLE)\"; a "
                                "turn by steppers.z_rotation_distance there",
                                fmt::join(made.for_z, ", ")));
    const std::string text =
        fmt::format("printer.cfg of {}, {}", m.name, made.cartesian ? "cartesian" : "kinematics none: for bring-up");
    if (!in.json) {
        in.out.note(text);
        return {};
    }
    in.out.result({"printer_cfg_file",
                   text,
                   {{"file", *in.get("output")},
                    {"kinematics", made.cartesian ? "cartesian" : "none"},
                    {"missing", fmt::format("{}", fmt::join(made.missing, ","))},
                    {"ok", made.missing.empty()}}});
    return {};
}

result<void> run_printer_cfg(cli::invocation& in) {
    const bool live = in.has("live");
    if (in.has("check") || live) {
        for (const char* other : {"output", "serial", "pin", "kinematics"})
            if (in.has(other))
                return kf::fail({errc::usage, fmt::format("--{} belongs to a file that is written", other)});
        if (in.has("check") && live) return kf::fail({errc::usage, "--check FILE and --live exclude each other"});
    }
    if (live) return with_site(open_site(in), [&](const plotter_site& site) { return check_live(in, site); });
    if (const auto file = in.get("check")) return check_file(in, *file);
    return write_cfg(in);
}

} // namespace

result<cal::told_pins> pins_told(const cli::invocation& in, const machine::machine& m, std::string_view axes) {
    KF_TRY(auto pins, pins_named(in));
    KF_CHECK(cal::check_told_pins(pins, m, axes));
    return pins;
}

cli::command_row printer_cfg_command() {
    return {"printer-cfg",
            "",
            0,
            0,
            "Writes Klipper's printer.cfg out of machine.yaml, or checks one against it.",
            {{"output,o", "FILE", "write there, not to standard output"},
             {"serial", "DEVICE", "the board's: /dev/serial/by-id/... ([mcu] serial)"},
             {"pin", "SECTION.OPTION=PIN", "a pin that machine.yaml does not know; may be given often"},
             {"kinematics", "auto|cartesian|none", "none: each motor by itself, while Z is not wired (auto)"},
             {"check", "FILE", "name what of FILE differs, and what moves by itself"},
             {"live", "", "the same of the running Klipper"}},
            {{"kcal printer-cfg -o printer.cfg", "the whole file"},
             {"kcal printer-cfg --pin stepper_z.endstop_pin=^PG10", "with a pin told"},
             {"kcal printer-cfg --check ~/printer.cfg", "a file that is there, with all that it includes"},
             {"kcal printer-cfg --live", "what runs"}},
            run_printer_cfg};
}

} // namespace kf::kcal
