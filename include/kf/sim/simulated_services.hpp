// SPDX-License-Identifier: MIT
#pragma once
/// The stand-in behind `ksim systemctl`: units whose state is a file, so that it outlives a killed tool, and a log of
/// what was asked and when. It answers like systemctl as far as kf asks it. Starting a unit that runs klippy makes a
/// process entry in the simulated proc folder, stopping it removes that entry. A unit with a "part_of" goes down with
/// the unit of that name and, as in systemd, does not come back with it. A unit that is "hidden" has a MainPID that
/// proc does not show (hidepid, another pid namespace); a "foreign" one is another user's, whose descriptors nobody may
/// look at; one with an "environment_file" shows "$KLIPPER_ARGS" in its command line and has its words in that file.

#include <kf/io/atomic_file.hpp>
#include <kf/io/file_lock.hpp>
#include <kf/io/json_fields.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kf::sim {

namespace fs = std::filesystem;

/// What can go wrong on demand: members of the state file's "faults" object.
struct service_faults {
    double stop_takes_s = 0;      ///< seconds that a stop lasts
    bool stop_fails = false;      ///< the job fails, the unit stays up
    bool stop_hangs = false;      ///< the unit goes down, the command never comes back
    std::int64_t start_fails = 0; ///< so many start jobs fail before one works
    bool start_lies = false;      ///< start says yes and the unit stays down
};

class simulated_services {
  public:
    explicit simulated_services(fs::path state_file)
      : file_(std::move(state_file)) {}

    /// A fresh state with one active unit that runs klippy, which holds the devices behind the links `ports`.
    [[nodiscard]] result<void> create(const fs::path& proc, const std::vector<fs::path>& ports, const std::string& unit,
                                      const std::vector<std::string>& klippy_argv) {
        boost::json::array argv, held;
        for (const auto& port : ports) held.emplace_back(port.string());
        for (const auto& a : klippy_argv) argv.emplace_back(a);
        boost::json::object state{{"proc", proc.string()},
                                  {"holds", std::move(held)},
                                  {"next_pid", 4242},
                                  {"faults", boost::json::object{}},
                                  {"units", boost::json::object{}}};
        state["units"].as_object()[unit] =
            boost::json::object{{"active", "inactive"}, {"sub", "dead"}, {"pid", 0}, {"argv", std::move(argv)}};
        KF_CHECK(io::write_file(file_, boost::json::serialize(state)));
        return start_job(unit);
    }

    /// systemctl's command line, without the program's name; gives its exit status.
    [[nodiscard]] int run(std::vector<std::string> words) {
        std::erase(words, "--no-ask-password");
        std::erase(words, "--no-pager");
        if (words.size() < 2) return usage();
        const std::string verb = words[0], unit = words[1];
        log(verb, unit);
        if (verb == "show") return show(unit);
        if (verb == "is-active") return is_active(unit);
        if (verb == "stop") return finish(stop_job(unit), verb, unit);
        if (verb == "start") return finish(start_job(unit), verb, unit);
        if (verb == "restart") return finish(restart_job(unit), verb, unit);
        return usage();
    }

    /// 0 when it is down. Whoever was restarted has another one.
    [[nodiscard]] result<std::int64_t> pid_of(const std::string& unit) {
        KF_TRY(const auto state, load());
        const auto* u = find(state, unit);
        return u != nullptr && u->at("active") == "active" ? u->at("pid").to_number<std::int64_t>() : 0;
    }

    [[nodiscard]] fs::path log_path() const { return file_.string() + ".log"; }

    /// Changes the faults of later jobs: {"stop_fails": true}.
    [[nodiscard]] result<void> set_faults(const boost::json::object& faults) {
        return change([&](boost::json::object& state) -> result<void> {
            state["faults"] = faults;
            return {};
        });
    }

  private:
    static int usage() {
        std::fputs("ksim systemctl: show|is-active|start|stop|restart UNIT\n", stderr);
        return 1;
    }

    static int finish(const result<void>& r, const std::string& verb, const std::string& unit) {
        if (r) return 0;
        if (r.error().code == errc::not_found) {
            fmt::print(stderr, "Failed to {} {}: Unit {} not loaded.\n", verb, unit, unit);
            return 5;
        }
        fmt::print(stderr, "{}\n", r.error().what);
        return 1;
    }

    void log(const std::string& verb, const std::string& unit) {
        const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
        (void)io::append_line(log_path(), fmt::format(R"({{"t":{:.3f},"verb":"{}","unit":"{}"}})", now, verb, unit));
    }

    [[nodiscard]] result<boost::json::object> load() {
        KF_TRY(const auto text, io::read_file(file_));
        boost::system::error_code ec;
        auto value = boost::json::parse(text, ec);
        if (ec || !value.is_object()) return kf::fail(errc::malformed, file_.string() + " is not a state file");
        return std::move(value.as_object());
    }

    template<class F>
    [[nodiscard]] result<void> change(F&& f) {
        KF_TRY(const auto lock, io::file_lock::take(file_.string() + ".lock", "ksim systemctl",
                                                    std::chrono::steady_clock::now() + std::chrono::seconds(10)));
        KF_TRY(auto state, load());
        KF_CHECK(f(state));
        return io::write_file(file_, boost::json::serialize(state));
    }

    static const boost::json::object* find(const boost::json::object& state, const std::string& unit) {
        const auto& units = state.at("units").as_object();
        const auto* found = units.if_contains(unit);
        return found == nullptr ? nullptr : &found->as_object();
    }

    static service_faults faults_of(const boost::json::object& state) {
        const auto& f = state.at("faults").as_object();
        service_faults faults;
        io::json_fields fields(f);
        fields.read("stop_fails", faults.stop_fails);
        fields.read("stop_hangs", faults.stop_hangs);
        fields.read("start_lies", faults.start_lies);
        fields.read("stop_takes_s", faults.stop_takes_s);
        fields.read("start_fails", faults.start_fails);
        return faults;
    }

    static bool matches(std::string_view pattern, std::string_view name) {
        return pattern == name || (pattern.starts_with('*') && name.ends_with(pattern.substr(1)));
    }

    [[nodiscard]] int show(const std::string& pattern) {
        const auto state = load();
        if (!state) return 1;
        bool first = true;
        for (const auto& [name, value] : state->at("units").as_object()) {
            if (!matches(pattern, std::string_view(name))) continue;
            const auto& u = value.as_object();
            std::string argv;
            for (const auto& a : u.at("argv").as_array())
                argv += std::string(argv.empty() ? "" : " ") + std::string(a.as_string());
            const auto* environment = u.if_contains("environment_file");
            if (environment != nullptr) argv = argv.substr(0, argv.find(' ')) + " $KLIPPER_ARGS";
            fmt::print("{}MainPID={}\nExecStart={{ path={} ; argv[]={} ; ignore_errors=no }}\nId={}\nLoadState=loaded\n"
                       "ActiveState={}\nSubState={}\nConsistsOf={}\n",
                       first ? "" : "\n", u.at("pid").to_number<int>(), argv.substr(0, argv.find(' ')), argv,
                       std::string_view(name), std::string_view(u.at("active").as_string()),
                       std::string_view(u.at("sub").as_string()), parts_of(*state, std::string_view(name)));
            if (environment != nullptr)
                fmt::print("EnvironmentFiles={} (ignore_errors=yes)\n", std::string_view(environment->as_string()));
            first = false;
        }
        if (first && !pattern.starts_with('*'))
            fmt::print("MainPID=0\nId={}\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n", pattern);
        return 0;
    }

    static bool is_part_of(const boost::json::object& u, std::string_view whole) {
        return io::text_at(u, "part_of") == whole;
    }
    static std::string parts_of(const boost::json::object& state, std::string_view whole) {
        std::string list;
        for (const auto& [name, value] : state.at("units").as_object())
            if (is_part_of(value.as_object(), whole)) list += std::string(list.empty() ? "" : " ") + std::string(name);
        return list;
    }

    [[nodiscard]] int is_active(const std::string& unit) {
        const auto state = load();
        const auto* u = state ? find(*state, unit) : nullptr;
        const std::string active = u == nullptr ? "inactive" : std::string(u->at("active").as_string());
        fmt::print("{}\n", active);
        return active == "active" ? 0 : 3;
    }

    [[nodiscard]] result<void> stop_job(const std::string& unit) {
        service_faults faults;
        KF_CHECK(change([&](boost::json::object& state) -> result<void> {
            if (find(state, unit) == nullptr) return kf::fail(errc::not_found, unit);
            faults = faults_of(state);
            if (faults.stop_fails) return kf::fail(errc::failed, "Job for " + unit + " failed.");
            if (faults.stop_takes_s > 0) return {};
            take_down_all(state, unit);
            return {};
        }));
        if (faults.stop_takes_s > 0) { // a slow job: the unit goes down at its end, also when the caller is gone
            ::usleep(static_cast<useconds_t>(faults.stop_takes_s * 1e6));
            KF_CHECK(change([&](boost::json::object& state) -> result<void> {
                take_down_all(state, unit);
                return {};
            }));
        }
        while (faults.stop_hangs) ::pause();
        return {};
    }

    static void take_down_all(boost::json::object& state, const std::string& unit) {
        for (auto& [name, value] : state.at("units").as_object())
            if (std::string_view(name) == unit || is_part_of(value.as_object(), unit))
                take_down(state, value.as_object());
    }
    static void take_down(const boost::json::object& state, boost::json::object& u) {
        std::error_code ec;
        if (const auto pid = u.at("pid").to_number<std::int64_t>(); pid > 0)
            fs::remove_all(fs::path(state.at("proc").as_string().c_str()) / std::to_string(pid), ec);
        u["active"] = "inactive";
        u["sub"] = "dead";
        u["pid"] = 0;
    }

    [[nodiscard]] result<void> restart_job(const std::string& unit) {
        KF_CHECK(stop_job(unit));
        return start_job(unit);
    }

    [[nodiscard]] result<void> start_job(const std::string& unit) {
        return change([&](boost::json::object& state) -> result<void> {
            auto* u = const_cast<boost::json::object*>(find(state, unit));
            if (u == nullptr) return kf::fail(errc::not_found, unit);
            auto faults = faults_of(state);
            if (faults.start_fails > 0) {
                state["faults"].as_object()["start_fails"] = faults.start_fails - 1;
                // The state has to be kept although the job fails.
                KF_CHECK(io::write_file(file_, boost::json::serialize(state)));
                return kf::fail(errc::failed,
                                "Job for " + unit + " failed because the control process exited with error code.");
            }
            if (u->at("active") == "active" || faults.start_lies) return {};
            const auto pid = state.at("next_pid").to_number<std::int64_t>();
            state["next_pid"] = pid + 1;
            (*u)["active"] = "active";
            (*u)["sub"] = "running";
            (*u)["pid"] = pid;
            return make_process(state, *u, unit, pid);
        });
    }

    static bool is_set(const boost::json::object& u, const char* what) {
        return io::value_at<bool>(u, what).value_or(false);
    }

    /// proc/PID as far as kf looks: the command line, the control group, and the ports that klippy holds.
    static result<void> make_process(const boost::json::object& state, const boost::json::object& u,
                                     const std::string& unit, std::int64_t pid) {
        if (is_set(u, "hidden")) return {};
        const fs::path home = fs::path(state.at("proc").as_string().c_str()) / std::to_string(pid);
        KF_CHECK(io::make_directories(home));
        if (!is_set(u, "foreign")) KF_CHECK(io::make_directories(home / "fd"));
        std::string cmdline;
        for (const auto& a : u.at("argv").as_array()) {
            cmdline += std::string_view(a.as_string());
            cmdline += '\0';
        }
        KF_CHECK(io::write_file(home / "cgroup", "0::/system.slice/" + unit + "\n"));
        int number = 7;
        for (const auto& port : state.at("holds").as_array()) {
            std::error_code link;
            const auto real = fs::canonical(fs::path(port.as_string().c_str()), link);
            if (!link && !is_set(u, "foreign")) fs::create_symlink(real, home / "fd" / std::to_string(number++), link);
        }
        return io::write_file(home / "cmdline", cmdline);
    }

    fs::path file_;
};

} // namespace kf::sim
