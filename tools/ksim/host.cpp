// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "ksim_commands.hpp"

#include <kf/board/discover.hpp>
#include <kf/board/slug.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/posix_process.hpp>
#include <kf/mcu/dictionary.hpp>
#include <kf/sim/file_stamps.hpp>
#include <kf/sim/firmware_tree.hpp>
#include <kf/sim/klippy_server.hpp>
#include <kf/sim/running_board.hpp>
#include <kf/sim/simulated_services.hpp>
#include <kf/sim/stand_in_image.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>

namespace kf::ksim {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* unit = "klipper.service";

struct simulated_board {
    std::string key, name;
    std::string sample; ///< of the stand-in tree
    std::string mcu, serial;
    std::uint32_t app_start = 0;
    std::string port;
    bool registered = true;
    std::map<std::string, std::string> more = {}; ///< further options of ksim board
};

simulated_board octopus() {
    return {"octopus", "Octopus Pro", "stm32h723", "stm32h723xx", "29001A001151313433343333", 0x08020000, "1-1.1"};
}
simulated_board pico() { return {"pico", "Pico", "rp2040", "rp2040", "E6614103E7452D2F", 0x10004000, "1-1.2"}; }
/// One that nobody has registered yet, to try `kflash add` on.
simulated_board spare() {
    return {"spare", "Spare", "stm32f446", "stm32f446xx", "1D0039000F47393438343535", 0x08008000, "1-1.3", false};
}

/// "toolhead:mcu=rp2040,serial=12345,port=1-1.4,new": further boards, also odd ones.
result<simulated_board> board_of(const std::string& word, std::size_t number) {
    const auto colon = std::min(word.find(':'), word.size());
    simulated_board b{
        word.substr(0, colon), word.substr(0, colon), "rp2040", "rp2040", "", 0, fmt::format("1-1.{}", number + 1)};
    if (b.key.empty() || board::slug(b.key) != b.key)
        return kf::fail(errc::usage, "--board begins with a key, as in toolhead:mcu=rp2040");
    for (std::size_t from = colon; from < word.size();) {
        const auto end = std::min(word.find(',', from + 1), word.size());
        const std::string part = word.substr(from + 1, end - from - 1);
        from = end;
        const auto equal = std::min(part.find('='), part.size());
        const std::string name = part.substr(0, equal);
        const std::string value = equal < part.size() ? part.substr(equal + 1) : "";
        if (name == "new")
            b.registered = false;
        else if (name == "mcu")
            b.mcu = value;
        else if (name == "serial")
            b.serial = value;
        else if (name == "port")
            b.port = value;
        else if (name == "klipper-serial" || name == "katapult-serial" || name == "manufacturer" || name == "product" ||
                 name == "katapult-maker")
            b.more[name] = value;
        else
            return kf::fail(errc::usage, fmt::format("--board knows no \"{}\"", name));
    }
    for (const auto& sample : sim::sample_boards)
        if (sample.mcu != nullptr && sample.start != 0 && sample.start != sample.boot &&
            board::mcu_matches(sample.mcu, b.mcu)) {
            b.sample = sample.key;
            b.mcu = sample.mcu;
            b.app_start = sample.start;
        }
    if (b.app_start == 0) return kf::fail(errc::usage, fmt::format("there is no simulated board with a {}", b.mcu));
    return b;
}

sim::board_options options_of(const simulated_board& b) {
    const auto more = [&](const char* name) {
        const auto found = b.more.find(name);
        return found == b.more.end() ? std::nullopt : std::optional(found->second);
    };
    sim::board_options o;
    o.mcu = b.mcu;
    o.serial = sim::said_serial(b.serial);
    if (const auto said = more("klipper-serial")) o.klipper_serial = sim::said_serial(*said);
    o.manufacturer = more("manufacturer").value_or(o.manufacturer);
    o.product = more("product").value_or("");
    return o;
}

/// The folders and files that are there before anything runs.
struct world {
    std::vector<simulated_board> boards;
    fs::path root, home, by_id, proc, klipper, socket, state, scenario, mcus, katapult, gcodes;
    std::string self;
    double speed = 10;

    [[nodiscard]] fs::path sysfs() const { return root / "sys"; }
    /// How printer.cfg and devices.json name a board: by its place where its serial number does not tell it.
    [[nodiscard]] fs::path node(const simulated_board& b) const {
        const auto face = sim::klipper_face(options_of(b));
        bool alone = board::is_own_serial(face.serial);
        for (const auto& other : boards)
            if (other.key != b.key && sim::klipper_face(options_of(other)) == face) alone = false;
        return alone ? by_id / sim::by_id_name(face) : sim::usb_socket{by_id, sysfs(), b.port}.by_path();
    }
    [[nodiscard]] fs::path flash_file(const simulated_board& b) const { return root / "flash" / b.key; }
};

result<void> furnish(const world& w) {
    for (const auto& dir : {w.home / ".config/kflash/configs", w.by_id, w.proc, w.root / "flash", w.sysfs(), w.gcodes})
        KF_CHECK(io::make_directories(dir));
    KF_CHECK(sim::install_firmware_tree(w.klipper, w.self));
    json::object devices, scenario{{"print_stats", nullptr}, // as they are, until somebody says otherwise
                                   {"virtual_sdcard", nullptr},
                                   {"pause_resume", nullptr},
                                   {"idle_timeout", nullptr},
                                   {"extruder", json::object{{"target", 0.0}, {"temperature", 21.5}}}};
    json::object settings;
    for (const auto& b : w.boards) {
        const auto old = sim::make_image({b.mcu, "v0.12.0-9-g0000000", b.app_start});
        KF_CHECK(
            io::write_file(w.flash_file(b), std::string_view(reinterpret_cast<const char*>(old.data()), old.size())));
        if (!b.registered) continue;
        const auto node = w.node(b);
        std::string pattern = node.filename().string();
        if (!board::is_place_name(pattern)) pattern = std::string(board::without_interface(pattern)) + "*";
        devices[b.key] = json::object{{"name", b.name},
                                      {"mcu", board::mcu_family(b.mcu)},
                                      {"serial_pattern", std::move(pattern)},
                                      {"flash_method", nullptr},
                                      {"flashable", true}};
        settings[settings.empty() ? std::string("mcu") : fmt::format("mcu {}", b.key)] =
            json::object{{"serial", node.string()}};
        const auto config = sim::sample_config(b.sample);
        assert(config);
        KF_CHECK(io::write_file(w.home / ".config/kflash/configs" / b.key / ".config", *config));
    }
    scenario["configfile"] = json::object{{"settings", std::move(settings)}};
    const json::object registry{
        {"global", json::object{{"klipper_dir", w.klipper.string()}, {"katapult_dir", w.katapult.string()}}},
        {"devices", std::move(devices)},
        {"blocked_devices", json::array{}}};
    KF_CHECK(io::write_file(w.home / ".config/kflash/devices.json", json::serialize(registry)));
    return io::write_file(w.scenario, json::serialize(scenario));
}

struct plugged_board {
    io::piped_child child;
    std::string last_error = {};

    /// Passes on what it said. Never waits.
    void listen(cli::tool_sink& out) {
        while (const auto line = child.read_line(io::time_point::min())) {
            boost::system::error_code ec;
            const auto event = json::parse(*line, ec);
            if (ec || !event.is_object()) continue;
            const auto text = [&](const char* name) { return io::text_at(event.get_object(), name); };
            if (text("event") == "step") out.step(phase::simulation, text("text"));
            if (text("event") == "error") last_error = text("what");
        }
    }
};

/// Ends with whoever holds it: its boards, and its folder if nobody named one.
struct running_world {
    std::vector<plugged_board> boards = {};
    fs::path own_folder = {};

    running_world() = default;
    running_world(const running_world&) = delete;
    running_world& operator=(const running_world&) = delete;
    ~running_world() {
        for (auto& b : boards) b.child.end();
        std::error_code ec;
        if (!own_folder.empty()) fs::remove_all(own_folder, ec);
    }
};

/// `left`: nobody waits for this world any more.
result<void> plug_in(const world& w, const std::vector<std::string>& faults, running_world& running, json::array& told,
                     cli::tool_sink& out, const std::function<bool()>& left) {
    for (const auto& b : w.boards) {
        io::command c{{w.self, "board", "--by-id", w.by_id.string(), "--mcu", b.mcu, "--serial", b.serial, "--flash",
                       w.flash_file(b).string(), "--app-start", fmt::format("0x{:x}", b.app_start), "--speed",
                       fmt::format("{}", w.speed), "--port", b.port, "--sysfs", w.sysfs().string()}};
        for (const auto& [name, value] : b.more) c.argv.push_back(fmt::format("--{}={}", name, value));
        for (const auto& f : faults)
            if (f.starts_with(b.key + ":")) {
                c.argv.emplace_back("--fault");
                c.argv.push_back(f.substr(b.key.size() + 1));
            }
        json::array argv;
        for (const auto& word : c.argv) argv.emplace_back(word);
        c.argv.emplace_back("--json"); // we pass on what it says
        KF_TRY(auto child, io::piped_child::start(c));
        told.push_back(json::object{{"key", b.key}, {"port", b.port}, {"pid", child.pid()}, {"argv", std::move(argv)}});
        running.boards.push_back({std::move(child)});
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60); // a busy machine is no fault
    const io::steady_clock clock;
    for (std::size_t i = 0; i < w.boards.size(); ++i)
        while (!fs::exists(sim::usb_socket{w.by_id, w.sysfs(), w.boards[i].port}.by_path())) {
            const auto& b = w.boards[i];
            KF_CHECK(io::interrupt::check());
            if (left()) return kf::fail(errc::interrupted, "nobody waits for the simulation any more");
            auto& plugged = running.boards[i];
            const bool ended = plugged.child.wait(clock.now()).has_value();
            plugged.listen(out);
            if (ended)
                return kf::fail(error{errc::failed,
                                      fmt::format("the simulated board {} ended before it was there", b.key),
                                      plugged.last_error,
                                      {},
                                      {}});
            if (clock.now() >= until)
                return kf::fail(errc::timeout, fmt::format("the simulated board {} did not come up", b.key));
            clock.sleep_until(clock.now() + std::chrono::milliseconds(5));
        }
    return {};
}

/// The gantry of this host: its files are in this world, its first board is Klipper's [mcu].
sim::printer_config gantry_of(const world& w) {
    sim::printer_config config;
    config.gcodes = w.gcodes;
    config.serial = w.node(w.boards.front()).string();
    return config;
}

/// klippy follows its service and its boards.
class klippy_life {
  public:
    klippy_life(const world& w, sim::simulated_services& services)
      : w_(w)
      , services_(services)
      , server_(w.socket, gantry_of(w), {w.mcus, w.scenario}, w.speed)
      , bus_({w.by_id, w.by_id.parent_path() / "by-path", w.sysfs() / "class/tty"}, nodes_of(w))
      , state_({w.state}) {}

    [[nodiscard]] bool is_starting() { return server_.klippy().state().name == "startup"; }

    result<void> step() {
        const auto now = io::steady_clock().now();
        if (!state_.rest(now)) wanted_up_ = services_.is_up(unit).value_or(false);
        if (!bus_.rest(now)) look_at_boards();
        const bool up = wanted_up_;
        if (up && !is_up_) KF_CHECK(meet_mcus());
        if (up && !is_up_) KF_CHECK(server_.listen());
        if (!up && is_up_) server_.close();
        if (up != is_up_) KF_CHECK(show_socket(up));
        is_up_ = up;
        return server_.serve(20);
    }

  private:
    static std::vector<fs::path> nodes_of(const world& w) {
        std::vector<fs::path> nodes;
        for (const auto& b : w.boards) nodes.push_back(sim::usb_socket{w.by_id, w.sysfs(), b.port}.by_path());
        return nodes;
    }

    /// proc/net/unix, where the kernel lists who listens: also sockets whose process nobody can see.
    result<void> show_socket(bool listens) {
        const std::string row =
            listens ? "0000000000000000: 00000002 00000000 00010000 0001 01 4242 " + w_.socket.string() + "\n"
                    : std::string();
        return io::write_file(w_.proc / "net/unix", "Num       RefCount Protocol Flags    Type St Inode Path\n" + row);
    }

    /// What each MCU says of its firmware when klippy connects: a version that nobody else has, also of equal chips.
    result<void> meet_mcus() {
        json::object all;
        for (const auto& b : w_.boards) {
            if (!b.registered) continue;
            const auto flash = io::read_file(w_.flash_file(b));
            const auto runs =
                flash ? mcu::find_dictionary({reinterpret_cast<const std::uint8_t*>(flash->data()), flash->size()})
                      : kf::fail(flash.error());
            all[&b == w_.boards.data() ? std::string("mcu") : "mcu " + b.key] =
                json::object{{"mcu_version", runs ? runs->version : ""},
                             {"mcu_build_versions", runs ? runs->build_versions : ""},
                             {"mcu_constants", json::object{{"CLOCK_FREQ", 50000000}, {"MCU", b.mcu}}},
                             {"last_stats", json::object{{"mcu_awake", 0.0}, {"freq", 50000000}}}};
        }
        return io::write_file(w_.mcus, json::serialize(all));
    }

    void look_at_boards() {
        std::string missing;
        const auto seen = board::scan({w_.by_id, w_.sysfs()});
        for (const auto& b : w_.boards) {
            if (!b.registered || !seen) continue;
            if (std::ranges::none_of(seen->devices, [&](const board::device& d) {
                    return d.facts.port == b.port && d.usb.firmware == board::usb_firmware::klipper;
                }))
                missing = &b == w_.boards.data() ? "mcu" : b.key;
        }
        if (missing == missing_) return;
        missing_ = missing;
        if (missing.empty())
            server_.klippy().set_mcu(sim::mcu_condition::alive);
        else
            server_.klippy().set_mcu(sim::mcu_condition::absent, missing);
    }

    const world& w_;
    sim::simulated_services& services_;
    sim::klippy_server server_;
    sim::file_stamps bus_, state_;
    std::string missing_;
    bool wanted_up_ = false, is_up_ = false;
};

bool input_ended() {
    pollfd p{STDIN_FILENO, POLLIN, 0};
    if (::poll(&p, 1, 0) <= 0) return false;
    char buffer[64];
    return ::read(STDIN_FILENO, buffer, sizeof buffer) <= 0;
}

/// `told_where`: where everything is stands on standard output.
result<void> simulate(cli::invocation& in, bool& told_where) {
    world w;
    w.self = in.self;
    KF_TRY(w.speed, cli::number_option(in, "speed", w.speed, 0.1, 1000));
    running_world running;
    if (!in.has("root")) {
        std::string name = "/tmp/kf-sim.XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) return kf::fail(io::system_error("cannot make a folder in /tmp"));
        w.root = running.own_folder = name;
    } else {
        w.root = fs::absolute(*in.get("root"));
        KF_CHECK(io::make_directories(w.root));
    }
    w.home = w.root / "home";
    w.by_id = w.root / "by-id";
    w.proc = w.root / "proc";
    w.klipper = w.root / "klipper";
    w.katapult = in.get("katapult-dir").value_or((w.root / "katapult").string());
    w.socket = w.root / "klippy.sock";
    w.state = w.root / "systemd.json";
    w.scenario = w.root / "printer.json";
    w.mcus = w.root / "mcus.json";
    w.gcodes = w.root / "gcodes";

    w.boards = {octopus(), pico()};
    if (in.has("spare")) w.boards.push_back(spare());
    if (const auto found = in.options.find("board"); found != in.options.end())
        for (const auto& word : found->second) {
            KF_TRY(auto more, board_of(word, w.boards.size()));
            for (const auto& b : w.boards)
                if (b.key == more.key || b.port == more.port)
                    return kf::fail(errc::usage,
                                    fmt::format("two boards have the key {} or the port {}", more.key, more.port));
            w.boards.push_back(std::move(more));
        }

    io::interrupt::catch_signals();
    KF_CHECK(furnish(w));
    std::vector<std::string> faults;
    if (const auto found = in.options.find("fault"); found != in.options.end()) faults = found->second;
    json::array told;
    KF_CHECK(plug_in(w, faults, running, told, in.out, [&] { return in.has("until-eof") && input_ended(); }));
    sim::simulated_services services(w.state);
    std::vector<fs::path> held; // klippy keeps its boards; by their places, which no flash changes
    for (const auto& b : w.boards)
        if (b.registered) held.push_back(sim::usb_socket{w.by_id, w.sysfs(), b.port}.by_path());
    KF_CHECK(services.create(w.proc, held, unit,
                             {"/usr/bin/python3", (w.klipper / "klippy/klippy.py").string(),
                              (w.root / "printer.cfg").string(), "-a", w.socket.string()}));
    klippy_life klippy(w, services);
    const auto ready_by = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    do {
        KF_CHECK(klippy.step());
    } while (klippy.is_starting() && std::chrono::steady_clock::now() < ready_by);

    const json::object where{{"root", w.root.string()},
                             {"home", w.home.string()},
                             {"by_id", w.by_id.string()},
                             {"proc", w.proc.string()},
                             {"sysfs", w.sysfs().string()},
                             {"socket", w.socket.string()},
                             {"gcodes", w.gcodes.string()},
                             {"scenario", w.scenario.string()},
                             {"systemctl", json::array{w.self, "systemctl", "--state", w.state.string()}},
                             {"state", w.state.string()},
                             {"right", !in.has("no-right")},
                             {"klipper_dir", w.klipper.string()},
                             {"boards", std::move(told)},
                             {"pid", ::getpid()}};
    KF_CHECK(io::write_file(w.root / "sim.json", json::serialize(where)));
    in.results.put(json::serialize(where) + "\n");
    told_where = true;

    std::optional<std::chrono::steady_clock::time_point> leave_by;
    while (io::interrupt::pending() == 0) {
        KF_CHECK(klippy.step());
        for (auto& b : running.boards) b.listen(in.out);
        if (in.has("until-eof") && !leave_by && input_ended())
            leave_by = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        // A killed tool's guardian may still have to start the service in this world.
        if (leave_by && (services.is_up(unit).value_or(true) || std::chrono::steady_clock::now() >= *leave_by)) break;
    }
    return {};
}

result<void> run_host(cli::invocation& in) {
    bool told_where = false;
    auto done = simulate(in, told_where);
    // Whoever waits for the line is told why it does not come; with --json the sink does that.
    if (!done && !told_where && !in.json) in.results.put(json::serialize(to_json(done.error())) + "\n");
    return done;
}

} // namespace

cli::command_row host_command() {
    return {"host",
            "",
            0,
            0,
            "Simulates a printer's host with two boards, until it is ended.",
            {{"root", "DIR", "where its world is built (a folder in /tmp)"},
             {"speed", "N", "how much faster than real it runs (10)"},
             {"spare", "", "a third board, which is not registered, to try kflash add on"},
             {"board", "KEY:WORDS", "one more board: mcu=M,serial=S,port=1-1.4,new and other options of ksim board"},
             {"fault", "BOARD:WORD", "give a board a fault, see ksim board"},
             {"no-right", "", "the person may not manage the services: a Moonraker has to"},
             {"katapult-dir", "DIR", "a real Katapult tree for katapult_script"},
             {"until-eof", "", "end when standard input ends"}},
            {{"ksim host --root /tmp/printer", "prints as JSON where everything is"},
             {"kflash flash octopus --sim", "starts one by itself"}},
            run_host};
}

} // namespace kf::ksim
