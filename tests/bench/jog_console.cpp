// SPDX-License-Identifier: MIT
// The jog console without a screen, for measurements: `jog_console SOCKET RECORDS [SPEED]` does what lines on its stdin
// say ("strike right", "release right", "faster", "home", "up", "go 100 120", "stop", ...) at the moment at which they
// come, and prints its panel as a JSON line whenever that changed, with the time. The machine is the simulated one,
// which is also that of tests/real/klippy_rig.py. The names of the keys that are no arrows are those of `words`.
#include <kf/jog/console_thread.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>

namespace {

using namespace kf;
using namespace kf::jog;

std::optional<heading> heading_named(const std::string& text) {
    for (const heading h : headings)
        if (text == name(h)) return h;
    return std::nullopt;
}

std::optional<person_input> input_of(const std::string& line) {
    std::istringstream in(line);
    std::string word, more;
    in >> word >> more;
    if (const auto h = heading_named(more)) {
        std::string kind;
        in >> kind;
        if (word == "strike")
            return strike{*h, kind == "repeat"  ? stroke_kind::repeat
                              : kind == "press" ? stroke_kind::press
                                                : stroke_kind::unknown};
        if (word == "release") return release{*h};
    }
    static const std::map<std::string, person_input> words{
        {"let_go", let_go::other_key},       {"longer", step_change::longer},  {"shorter", step_change::shorter},
        {"faster", speed_change::faster},    {"slower", speed_change::slower}, {"up", tool_move::up},
        {"down", tool_move::down},           {"touch_off", touch_off{}},       {"restart", restart{}},
        {"home", home{run::pen_word::is_up}}};
    if (const auto w = words.find(word); w != words.end()) return w->second;
    if (word == "tool") return select_tool{more};
    if (word == "go") {
        double y = 0;
        in >> y;
        return go_to{{std::atof(more.c_str()), y}};
    }
    if (word == "gcode") return console_line{line.substr(6)};
    return std::nullopt;
}

void print(const panel& p) {
    const auto place = [](const std::optional<klippy::xyz>& at) {
        return at ? boost::json::value(boost::json::array{(*at)[0], (*at)[1], (*at)[2]}) : boost::json::value();
    };
    boost::json::object o{{"t", to_seconds(std::chrono::steady_clock::now().time_since_epoch())},
                          {"klipper", name(p.klipper)},
                          {"doing", name(p.doing)},
                          {"commanded", place(p.commanded)},
                          {"live", place(p.live)},
                          {"step", p.step},
                          {"speed", p.speed},
                          {"bound", p.bound},
                          {"armed", p.stop_armed},
                          {"xy_homed", p.xy_homed},
                          {"z_referenced", p.z_referenced},
                          {"foreign", p.foreign},
                          {"said", p.messages.empty() ? "" : p.messages.back().text}};
    fmt::print("{}\n", boost::json::serialize(o));
    std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    auto lock = klippy::lock_printer(argv[1], "the bench of kjog");
    if (!lock) {
        fmt::print(stderr, "{}\n", lock.error().what);
        return 1;
    }
    console_request request{
        machine::sim_machine(), argv[1], {*std::move(lock), {argv[2], argv[1]}, {argv[2], argv[1]}}};
    request.setup.who = run::touch_off_by::simulation;
    if (argc > 3) request.setup.speed = std::atof(argv[3]);
    for (machine::tool& t : request.machine.tools) t.travel_feed_mm_s = 120;
    request.machine.motion.max_velocity_mm_s = 120;
    auto console = console_thread::start(std::move(request));
    if (!console) {
        fmt::print(stderr, "{}\n", console.error().what);
        return 1;
    }
    std::string partial;
    for (;;) {
        pollfd fds[]{{STDIN_FILENO, POLLIN, 0}, {(*console)->changes(), POLLIN, 0}};
        if (::poll(fds, 2, -1) < 0) return 1;
        if (fds[0].revents != 0) {
            char buffer[4096];
            const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
            if (n <= 0) return 0;
            // The stop is one byte, as on a keyboard.
            if (n == 1 && buffer[0] == '!') {
                (void)(*console)->stop();
                continue;
            }
            partial.append(buffer, static_cast<std::size_t>(n));
            for (std::size_t end; (end = partial.find('\n')) != std::string::npos; partial.erase(0, end + 1))
                if (auto in = input_of(partial.substr(0, end))) (*console)->give(*std::move(in));
        }
        if (fds[1].revents != 0) {
            (*console)->settle_changes();
            print((*console)->shown());
        }
    }
}
