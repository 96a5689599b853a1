// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "printer.hpp"

#include <kf/klippy/estop_line.hpp>

namespace kf::kplot {
namespace {

/// Straight to Klipper: no lock, no running kplot, nothing that could make it wait.
result<void> run(cli::invocation& in) {
    std::string socket;
    if (const auto given = in.get("socket"))
        socket = *given;
    else {
        KF_TRY(const auto m, any_machine(in));
        socket = m.value.connection.socket_path;
    }
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
    run::pen_record record(in.paths.state / "kplot", socket);
    KF_CHECK(record.may_be_down("an emergency stop"));
    KF_CHECK(confirmed);
    in.out.result({"estop", "Klipper has stopped the machine", {{"socket", socket}}});
    if (!in.json) in.out.note("look at the pen, then: kplot recover");
    return {};
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
            run};
}

} // namespace kf::kplot
