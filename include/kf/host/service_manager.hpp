// SPDX-License-Identifier: MIT
#pragma once
/// The service_manager policy: who starts and stops the services of a host.
///
/// | expression            | meaning                                  | guarantees                                    |
/// | --------------------- | ---------------------------------------- | --------------------------------------------- |
/// | m.klippy_units()      | units that are set up to run klippy      | running or not                                |
/// | m.show(unit)          | what the unit is doing                   | never from an exit code or from prose         |
/// | m.stop(unit)          | stop it and wait for the job             | may have had an effect even when it fails     |
/// | m.start(unit)         | start it and wait for the job            | starting an active unit changes nothing       |
///
/// Models: systemd (also behind `ksim systemctl`, which answers like it).

#include <kf/error.hpp>
#include <kf/host/proc.hpp>
#include <kf/io/process.hpp>

#include <concepts>
#include <string>
#include <vector>

namespace kf::host {

struct unit_state {
    std::string id, load, active, sub; ///< systemd's words: "loaded", "active", "running"
    int main_pid = 0;
    std::vector<std::string> dependents = {}; ///< services that go down with it and do not come back by themselves

    [[nodiscard]] bool is_up() const { return active == "active" || active == "activating" || active == "reloading"; }
    /// RemainAfterExit=yes keeps a unit "active" whose process is dead: then its substate is "exited".
    [[nodiscard]] bool runs() const { return active == "active" && sub != "exited"; }
    [[nodiscard]] bool is_down() const { return active == "inactive" || active == "failed"; }
};

template<class M>
concept service_manager = requires(M& m, const std::string& unit) {
    { m.klippy_units() } -> std::same_as<result<std::vector<unit_state>>>;
    { m.show(unit) } -> std::same_as<result<unit_state>>;
    { m.stop(unit) } -> std::same_as<result<void>>;
    { m.start(unit) } -> std::same_as<result<void>>;
};

inline constexpr seconds service_timeout = 30;

template<io::process_runner Runner>
class systemd {
  public:
    /// `systemctl` is a whole command: {"systemctl"}, {"sudo", "-n", "--", "systemctl"}, {"/x/ksim", "systemctl", ...}.
    systemd(Runner& runner, std::vector<std::string> systemctl, seconds timeout = service_timeout)
      : runner_(&runner)
      , systemctl_(std::move(systemctl))
      , timeout_(timeout) {}

    [[nodiscard]] result<std::vector<unit_state>> klippy_units() {
        KF_TRY(const auto blocks, show_all("*.service"));
        std::vector<unit_state> units;
        for (const auto& b : blocks) {
            // KIAUH keeps klippy's arguments in an environment file, the ExecStart line then shows only
            // "$KLIPPER_ARGS".
            bool klippy = b.exec_start.find("klippy.py") != std::string::npos;
            for (const auto& file : b.environment_files)
                if (const auto text = io::read_file(file, 1 << 16); !klippy && text)
                    klippy = text->find("klippy.py") != std::string::npos;
            if (klippy && is_unit_name(b.state.id)) units.push_back(b.state);
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

    [[nodiscard]] io::command command(const std::string& verb, const std::string& unit) const {
        io::command c{systemctl_};
        c.argv.insert(c.argv.end(), {"--no-ask-password", verb, unit});
        return c;
    }

  private:
    static constexpr std::size_t output_limit = std::size_t{4} << 20;

    struct block {
        unit_state state;
        std::string exec_start;
        std::vector<std::string> environment_files;
    };

    [[nodiscard]] result<std::vector<block>> show_all(const std::string& pattern) {
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
        std::vector<block> blocks(1);
        bool open = false;
        std::string_view text = all;
        while (!text.empty()) {
            const auto end = text.find('\n');
            const std::string_view line = text.substr(0, end);
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
            if (line.empty()) {
                if (open) blocks.emplace_back();
                open = false;
                continue;
            }
            open = true;
            const auto equal = line.find('=');
            if (equal == std::string_view::npos) continue;
            const auto key = line.substr(0, equal);
            const std::string value(line.substr(equal + 1));
            auto& b = blocks.back();
            if (key == "Id")
                b.state.id = value;
            else if (key == "LoadState")
                b.state.load = value;
            else if (key == "ActiveState")
                b.state.active = value;
            else if (key == "SubState")
                b.state.sub = value;
            else if (key == "ExecStart")
                b.exec_start += value + "\n"; // one line for each command, and one for each file
            else if (key == "EnvironmentFiles")
                b.environment_files.push_back(value.substr(0, value.rfind(" (")));
            else if (key == "RequiredBy" || key == "BoundBy" || key == "ConsistsOf")
                add_units(b.state.dependents, value);
            else if (key == "MainPID")
                (void)std::from_chars(value.data(), value.data() + value.size(), b.state.main_pid);
        }
        if (!open) blocks.pop_back();
        return blocks;
    }

    /// The services in a list of unit names; targets and mounts are nobody that we start.
    static void add_units(std::vector<std::string>& units, std::string_view list) {
        while (!list.empty()) {
            const auto end = list.find(' ');
            const std::string name(list.substr(0, end));
            list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
            if (is_unit_name(name) && std::find(units.begin(), units.end(), name) == units.end()) units.push_back(name);
        }
    }

    [[nodiscard]] static result<void> check_name(const std::string& unit) {
        if (is_unit_name(unit)) return {};
        return kf::fail(errc::usage, "not the name of a service: " + unit);
    }

    [[nodiscard]] result<void> job(const std::string& verb, const std::string& unit) {
        KF_CHECK(check_name(unit));
        const auto c = command(verb, unit);
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
