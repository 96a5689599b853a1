// SPDX-License-Identifier: MIT
#pragma once
/// The service_manager policy: who starts and stops the services of a host.
///
/// | expression            | meaning                                  | guarantees                                    |
/// | --------------------- | ---------------------------------------- | --------------------------------------------- |
/// | m.klippy_units()      | units that are set up to run klippy      | running or not; with the API socket, if known |
/// | m.show(unit)          | what the unit is doing                   | never from an exit code or from prose         |
/// | m.stop(unit)          | stop it and wait for the job             | may have had an effect even when it fails     |
/// | m.start(unit)         | start it and wait for the job            | starting an active unit changes nothing       |
///
/// Models: systemd (also behind `ksim systemctl`, which answers like it).

#include <kf/error.hpp>
#include <kf/host/systemctl_show.hpp>
#include <kf/io/process.hpp>

#include <concepts>
#include <string>
#include <vector>

namespace kf::host {

template<class M>
concept service_manager = requires(M& m, const std::string& unit) {
    { m.klippy_units() } -> std::same_as<result<std::vector<unit_state>>>;
    { m.show(unit) } -> std::same_as<result<unit_state>>;
    { m.stop(unit) } -> std::same_as<result<void>>;
    { m.start(unit) } -> std::same_as<result<void>>;
};

inline constexpr seconds service_timeout = 30;

/// One job of systemctl's. `systemctl` is a whole command: {"systemctl"}, {"/x/ksim", "systemctl", ...}.
[[nodiscard]] inline io::command systemctl_job(const std::vector<std::string>& systemctl, const std::string& verb,
                                               const std::string& unit) {
    io::command c{systemctl};
    c.argv.insert(c.argv.end(), {"--no-ask-password", verb, unit});
    return c;
}

template<io::process_runner Runner>
class systemd {
  public:
    /// `systemctl` is a whole command: {"systemctl"}, {"sudo", "-n", "--", "systemctl"}, {"/x/ksim", "systemctl", ...}.
    systemd(Runner& runner, std::vector<std::string> systemctl, seconds timeout = service_timeout)
      : runner_(&runner)
      , systemctl_(std::move(systemctl))
      , timeout_(timeout) {}

    [[nodiscard]] result<std::vector<unit_state>> klippy_units() {
        KF_TRY(auto blocks, show_all("*.service"));
        std::vector<unit_state> units;
        for (auto& b : blocks)
            if (const auto setup = klippy_setup_of(b); setup && is_unit_name(b.state.id)) {
                b.state.api_socket = setup->api_socket;
                b.state.certain = setup->certain;
                units.push_back(std::move(b.state));
            }
        return units;
    }

    [[nodiscard]] result<unit_state> show(const std::string& unit) {
        KF_CHECK(check_name(unit));
        KF_TRY(const auto blocks, show_all(unit));
        if (blocks.empty() || blocks.front().state.load == "not-found")
            return kf::fail(errc::not_found, "there is no service " + unit);
        if (blocks.front().state.active.empty())
            return kf::fail(errc::protocol, "the service manager does not say what " + unit + " is doing");
        return blocks.front().state;
    }

    [[nodiscard]] result<void> stop(const std::string& unit) { return job("stop", unit); }
    [[nodiscard]] result<void> start(const std::string& unit) { return job("start", unit); }

  private:
    static constexpr std::size_t output_limit = std::size_t{4} << 20;

    [[nodiscard]] result<std::vector<shown_unit>> show_all(const std::string& pattern) {
        io::command c{systemctl_};
        c.argv.insert(c.argv.end(), {"show", pattern, "--no-pager", "-p",
                                     "Id,LoadState,ActiveState,SubState,MainPID,ExecStart,EnvironmentFiles,RequiredBy,"
                                     "BoundBy,ConsistsOf"});
        std::string all;
        // Asked also after a signal: whether the printer is back is wanted then most of all.
        KF_TRY(const auto ran,
               runner_->run(c, io::run_limits{.total = timeout_, .interruptible = false}, [&](std::string_view chunk) {
                   all += chunk.substr(0, output_limit - std::min(output_limit, all.size()));
               }));
        if (ran.status != 0)
            return kf::fail(error{errc::failed, "the service manager does not answer", all, io::to_string(c), {}});
        return parse_show(all);
    }

    [[nodiscard]] static result<void> check_name(const std::string& unit) {
        if (is_unit_name(unit)) return {};
        return kf::fail(errc::usage, "not the name of a service: " + unit);
    }

    [[nodiscard]] result<void> job(const std::string& verb, const std::string& unit) {
        KF_CHECK(check_name(unit));
        const auto c = systemctl_job(systemctl_, verb, unit);
        std::string text;
        // A job that a signal cut short would leave the printer in a state that nobody looked at.
        auto ran =
            runner_->run(c, io::run_limits{.total = timeout_, .interruptible = false}, [&](std::string_view chunk) {
                text += chunk.substr(0, 4096 - std::min<std::size_t>(4096, text.size()));
            });
        if (!ran) return kf::fail(std::move(ran).error());
        if (ran->status == 0) return {};
        return kf::fail(error{errc::failed, "cannot " + verb + " " + unit, text, io::to_string(c), {}});
    }

    Runner* runner_;
    std::vector<std::string> systemctl_;
    seconds timeout_;
};

} // namespace kf::host
