// SPDX-License-Identifier: MIT
#include "../plotter/plotter.hpp"
#include "kplot_commands.hpp"

#include <kf/io/output_file.hpp>
#include <kf/machine/fields.hpp>
#include <kf/run/macros.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <type_traits>

namespace kf::kplot {

using namespace plotting;
namespace {

fs::path wanted_file(const cli::invocation& in) {
    if (const auto file = in.get("machine")) return *file;
    return default_machine_file(in);
}

result<void> init(cli::invocation& in) {
    if (in.has("sim") && !in.has("machine"))
        return kf::fail({errc::usage,
                         "machine init writes your file, and --sim touches nothing of yours",
                         {},
                         "--sim",
                         {"kplot machine init", "kplot machine show --sim"}});
    const fs::path file = fs::absolute(wanted_file(in));
    std::error_code ec;
    if (fs::exists(file, ec) && !in.has("force"))
        return kf::fail({errc::refused,
                         fmt::format("{} is there already", file.string()),
                         "it would be replaced by the template",
                         file.string(),
                         {"kplot machine check", "kplot machine init --force  (replaces it)"}});
    // Our own folder is made, one that a person names is not.
    KF_CHECK(in.has("machine") ? io::write_output(file, machine::template_text)
                               : io::write_file(file, machine::template_text));
    in.out.result({"machine", file.string(), {{"file", file.string()}}, true});
    if (!in.json) in.out.note("set the lines marked CHANGE, then: kplot machine check");
    return {};
}

/// printer.cfg as Klipper runs it now. Whatever the printer does meanwhile, it is only looked at.
result<void> check_printer(cli::invocation& in, const plotter_site& site) {
    const machine::machine& m = site.machine;
    KF_TRY(const auto p, open_plotter(in, site, {.hold = holding::nobody, .klipper = readiness::contact}));
    auto& k = p->session.link();
    const auto until = k.clock().now() + std::chrono::seconds(5);
    KF_TRY(auto info, k.info(until));
    while (info.state == klippy::printer_state::startup && k.clock().now() < until) {
        k.clock().sleep_until(k.clock().now() + std::chrono::milliseconds(50));
        KF_TRY(info, k.info(until));
    }
    KF_TRY(const auto now, k.query({{"configfile", boost::json::array{"settings"}}}, until));
    const auto settings = klippy::settings::from_status(now.status);
    // Of a printer.cfg that it cannot use Klipper shows what it had read so far.
    if (!settings || (info.state == klippy::printer_state::error && !settings->has_section("stepper_x")))
        return kf::fail({errc::refused,
                         fmt::format("Klipper has no settings to compare with ({}): {}", klippy::name(info.state),
                                     klippy::first_line(info.message)),
                         {},
                         {},
                         {"Remove the cause named above.", "kplot recover"}});
    KF_CHECK(run::compare_settings(m, *settings));
    KF_CHECK(run::refuse_foreign_macros(run::read_job_commands(m, *settings), run::foreign_macros::refused));
    KF_CHECK(run::refuse_hidden_homing(run::moves_inside_g28(*settings)));
    for (const auto& text : run::advice(m, *settings)) in.out.warn(text);
    return {};
}

result<void> check(cli::invocation& in) {
    const bool own = in.has("machine") || !in.has("sim"); // --sim has a machine of its own
    const std::string file = own ? wanted_file(in).string() : "the simulated machine";
    machine::reading read{machine::sim_machine(), {}};
    std::string text;
    if (own) {
        KF_TRY(text, machine::read_text(file));
        read = machine::read_machine(text);
    }
    for (const auto& p : read.problems)
        if (p.severity == machine::problem::level::note) in.out.warn(machine::to_text(p, file));
    if (machine::has_errors(read.problems)) return kf::fail(machine::to_error(read.problems, file));
    if (const auto lines = machine::untouched_lines(text); !lines.empty())
        in.out.warn(
            fmt::format("{}: still as in the template where it says CHANGE: line {}", file, fmt::join(lines, ", ")));
    if (in.has("sim") || in.has("socket"))
        return with_site(open_site(in, {read.value, file}), [&](const plotter_site& site) -> result<void> {
            KF_CHECK(check_printer(in, site));
            in.out.result({"machine",
                           file + (in.has("socket") ? " is in order and fits the printer"
                                   : own            ? " is in order; the simulated printer was made from it"
                                                    : " is in order and fits the simulated printer"),
                           {{"file", file}, {"socket", site.socket}, {"ok", true}}});
            return {};
        });
    in.out.result({"machine",
                   fmt::format("{} has no fault in itself; no printer was asked", file),
                   {{"file", file}, {"ok", true}}});
    if (!in.json)
        in.out.note("against your printer: kplot machine check --socket " + read.value.connection.socket_path);
    return {};
}

/// All fields with their values, as the file is understood, defaults included.
struct field_printer {
    std::string text = {};
    std::vector<field> fields = {};

    void put(const std::string& path, const char* unit, const std::string& shown,
             std::variant<std::string, std::int64_t, double, bool> value) {
        text += fmt::format("{:<38} {}{}{}\n", path, shown, *unit != '\0' ? " " : "", unit);
        fields.push_back({path, std::move(value)});
    }
    template<class T>
    void operator()(const std::string& path, const T& member, const machine::rule& r) {
        if constexpr (std::is_same_v<T, bool>)
            put(path, "", member ? "true" : "false", member);
        else if constexpr (std::is_same_v<T, double>)
            put(path, r.unit, io::to_decimal(member), member);
        else if constexpr (std::is_same_v<T, int>)
            put(path, r.unit, fmt::format("{}", member), static_cast<std::int64_t>(member));
        else if constexpr (std::is_same_v<T, std::string>)
            put(path, "", member, member);
        else if constexpr (std::is_same_v<T, machine::xy>)
            put(path, r.unit, fmt::format("[{}, {}]", io::to_decimal(member.x), io::to_decimal(member.y)),
                fmt::format("{},{}", io::to_decimal(member.x), io::to_decimal(member.y)));
        else if constexpr (std::is_same_v<T, std::vector<double>>) {
            std::string list;
            for (const double d : member) list += (list.empty() ? "" : ", ") + io::to_decimal(d);
            put(path, r.unit, "[" + list + "]", list);
        } else if constexpr (std::is_enum_v<T>) {
            const std::string word(machine::words_of(member)[static_cast<std::size_t>(member)]);
            put(path, "", word, word);
        } else if (member)
            (*this)(path, *member, r);
    }
};

result<void> show(cli::invocation& in) {
    KF_TRY(const auto m, open_machine(in));
    field_printer printer;
    machine::for_each_field(m.value, printer);
    printer.text.pop_back();
    printer.fields.insert(printer.fields.begin(), {"file", m.name});
    in.out.result({"machine", fmt::format("{}\n{}", m.name, printer.text), std::move(printer.fields)});
    return {};
}

result<void> macros(cli::invocation& in) {
    KF_TRY(const auto m, open_machine(in));
    const std::string text = run::printer_cfg_macros(m.value);
    in.out.result({"macros", text, {{"text", text}}, true});
    return {};
}

result<void> run_machine(cli::invocation& in) {
    const std::string& verb = in.operands[0];
    if (verb == "init") return init(in);
    if (verb == "check") return check(in);
    if (verb == "show") return show(in);
    return macros(in); // the table knows no other
}

} // namespace

cli::command_row machine_command() {
    return {"machine",
            "VERB",
            1,
            1,
            "init, check or show machine.yaml; print macros for printer.cfg.",
            {{"force", "", "init: replace a file that is there"}},
            {{"kplot machine init", "writes the template where kplot looks for it"},
             {"kplot machine check", "every fault with its line"},
             {"kplot machine check --socket /tmp/klippy_uds", "and against the printer as it runs"},
             {"kplot machine macros", "what printer.cfg needs, to be pasted there"}},
            run_machine};
}

} // namespace kf::kplot
