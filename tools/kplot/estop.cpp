// SPDX-License-Identifier: MIT
#include "../plotter/plotter.hpp"
#include "kplot_commands.hpp"

#include <kf/klippy/estop_line.hpp>

namespace kf::kplot {

using namespace plotting;
namespace {

result<void> press(cli::invocation& in, const std::string& socket, const fs::path& records) {
    const auto soon = [] { return std::chrono::steady_clock::now() + std::chrono::seconds(5); };
    auto link = io::unix_socket::connect(socket, soon());
    if (!link) {
        error e = std::move(link).error();
        e.steps = {"Cut the power of the motors if anything still moves."};
        return kf::fail(std::move(e));
    }
    klippy::estop_line line(*std::move(link));
    KF_CHECK(line.press(soon()));
    const auto confirmed = line.confirm(soon());
    run::pen_record record(records, socket);
    KF_CHECK(record.may_be_down("an emergency stop"));
    KF_CHECK(confirmed);
    in.out.result({"estop", "Klipper has stopped the machine", {{"socket", socket}}});
    if (!in.json) in.out.note("look at the pen, then: kplot recover");
    return {};
}

/// Straight to Klipper: no lock, no running kplot, nothing that could make it wait.
result<void> run_estop(cli::invocation& in) {
    if (in.has("sim")) // never the socket of a machine
        return with_site(open_site(in), [&](const plotter_site& site) { return press(in, site.socket, site.records); });
    if (const auto given = in.get("socket")) return press(in, *given, in.paths.state / "kplot");
    KF_TRY(const auto m, any_machine(in));
    return press(in, m.value.connection.socket_path, in.paths.state / "kplot");
}

} // namespace

cli::command_row estop_command() {
    return {"estop",
            "",
            0,
            0,
            "Stops the machine at once, wherever it is. Everything is lost but the paper.",
            {},
            {{"kplot estop", "the machine stands within milliseconds"}},
            run_estop};
}

} // namespace kf::kplot
