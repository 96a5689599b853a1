// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "workplace.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/machine/fields.hpp>
#include <kf/run/macros.hpp>

#include <fmt/format.h>

#include <type_traits>

namespace kf::kplot {
namespace {

fs::path wanted_file(const cli::invocation& in) {
    if (const auto file = in.get("machine")) return *file;
    return default_machine_file(in);
}

result<void> init(cli::invocation& in) {
    const fs::path file = fs::absolute(wanted_file(in));
    std::error_code ec;
    if (fs::exists(file, ec) && !in.has("force"))
        return kf::fail({errc::refused,
                         fmt::format("{} is there already", file.string()),
                         "it would be replaced by the template",
                         file.string(),
                         {"kplot machine check", "kplot machine init --force  (replaces it)"}});
    KF_CHECK(io::write_file(file, machine::template_text));
    in.out.result({"machine", file.string(), {{"file", file.string()}}});
    if (!in.json) in.out.note("set the lines marked CHANGE, then: kplot machine check");
    return {};
}

result<void> check(cli::invocation& in) {
    const std::string file = wanted_file(in).string();
    KF_TRY(const auto text, machine::read_text(file));
    const auto read = machine::read_machine(text);
    for (const auto& p : read.problems)
        if (p.severity == machine::problem::level::note) in.out.warn(machine::to_text(p, file));
    if (machine::has_errors(read.problems)) return kf::fail(machine::to_error(read.problems, file));
    in.out.result({"machine", fmt::format("{} is in order", file), {{"file", file}, {"ok", true}}});
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
    const auto m = any_machine(in);
    if (!m) return kf::fail(m.error());
    in.out.result({"macros", run::printer_cfg_macros(m->value), {{"text", run::printer_cfg_macros(m->value)}}});
    return {};
}

result<void> run(cli::invocation& in) {
    const std::string& verb = in.operands[0];
    if (verb == "init") return init(in);
    if (verb == "check") return check(in);
    if (verb == "show") return show(in);
    if (verb == "macros") return macros(in);
    return kf::fail({errc::usage,
                     fmt::format("kplot machine does not know \"{}\"", verb),
                     "it knows init, check, show and macros",
                     {},
                     {"kplot machine --help"}});
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
             {"kplot machine macros", "what printer.cfg needs, to be pasted there"}},
            run};
}

} // namespace kf::kplot
