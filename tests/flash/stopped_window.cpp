// SPDX-License-Identifier: MIT
// Three boards in one stop: pseudo-terminals for ports, a lease that only counts, methods that say how they end, and a
// clock that nobody waits for.
#include "../host/fake_proc.hpp"
#include "eventful_clock.hpp"

#include <kf/flash/run.hpp>
#include <kf/flash/stopped_window.hpp>
#include <kf/io/unique_fd.hpp>
#include <kf/sink/json_lines.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>

namespace stopped_window_test {

using namespace kf;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using words = std::vector<std::string>;

/// A port that can be opened.
struct free_port {
    io::unique_fd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    fs::path path;
    free_port() {
        BOOST_REQUIRE(master && ::grantpt(master.get()) == 0 && ::unlockpt(master.get()) == 0);
        char name[64] = {};
        BOOST_REQUIRE(::ptsname_r(master.get(), name, sizeof name) == 0);
        path = name;
    }
};

struct counting_manager {
    result<std::vector<host::unit_state>> klippy_units() { return std::vector<host::unit_state>{}; }
    result<host::unit_state> show(const std::string&) { return host::unit_state{}; }
    result<void> stop(const std::string&) { return {}; }
    result<void> start(const std::string&) { return {}; }
};
struct counting_lease {
    words& log;
    std::vector<std::string> names{"klipper.service"};
    bool held = false;
    result<void> stop() {
        log.emplace_back("stop");
        held = true;
        return {};
    }
    result<void> start() {
        log.emplace_back("start");
        held = false;
        return {};
    }
    [[nodiscard]] bool holds() const { return held; }
    [[nodiscard]] const std::vector<std::string>& units() const { return names; }
    [[nodiscard]] std::vector<int> keep_open() const { return {7}; }
    [[nodiscard]] error service_error(const std::string& what, const std::string&) const {
        return {errc::service_down, what};
    }
};

struct heard {
    std::vector<std::string> of;
    void tell(const flash::event& e) {
        if (std::holds_alternative<flash::started>(e.what)) of.emplace_back(e.board);
    }
};

struct three_boards {
    test::fake_proc proc;
    test::eventful_clock clock;
    std::array<free_port, 3> ports;
    flash::flash_plan plan;
    words log; ///< the lease's and the writes, as they came
    std::map<std::string, std::function<flash::write_outcome()>> writes;
    std::map<std::string, error> missing; ///< not as it was planned, once the printer is stopped
    heard tell;

    three_boards() {
        io::interrupt::clear();
        plan.at.proc = proc.root();
        plan.stagger = 2;
        board::registry registry;
        std::vector<board::device> devices;
        for (int i = 0; i < 3; ++i) {
            const auto key = fmt::format("k{}", i + 1);
            board::device d;
            d.file_name = fmt::format("usb-Klipper_stm32h723xx_{}90011-if00", i);
            d.resolved = d.path = ports[static_cast<std::size_t>(i)].path;
            d.usb = board::parse_usb_name(d.file_name);
            registry.boards.push_back({.key = key, .name = key, .mcu = "stm32h723", .serial_pattern = d.file_name});
            devices.push_back(d);
            writes[key] = [] { return done(); };
        }
        aim(registry, devices);
    }
    ~three_boards() { io::interrupt::clear(); }
    three_boards(const three_boards&) = delete;

    void aim(const board::registry& registry, const std::vector<board::device>& devices) {
        plan.boards.clear();
        for (const auto& b : registry.boards) {
            auto target = board::match(registry, b, devices);
            BOOST_REQUIRE_MESSAGE(target.has_value(), (target ? "" : target.error().what));
            plan.boards.push_back({b, *target, {}, {}, {}});
        }
    }
    static flash::write_outcome done() {
        flash::write_outcome w;
        w.wrote = flash::written::all;
        w.ended = {};
        return w;
    }
    static flash::write_outcome refused() {
        flash::write_outcome w;
        w.ended = kf::fail(errc::mismatch, "the bootloader starts applications elsewhere");
        return w;
    }
    void unplug(std::size_t i) { ports[i].master = {}; }
    void hold(std::size_t i) { proc.add(4711, {"minicom"}, "", {.fds = {ports[i].path.string()}}); }

    flash::outcome run() {
        counting_manager manager;
        counting_lease lease{log};
        const auto write = [&](std::size_t i, const flash::write_job& job, test::eventful_clock&, auto&) {
            BOOST_TEST((job.keep_open == std::vector<int>{7}));
            log.push_back(plan.boards[i].board.key);
            return writes.at(plan.boards[i].board.key)();
        };
        const auto is_there = [&](std::size_t i) -> result<void> {
            const auto gone = missing.find(plan.boards[i].board.key);
            if (gone != missing.end()) return kf::fail(gone->second);
            return {};
        };
        return flash::stopped_window(plan, manager, lease, is_there, write, clock, tell).run();
    }
    [[nodiscard]] io::duration took() const { return clock.now() - io::time_point{}; }
};

errc code(const flash::outcome& o, std::size_t i) { return o.ended(i) ? errc{} : o.ended(i).error().code; }

#define KF_TEST_LOG(world, ...) BOOST_TEST((world).log == (words{__VA_ARGS__}), boost::test_tools::per_element())

BOOST_AUTO_TEST_SUITE(stopped_window_suite)

BOOST_FIXTURE_TEST_CASE(three_boards_are_written_in_one_stop_with_a_pause_between_two, three_boards) {
    const auto o = run();
    BOOST_TEST(o.reached.has_value());
    BOOST_TEST(o.ended().has_value());
    BOOST_TEST(o.service.has_value());
    KF_TEST_LOG(*this, "stop", "k1", "k2", "k3", "start");
    BOOST_TEST((took() == 4s));
    BOOST_TEST(o.downtime == 4.);
}

BOOST_FIXTURE_TEST_CASE(a12_one_that_is_unplugged_and_one_that_refuses_do_not_keep_the_third_from_its_turn,
                        three_boards) {
    unplug(0);
    writes["k2"] = [] { return refused(); };
    const auto o = run();
    BOOST_TEST(o.reached.has_value());
    KF_TEST_LOG(*this, "stop", "k2", "k3", "start");
    BOOST_TEST(!o.ended(0).has_value());
    BOOST_TEST((code(o, 1) == errc::mismatch));
    BOOST_TEST(o.ended(2).has_value());
    BOOST_TEST((o.boards[2].written.wrote == flash::written::all));
    BOOST_TEST(o.stopped);
    BOOST_TEST(o.service.has_value());
    BOOST_TEST(!o.ready); // one failed: that the service runs is all that is asked for
}

BOOST_FIXTURE_TEST_CASE(a10_a_port_that_somebody_took_is_the_error_of_its_board_alone, three_boards) {
    hold(1);
    const auto o = run();
    KF_TEST_LOG(*this, "stop", "k1", "k3", "start");
    BOOST_REQUIRE(!o.ended(1).has_value());
    BOOST_TEST((code(o, 1) == errc::busy));
    BOOST_TEST(o.ended(1).error().what.ends_with("is held by process 4711: minicom"));
    BOOST_TEST(o.ended(0).has_value());
    BOOST_TEST(o.ended(2).has_value());
    BOOST_TEST((took() == 4s + flash::patience_with_passers_by));
}

BOOST_FIXTURE_TEST_CASE(a10_a_service_that_somebody_started_again_is_named_and_its_boards_are_not_written,
                        three_boards) {
    plan.stop.units = {"klipper.service"};
    writes["k1"] = [&] {
        proc.add(4711, {"python3", "klippy.py"}, "0::/system.slice/klipper.service\n",
                 {.fds = {ports[1].path.string(), ports[2].path.string()}});
        return done();
    };
    const auto o = run();
    KF_TEST_LOG(*this, "stop", "k1", "start");
    BOOST_TEST(o.ended(0).has_value());
    BOOST_REQUIRE(!o.ended(2).has_value());
    BOOST_TEST((code(o, 2) == errc::busy));
    BOOST_TEST(o.ended(2).error().what == "klipper.service holds usb-Klipper_stm32h723xx_290011-if00 again");
}

BOOST_FIXTURE_TEST_CASE(somebody_who_looks_at_a_port_while_another_board_is_written_is_outlasted, three_boards) {
    writes["k1"] = [&] {
        hold(1);
        clock.s->events.assign(20, [] {}); // the pause of two seconds
        clock.s->events.emplace_back([&] { proc.remove(4711); });
        return done();
    };
    BOOST_TEST(run().ended().has_value());
    KF_TEST_LOG(*this, "stop", "k1", "k2", "k3", "start");
}

BOOST_FIXTURE_TEST_CASE(another_board_in_the_port_after_the_stop_is_not_written, three_boards) {
    missing["k2"] = {errc::mismatch, "k2 is not where it was"};
    const auto o = run();
    KF_TEST_LOG(*this, "stop", "k1", "k3", "start");
    BOOST_TEST((code(o, 1) == errc::mismatch));
    BOOST_TEST((o.boards[1].written.wrote == flash::written::nothing));
}

BOOST_FIXTURE_TEST_CASE(a_board_is_looked_up_again_by_all_that_it_is_known_by, three_boards) {
    const auto& planned = plan.boards[0];
    const auto seen = [&](std::vector<board::device> devices) {
        board::scan_result r;
        r.devices = std::move(devices);
        return r;
    };
    const auto device = planned.target.device();
    board::registry registry;
    registry.boards = {planned.board};
    BOOST_TEST(flash::is_still_there(planned, registry, seen({device})).has_value());
    BOOST_TEST((flash::is_still_there(planned, registry, seen({})).error().code == errc::not_connected));
    auto elsewhere = device;
    elsewhere.resolved = elsewhere.path = "/dev/ttyACM9";
    elsewhere.facts.port = "1-9";
    // No port was known: by its name it is the same.
    BOOST_TEST(flash::is_still_there(planned, registry, seen({elsewhere})).has_value());
    auto other = device;
    other.file_name = "usb-Klipper_stm32h723xx_990011-if00";
    other.usb = board::parse_usb_name(other.file_name);
    BOOST_TEST(!flash::is_still_there(planned, registry, seen({other})).has_value()); // in the same port
    BOOST_TEST((flash::is_still_there(planned, registry, kf::fail(errc::io, "no by-id")).error().code == errc::io));
}

BOOST_FIXTURE_TEST_CASE(an_exception_is_the_end_of_one_board, three_boards) {
    writes["k1"] = []() -> flash::write_outcome { throw std::runtime_error("no memory"); };
    const auto o = run();
    KF_TEST_LOG(*this, "stop", "k1", "k2", "k3", "start");
    BOOST_REQUIRE(!o.ended(0).has_value());
    BOOST_TEST(o.ended(0).error().what == "unexpected: no memory");
    BOOST_TEST((o.boards[0].written.wrote != flash::written::nothing)); // unknown is not safe
    BOOST_TEST(o.ended(1).has_value());
}

BOOST_FIXTURE_TEST_CASE(after_a_signal_no_further_board_is_begun_nor_waited_for, three_boards) {
    writes["k1"] = [&] {
        io::interrupt::remember(SIGINT);
        return done();
    };
    const auto o = run();
    KF_TEST_LOG(*this, "stop", "k1", "start");
    BOOST_TEST((took() == 0s));
    BOOST_TEST(o.ended(0).has_value());
    BOOST_TEST((code(o, 1) == errc::interrupted));
    BOOST_TEST((code(o, 2) == errc::interrupted));
}

BOOST_FIXTURE_TEST_CASE(a_signal_ends_the_pause, three_boards) {
    clock.s->events = {[] {}, [] { io::interrupt::remember(SIGINT); }};
    BOOST_TEST((code(run(), 1) == errc::interrupted));
    BOOST_TEST((took() == 200ms));
}

BOOST_FIXTURE_TEST_CASE(a_survey_outlasts_who_looks_at_a_port_right_after_plugging_in, three_boards) {
    flash::survey seen;
    seen.at = plan.at;
    for (const auto& b : plan.boards) seen.boards.push_back({.board = b.board, .target = b.target});
    hold(2);
    clock.s->events = {[] {}, [&] { proc.remove(4711); }};
    flash::look_for_holders(seen, {}, clock);
    BOOST_TEST(seen.boards[2].holders.seen.empty());
    BOOST_TEST((took() == 100ms));
    hold(2);
    flash::look_for_holders(seen, {}, clock);
    BOOST_TEST(seen.boards[2].holders.seen.size() == 1U);
    BOOST_TEST((took() >= flash::patience_with_passers_by));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace stopped_window_test
