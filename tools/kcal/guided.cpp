// SPDX-License-Identifier: MIT
#include "guided.hpp"

#include "../cli/fault.hpp"
#include "answering.hpp"
#include "kcal_commands.hpp"

#include <kf/cal/calibration_record.hpp>
#include <kf/cal/routine_printer.hpp>
#include <kf/cal/write_back.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/io/time_stamp.hpp>
#include <kf/machine/machine_difference.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <memory>
#include <utility>

namespace kf::kcal {

namespace fs = std::filesystem;
using namespace plotting;

namespace {

/// "--with film --machine m.yaml" of those that are given.
std::vector<std::string> given(const cli::invocation& in, const std::vector<std::string>& names) {
    std::vector<std::string> words;
    for (const std::string& name : names)
        if (const auto found = in.options.find(name); found != in.options.end()) {
            if (found->second.empty()) words.push_back("--" + name);
            for (const std::string& value : found->second) words.push_back(fmt::format("--{} {}", name, value));
        }
    return words;
}

/// On which machine, real or not: "--sim --machine m.yaml".
std::string same_site(const cli::invocation& in) {
    return fmt::format("{}", fmt::join(given(in, {"sim", "socket", "machine"}), " "));
}

/// As a person types it again: on the same machine.
std::string command_again(const cli::invocation& in, const std::string& options, const char* more = "") {
    std::string text = fmt::format("kcal {}", in.command);
    for (const std::string& part : {options, same_site(in), std::string(more)})
        if (!part.empty()) text += " " + part;
    return text;
}

/// What a routine says of itself, "then: kcal steps x --anew", with the options and the machine of this run.
std::string as_typed_here(const cli::invocation& in, const std::string& options, std::string line) {
    const std::string command = fmt::format("kcal {}", in.command), site = same_site(in);
    const auto at = line.find(command);
    if (at == std::string::npos || (!site.empty() && line.find(site, at) != std::string::npos)) return line;
    if (const auto end = line.find("  (goes on)", at); end != std::string::npos && !site.empty())
        return line.insert(end, " " + site);
    constexpr std::string_view anew = " --anew";
    const auto end = line.find(anew, at);
    if (end == std::string::npos) return line;
    const std::string between = line.substr(at + command.size(), end - at - command.size());
    const bool whole =
        between.empty() || between == " " + options || between == fmt::format(" {}", fmt::join(in.operands, " "));
    if (!whole) return site.empty() ? line : line.insert(end, " " + site);
    return line.replace(at, end + anew.size() - at, command_again(in, options, "--anew"));
}

/// Opened when the first deed needs it: whoever only answers what is left needs no printer.
class printer_of_routine {
    cli::invocation& in_;
    const plotter_site& site_;
    readiness klipper_;
    std::unique_ptr<plotter> plotter_;
    using doer = cal::routine_printer<decltype(plotter::session), cli::tool_sink>;
    std::optional<doer> doer_;

    result<void> open() {
        if (doer_) return {};
        KF_TRY(plotter_, open_plotter(in_, site_, {.hold = holding::others, .klipper = klipper_}));
        doer_.emplace(plotter_->session, site_.machine, plotter_->facts, plotter_->record, plotter_->square, in_.out,
                      cal::routine_doing{person_word(in_, site_), fmt::format("kcal {}", in_.command)});
        return {};
    }

  public:
    printer_of_routine(cli::invocation& in, const plotter_site& site, readiness klipper)
      : in_(in)
      , site_(site)
      , klipper_(klipper) {}

    [[nodiscard]] result<bool> keeps_place() {
        KF_CHECK(open());
        return doer_->keeps_place();
    }
    [[nodiscard]] result<cal::json::object> operator()(const cal::act& a) {
        KF_CHECK(open());
        return (*doer_)(a);
    }
    [[nodiscard]] result<void> release() {
        KF_CHECK(open());
        return doer_->release();
    }
};
static_assert(cal::doer<printer_of_routine>);

fs::path journal_file(const cli::invocation& in, const plotter_site& site) {
    // A simulated printer that ends with us leaves nothing to go on with.
    if (site.simulator) return site.records / "journal.jsonl";
    std::string command = in.command;
    for (const std::string& operand : in.operands) command += "-" + operand;
    return calibration_folder(in) / fmt::format("journal-{}{}.jsonl", command, klippy::socket_in_a_name(site.socket));
}

void tell_next(cli::invocation& in, const cal::conclusion& c) {
    if (c.passed) // otherwise the error tells them
        for (const std::string& line : c.next) in.out.note(line);
    if (c.draw_to_verify.empty() && c.predicted.empty()) return;
    std::string text =
        c.draw_to_verify.empty() ? std::string("To verify:") : fmt::format("To verify: {}", c.draw_to_verify);
    for (const cal::prediction& p : c.predicted)
        text += fmt::format("\n  {}: {} {} predicted, {} to {} allowed", p.what, io::to_decimal(p.value, 3), p.unit,
                            io::to_decimal(p.least(), 3), io::to_decimal(p.most(), 3));
    in.out.note(text);
}

std::vector<field> fields_of(const cli::invocation& in, const cal::conclusion& c) {
    std::vector<field> fields{{"routine", in.command}};
    fields.insert(fields.end(), c.fields.begin(), c.fields.end());
    if (!c.next.empty()) fields.push_back({"next", fmt::format("{}", fmt::join(c.next, "\n"))});
    if (!c.draw_to_verify.empty()) fields.push_back({"verify", c.draw_to_verify});
    for (std::size_t i = 0; i < c.predicted.size(); ++i) {
        const cal::prediction& p = c.predicted[i];
        const std::string at = fmt::format("predicted_{}_", i + 1);
        fields.insert(fields.end(), {{at + "what", p.what},
                                     {at + "value", p.value},
                                     {at + "least", p.least()},
                                     {at + "most", p.most()},
                                     {at + "unit", p.unit}});
    }
    return fields;
}

/// The record of this conclusion, unless it is there from a run that ended right behind it.
result<cal::calibration_record> record_once(const fs::path& history, cal::calibration_record r) {
    KF_TRY(const auto before, cal::read_history(history));
    if (!before.empty() && before.back().routine == r.routine && before.back().text == r.text &&
        before.back().machine == r.machine && before.back().values == r.values)
        return before.back();
    KF_CHECK(cal::append(history, r));
    return r;
}

/// Shows what changes, asks, and writes. `text` is machine.yaml as the routine began.
result<void> settle(cli::invocation& in, cal::routine_journal& journal, answering& answers, const cal::conclusion& c) {
    const auto file = machine_file(in);
    const std::time_t now = std::time(nullptr);
    const fs::path folder = calibration_folder(in);
    cal::calibration_record record{io::time_stamp(now), in.command, c.text, cal::to_json(c.fields), {}, {}, {}};
    if (!c.printer.empty()) {
        const std::string text = cal::difference(c.printer);
        in.out.result({"printer_cfg_diff", text, {{"diff", text}}});
    }
    if (c.machine.empty()) {
        if (file) KF_CHECK(record_once(folder / "history.jsonl", std::move(record)));
        return {};
    }
    if (!file) {
        in.out.note("the machine of --sim is no file: nothing is written. With yours: --machine FILE");
        return {};
    }
    KF_TRY(const auto plan, cal::plan_write_back(journal.machine_text(), c.machine, file->string()));
    if (!plan.changes()) {
        in.out.note(fmt::format("{} has these values already", file->string()));
        KF_CHECK(record_once(folder / "history.jsonl", std::move(record)));
        return {};
    }
    const std::string diff = machine::difference(plan.before, plan.after, file->string());
    in.out.result({"machine_diff", diff, {{"file", file->string()}, {"diff", diff}}});
    const cal::question q{"write", fmt::format("Shall {} be changed so", file->string()), cal::yes_or_no{}};
    if (!journal.notes().heard(q.name)) {
        if (in.has("yes"))
            KF_CHECK(journal.hear(q.name, true));
        else {
            KF_TRY(const auto said, cal::answer_of(q, answers, in.out));
            KF_CHECK(journal.hear(q.name, said));
        }
    }
    if (!journal.notes().flag(q.name).value_or(false)) {
        in.out.note("nothing was written");
        KF_CHECK(record_once(folder / "history.jsonl", std::move(record)));
        return {};
    }
    record.machine = file->string();
    record.values = plan.values;
    record.kept = cal::kept_file(folder, record).string();
    KF_TRY(const auto recorded, record_once(folder / "history.jsonl", std::move(record)));
    KF_CHECK(cal::write(plan, *file, recorded.kept));
    in.out.result(
        {"written",
         fmt::format("{} is written; the old one is {}. kcal undo takes it back.", file->string(), recorded.kept),
         {{"file", file->string()}, {"kept", recorded.kept}}});
    return {};
}

result<void> guide_at(cli::invocation& in, const plotter_site& site, cal::routine_journal& journal, answering& answers,
                      const std::string& options, const guided_routine& next, readiness klipper) {
    printer_of_routine printer(in, site, klipper);
    const auto on_this_machine = [&](const cal::routine_notes& notes) { return next(notes, site.machine); };
    KF_TRY(auto c, cal::run_routine(on_this_machine, journal, printer, answers, in.out));
    for (std::string& line : c.next) line = as_typed_here(in, options, std::move(line));
    c.draw_to_verify = as_typed_here(in, options, std::move(c.draw_to_verify));
    in.out.result({"calibration", c.text, fields_of(in, c)});
    KF_CHECK(settle(in, journal, answers, c));
    if (!in.json) tell_next(in, c);
    if (journal.notes().done("ready")) // its motors are held on
        if (auto released = printer.release(); !released)
            in.out.warn(fmt::format("the printer's idle_timeout is still a day: {}", released.error().what));
    for (const std::string& name : answers.unused())
        if (name != "write" && !journal.notes().heard(name))
            in.out.warn(fmt::format("nothing asked for the answer {}", name));
    KF_CHECK(journal.close());
    if (c.passed) return {};
    return kf::fail({errc::failed, fmt::format("kcal {} did not find what it has to", in.command), c.text, {}, c.next});
}

} // namespace

std::filesystem::path calibration_folder(const cli::invocation& in) { return in.paths.state / "kcal"; }

std::optional<fs::path> machine_file(const cli::invocation& in) {
    if (const auto named = in.get("machine")) return fs::absolute(*named);
    if (in.has("sim")) return std::nullopt;
    return default_machine_file(in);
}

std::string options_given(const cli::invocation& in, const std::vector<std::string>& names) {
    auto words = in.operands;
    for (std::string& word : given(in, names)) words.push_back(std::move(word));
    return fmt::format("{}", fmt::join(words, " "));
}

cli::option_row instrument_option(const char* purpose) { return {"with", "INSTRUMENT", purpose}; }

result<cal::instrument> instrument_given(const cli::invocation& in, const char* otherwise) {
    const std::string name = in.get("with").value_or(otherwise);
    if (const cal::instrument* found = cal::find_instrument(name)) return *found;
    return kf::fail({errc::usage, fmt::format("there is no instrument {}", name)}); // the table knows no other
}

std::vector<cli::option_row> with_routine_options(std::vector<cli::option_row> own, const char* yes) {
    for (const auto& o : answer_options()) own.push_back(o);
    own.insert(own.end(),
               {{"yes,y", "", yes}, {"anew", "", "from the beginning, also when an unfinished run is there"}});
    return own;
}

std::vector<cli::option_row> with_guided_options(std::vector<cli::option_row> own) {
    own = with_routine_options(std::move(own), "nobody is waited for before a move; machine.yaml is written");
    for (const auto& o : pen_options()) own.push_back(o);
    return own;
}

result<void> guide(cli::invocation& in, const std::string& options, const guided_routine& next, readiness klipper) {
    io::interrupt::catch_signals();
    KF_TRY(auto written, answers_given(in));
    answering answers(in, std::move(written));
    KF_TRY(auto chosen, open_machine(in));
    std::string text;
    if (const auto file = machine_file(in)) {
        KF_TRY(text, machine::read_text(file->string()));
    }
    auto done = with_site(open_site(in, std::move(chosen)), [&](plotter_site& site) -> result<void> {
        if (site.simulated) cli::install_fault_probe();
        const auto how =
            in.has("anew") ? cal::routine_journal::beginning::anew : cal::routine_journal::beginning::go_on;
        KF_TRY(auto journal,
               cal::routine_journal::open(journal_file(in, site), {in.command, options, site.machine_name}, text, how));
        if (!journal.notes().empty()) in.out.note(fmt::format("kcal {} goes on where it was", in.command));
        if (journal.machine_text() != text) {
            if (!journal.notes().flag("write").value_or(false))
                return kf::fail({errc::refused,
                                 fmt::format("{} was changed since kcal {} began", site.machine_name, in.command),
                                 "what was drawn and read belongs to the old one",
                                 site.machine_name,
                                 {command_again(in, options, "--anew")}});
            site.machine = machine::read_machine(journal.machine_text()).value; // it was our own write
        }
        return guide_at(in, site, journal, answers, options, next, klipper);
    });
    if (done) return {};
    error e = std::move(done).error();
    for (std::string& step : e.steps) step = as_typed_here(in, options, std::move(step));
    if (!in.has("sim") || in.has("socket"))
        if (e.code == errc::interrupted || e.code == errc::connection_lost || e.code == errc::timeout)
            e.steps.push_back(command_again(in, options) + "  (goes on where it was)");
    return kf::fail(std::move(e));
}

} // namespace kf::kcal
