// SPDX-License-Identifier: MIT
// Surveys of every kind, also of hosts that are against a flash, and the plans that they give. Nothing is looked at
// here.
#include <kf/flash/agreement.hpp>
#include <kf/flash/conclusion.hpp>
#include <kf/flash/plan_text.hpp>
#include <kf/flash/run.hpp>

#include <boost/test/unit_test.hpp>

namespace plan_test {

using namespace kf;
using flash::unknown_printers;

constexpr auto katapult = board::method_named("katapult"), make_flash = board::method_named("make_flash");

board::device device_of(const std::string& serial, int node) {
    board::device d;
    d.file_name = "usb-Klipper_stm32h723xx_" + serial + "-if00";
    d.path = "/dev/serial/by-id/" + d.file_name;
    d.resolved = "/dev/ttyACM" + std::to_string(node);
    d.usb = board::parse_usb_name(d.file_name);
    return d;
}

/// Of the job and of each of its boards.
result<void> all_agree(const flash::flash_plan& planned, const flash::flash_plan& now) {
    KF_CHECK(flash::agree(planned, now));
    for (const auto& b : planned.boards) KF_CHECK(flash::agreed(b, now));
    return {};
}

/// A printer that is idle, with `count` boards that are connected and configured: k1 at /dev/ttyACM1, ...
struct host_of {
    flash::request wanted;
    flash::survey seen;
    std::vector<board::device> devices;

    explicit host_of(int count = 1) {
        seen.at.configs = "/home/pi/.config/kflash/configs";
        seen.at.registry_file = "/home/pi/.config/kflash/devices.json";
        seen.at.builds = "/home/pi/.cache/kflash/build";
        seen.at.state = "/home/pi/.local/state/kflash";
        seen.at.home = "/home/pi";
        seen.at.self = "/usr/bin/kflash";
        seen.right = host::right{"sudo", {"sudo", "-n", "--"}};
        std::vector<std::string> serials;
        for (int i = 1; i <= count; ++i) {
            const auto serial = fmt::format("3{}001A001151313433343333", i);
            serials.push_back(fmt::format("/dev/serial/by-id/usb-Klipper_stm32h723xx_{}-if00", serial));
            devices.push_back(device_of(serial, i));
            seen.registry.boards.push_back({.key = fmt::format("k{}", i),
                                            .name = fmt::format("Board {}", i),
                                            .mcu = "stm32h723",
                                            .serial_pattern = "usb-Klipper_stm32h723xx_" + serial + "*"});
        }
        for (int i = 0; i < count; ++i) {
            const auto& b = seen.registry.boards[static_cast<std::size_t>(i)];
            wanted.boards.push_back(b.key);
            flash::board_survey found{b};
            found.target = board::match(seen.registry, b, devices);
            BOOST_REQUIRE(found.target.has_value());
            found.config = config("0x8020000");
            found.config.source->text = b.key; // each its own
            found.config.file = seen.at.configs / b.key / ".config";
            found.lacks = {{katapult, {}}, {make_flash, {}}};
            found.holders.seen = {{812, "klippy.py", "klipper.service"}};
            seen.boards.push_back(std::move(found));
        }
        host::unit_state unit{"klipper.service", "loaded", "active", "running", 812};
        unit.dependents = {"klipper-screen.service"};
        seen.units.klippys = std::vector{unit};
        seen.units.others.emplace("klipper-screen.service",
                                  host::unit_state{"klipper-screen.service", "loaded", "active", "running", 900});
        host::printer_sight klippy{{{812, {"klippy.py"}, "klipper.service"}, "/run/klippy.sock"}};
        klippy.activity = idle(serials);
        klippy.plot_lock = "/run/klippy.sock.kf-lock";
        seen.printers = {klippy};
    }
    static host::printer_activity idle(const std::vector<std::string>& serials) {
        host::printer_activity a;
        a.state = "ready";
        a.has_print_stats = true;
        a.print_state = "standby";
        a.idle_state = "Idle";
        for (const auto& serial : serials) a.mcus.push_back({.serial = serial});
        return a;
    }
    static flash::configured config(const std::string& start) {
        flash::configured c;
        c.source = firmware::source_config{
            {},
            *firmware::kconfig::parse("CONFIG_BOARD_DIRECTORY=\"stm32\"\nCONFIG_MCU=\"stm32h723xx\"\n"
                                      "CONFIG_FLASH_SIZE=0x100000\nCONFIG_FLASH_BOOT_ADDRESS=0x8000000\n"
                                      "CONFIG_USBSERIAL=y\nCONFIG_FLASH_APPLICATION_ADDRESS=" +
                                      start + "\n"),
            {}};
        c.tree_version = "v0.13.0-7-gabcdef0";
        return c;
    }
    [[nodiscard]] result<flash::flash_plan> plan() const { return flash::plan(wanted, seen); }
    /// Of the job, or of the first board that is not planned.
    [[nodiscard]] error refusal() const {
        const auto p = plan();
        if (!p) return p.error();
        BOOST_REQUIRE(!p->without.empty());
        BOOST_REQUIRE(p->without.front().failure.has_value());
        return *p->without.front().failure;
    }
    [[nodiscard]] std::vector<std::string> keys() const {
        std::vector<std::string> all;
        const auto p = plan();
        BOOST_REQUIRE(p.has_value());
        for (const auto& b : p->boards) all.push_back(b.board.key);
        return all;
    }
    [[nodiscard]] std::vector<std::string> lines() const {
        const auto p = plan();
        BOOST_REQUIRE_MESSAGE(p.has_value(), (p ? "" : p.error().what + ": " + p.error().cause));
        std::vector<std::string> texts;
        for (const auto& l : flash::lines(*p)) texts.push_back(l.text);
        return texts;
    }
    host::printer_activity& activity() { return *seen.printers.front().activity; }
};

std::ptrdiff_t count(const std::vector<std::string>& lines, std::string_view part) {
    return std::ranges::count_if(lines, [&](const auto& l) { return l.find(part) != std::string::npos; });
}
std::size_t at(const std::vector<std::string>& lines, std::string_view part) {
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (lines[i].find(part) != std::string::npos) return i;
    BOOST_FAIL("not planned: " << part);
    return 0;
}

BOOST_AUTO_TEST_SUITE(plan_suite)

BOOST_AUTO_TEST_CASE(one_board_is_stopped_for_written_and_started_again_in_this_order) {
    const host_of h;
    const auto p = h.plan();
    BOOST_REQUIRE(p.has_value());
    BOOST_TEST((p->boards.at(0).order.methods == std::vector{katapult, make_flash}));
    BOOST_TEST((p->stop.units == std::vector<std::string>{"klipper.service", "klipper-screen.service"}));
    BOOST_TEST((p->stop.pids == std::vector<int>{812}));
    const auto lines = h.lines();
    std::size_t before = 0;
    for (const char* part :
         {"Board 1 is /dev/serial/by-id/", "note in /home/pi/.config/kflash/devices.json", "klippy is idle",
          "configs/k1/.config", "in /home/pi/klipper: make -j", "build/k1/pinned/klipper.bin",
          "sudo -n -- /usr/bin/kflash guardian", "the list of what is stopped", "/run/klippy.sock.kf-lock",
          "stop klipper.service", "stop klipper-screen.service", "0x8020000", "only if nothing was written",
          "FLASH_DEVICE=/dev/serial/by-id/", "wait up to 30 s", "start klipper.service", "start klipper-screen.service",
          "ledger.jsonl"}) {
        const auto now = at(lines, part);
        BOOST_TEST(now >= before, part);
        before = now;
    }
}

BOOST_AUTO_TEST_CASE(three_boards_have_one_stop_and_one_start) {
    const host_of h(3);
    const auto lines = h.lines();
    BOOST_TEST(count(lines, "--no-ask-password stop klipper.service") == 1);
    BOOST_TEST(count(lines, "--no-ask-password start klipper.service") == 1);
    const auto stop = at(lines, "stop klipper.service"), start = at(lines, "start klipper.service");
    for (const char* key : {"k1", "k2", "k3"}) {
        const auto write = at(lines, fmt::format("write /home/pi/.cache/kflash/build/{}/pinned/klipper.bin", key));
        BOOST_TEST(stop < write);
        BOOST_TEST(write < start);
        BOOST_TEST(at(lines, fmt::format("build/{}/out/ KCONFIG_CONFIG=", key)) < stop); // built before any stop
    }
    const auto all = *h.plan();
    const auto owned = flash::lines(all);
    for (const char* key : {"k1", "k2", "k3"})
        BOOST_TEST(std::ranges::count_if(owned, [&](const auto& l) { return l.board == key; }) > 5);
}

BOOST_AUTO_TEST_CASE(a_plan_is_a_function_of_its_request_and_survey) {
    const host_of a(2), b(2);
    BOOST_TEST((a.lines() == b.lines()));
    BOOST_TEST(all_agree(*a.plan(), *b.plan()).has_value());
}

BOOST_AUTO_TEST_CASE(a_request_names_each_board_once) {
    host_of none, twice(2);
    none.wanted.boards.clear();
    BOOST_TEST((none.plan().error().code == errc::usage));
    twice.wanted.boards = {"k1", "k1"};
    BOOST_TEST((twice.plan().error().code == errc::usage));
}

BOOST_AUTO_TEST_CASE(d20_one_board_that_is_missing_is_a_failure_and_the_others_are_planned) {
    host_of h(3);
    h.devices.erase(h.devices.begin() + 1);
    h.seen.boards[1].target = board::match(h.seen.registry, h.seen.boards[1].board, h.devices);
    const auto e = h.refusal();
    BOOST_TEST((e.code == errc::not_connected));
    BOOST_TEST(e.board == "k2");
    BOOST_TEST(e.what.find("Board 2") != std::string::npos);
    BOOST_TEST((h.keys() == std::vector<std::string>{"k1", "k3"}));
    BOOST_TEST(count(h.lines(), "build/k2/") == 0); // it is not built
    for (auto& b : h.seen.boards) b.target = kf::fail(errc::not_connected, b.board.name + " is not connected");
    BOOST_TEST((h.plan().error().code == errc::not_connected));
    BOOST_TEST(h.plan().error().cause ==
               "Board 1 is not connected; Board 2 is not connected; Board 3 is not connected");
}

BOOST_AUTO_TEST_CASE(two_boards_that_are_one_device_are_refused_and_the_third_is_not) {
    host_of h(3);
    h.seen.boards[1].target = h.seen.boards[0].target;
    BOOST_TEST(h.refusal().what == "Board 1 and Board 2 are one device");
    BOOST_TEST((h.keys() == std::vector<std::string>{"k3"}));
}

BOOST_AUTO_TEST_CASE(what_a_person_left_out_is_no_failure_and_its_klippy_is_not_asked) {
    host_of h(2);
    h.wanted.left_out = {{"k1", "runs v0.13.0 already"}};
    const auto p = h.plan();
    BOOST_REQUIRE(p.has_value());
    BOOST_REQUIRE(p->without.size() == 1U);
    BOOST_TEST(!p->without[0].failure.has_value());
    BOOST_TEST(h.lines().front() == "Board 1 is left out: runs v0.13.0 already");
    h.activity().mcus = {{.serial = "/dev/serial/by-id/" + h.devices[0].file_name}};
    for (auto& b : h.seen.boards) b.holders.seen.clear();
    BOOST_TEST(h.plan()->stop.units.empty());
    h.wanted.left_out.emplace("k2", "excluded from flashing");
    BOOST_REQUIRE(h.plan().has_value());
    BOOST_TEST(h.plan()->boards.empty());
    BOOST_TEST(h.lines().size() == 2U);
}

BOOST_AUTO_TEST_CASE(boards_of_one_configuration_are_built_once) {
    host_of h(3);
    h.seen.boards[1].config.source->text = h.seen.boards[0].config.source->text;
    const auto p = *h.plan();
    BOOST_TEST(p.boards[0].built_with.empty());
    BOOST_TEST(p.boards[1].built_with == "k1");
    BOOST_TEST(p.boards[2].built_with.empty());
    BOOST_TEST(p.boards[1].job.image_file.string() == p.boards[0].job.image_file.string());
    BOOST_TEST(p.boards[1].job.out_dir.string() == p.boards[0].job.out_dir.string()); // what `make flash` reads
    BOOST_TEST(count(h.lines(), "make -j") == 2);
    BOOST_TEST(count(h.lines(), "the configuration is that of k1: it is built once") == 1);
}

BOOST_AUTO_TEST_CASE(the_bridge_of_a_can_bus_is_written_after_its_nodes_and_the_host_first) {
    const auto kconfig = [](const char* text) { return *firmware::kconfig::parse(text); };
    struct one {
        std::string name;
        firmware::kconfig config;
    };
    std::vector<one> boards{{"bridge", kconfig("CONFIG_USBCANBUS=y\nCONFIG_CANBUS=y\n")},
                            {"node", kconfig("CONFIG_CANSERIAL=y\nCONFIG_CANBUS=y\n")},
                            {"usb 1", kconfig("CONFIG_USBSERIAL=y\n")},
                            {"host", kconfig("CONFIG_BOARD_DIRECTORY=\"linux\"\n")},
                            {"usb 2", kconfig("CONFIG_SERIAL=y\n")}};
    flash::order_batch(boards, [](const one& b) -> const auto& { return b.config; });
    std::vector<std::string> names;
    for (const auto& b : boards) names.push_back(b.name);
    BOOST_TEST((names == std::vector<std::string>{"host", "usb 1", "usb 2", "node", "bridge"}));
}

BOOST_AUTO_TEST_CASE(a_plan_is_in_the_order_of_its_batch_not_of_its_request) {
    host_of h(2);
    const auto with = [&](std::size_t i, const char* symbol) {
        h.seen.boards[i].config.source->config = *firmware::kconfig::parse(
            std::string("CONFIG_BOARD_DIRECTORY=\"stm32\"\nCONFIG_MCU=\"stm32h723xx\"\nCONFIG_FLASH_SIZE=0x100000\n"
                        "CONFIG_FLASH_BOOT_ADDRESS=0x8000000\nCONFIG_FLASH_APPLICATION_ADDRESS=0x8020000\n") +
            symbol);
    };
    with(0, "CONFIG_USBSERIAL=y\nCONFIG_USBCANBUS=y\n");
    with(1, "CONFIG_USBSERIAL=y\n");
    BOOST_TEST((h.keys() == std::vector<std::string>{"k2", "k1"}));
}

BOOST_AUTO_TEST_CASE(a12_somebody_else_on_a_port_is_refused_before_the_stop) {
    host_of h(3);
    h.seen.boards[2].holders.seen.push_back({4711, "minicom -D /dev/ttyACM3", ""});
    const auto e = h.refusal();
    BOOST_TEST((e.code == errc::busy));
    BOOST_TEST(e.what.ends_with("is held by process 4711: minicom -D /dev/ttyACM3"));
    BOOST_TEST((h.keys() == std::vector<std::string>{"k1", "k2"}));
    // Another process of a service that is stopped goes with it; one of a service that is not does not.
    h.seen.boards[2].holders.seen.back().unit = "klipper-screen.service";
    BOOST_TEST(h.keys().size() == 3U);
    h.seen.boards[2].holders.seen.back().unit = "octoprint.service";
    BOOST_TEST((h.refusal().code == errc::busy));
}

BOOST_AUTO_TEST_CASE(a_print_is_refused_whatever_the_person_says) {
    host_of h(3);
    h.activity().print_state = "printing";
    h.activity().filename = "benchy.gcode";
    h.wanted.unknown = unknown_printers::assumed_idle;
    const auto e = h.refusal();
    BOOST_TEST((e.code == errc::refused));
    BOOST_TEST(e.what == "benchy.gcode is being printed");
}

BOOST_AUTO_TEST_CASE(a_print_on_another_printer_is_none_of_ours) {
    host_of h;
    h.activity().mcus = {{.serial = "/dev/serial/by-id/usb-Klipper_rp2040_AA-if00"}};
    h.activity().print_state = "printing";
    h.seen.boards[0].holders = {};
    const auto p = h.plan();
    BOOST_REQUIRE(p.has_value());
    BOOST_TEST(p->stop.units.empty());
    BOOST_TEST(count(h.lines(), "--no-ask-password stop") == 0);
    h.activity().mcus[0].port = "/dev/ttyACM1"; // by another name, and on our port all the same
    BOOST_TEST((h.refusal().code == errc::refused));
}

BOOST_AUTO_TEST_CASE(a_klippy_that_cannot_be_asked_is_assumed_idle_only_when_a_person_says_so) {
    host_of h;
    h.seen.printers[0].activity = kf::fail(errc::timeout, "it does not answer");
    BOOST_TEST((h.refusal().code == errc::refused));
    h.wanted.unknown = unknown_printers::assumed_idle;
    BOOST_TEST(count(h.lines(), "you said --assume-idle") == 1);
    h.seen.printers[0].plot = "kplot run sheep.svg, process 7";
    BOOST_TEST(h.refusal().what == "a plot is running: kplot run sheep.svg, process 7");
}

BOOST_AUTO_TEST_CASE(a_service_manager_that_does_not_answer_is_no_host_without_klippy) {
    host_of h;
    h.seen.units.klippys = kf::fail(errc::failed, "the service manager does not answer");
    h.seen.printers.clear();
    BOOST_TEST(h.refusal().what == "the service manager does not answer");
}

BOOST_AUTO_TEST_CASE(a_klippy_without_a_service_is_not_stopped) {
    host_of h;
    h.seen.printers[0].instance.process.unit.clear();
    BOOST_TEST(h.refusal().what == "klippy runs as process 812, but no service runs it");
}

BOOST_AUTO_TEST_CASE(without_the_right_to_start_it_again_nothing_is_planned) {
    host_of h;
    h.seen.right = kf::fail(errc::refused, "you have no right");
    BOOST_TEST(h.refusal().what == "you have no right");
}

BOOST_AUTO_TEST_CASE(what_an_earlier_run_left_stopped_is_started_too_and_told) {
    host_of h;
    h.seen.owed = {"klipper-2.service"};
    const auto lines = h.lines();
    BOOST_TEST(count(lines, "klipper-2.service was stopped by an earlier kflash") == 1);
    BOOST_TEST(count(lines, "--no-ask-password start klipper-2.service") == 1);
}

BOOST_AUTO_TEST_CASE(a_tool_that_is_missing_refuses_its_method_or_only_its_fallback) {
    const result<void> missing = kf::fail(errc::not_found, "dfu-util is not there");
    host_of h;
    h.seen.boards[0].lacks[make_flash] = missing;
    BOOST_TEST((h.plan()->boards[0].order.methods == std::vector{katapult}));
    BOOST_TEST(count(h.lines(), "no fallback to make_flash: dfu-util is not there") == 1);
    h.wanted.build.method = make_flash;
    BOOST_TEST((h.refusal().code == errc::not_found));
    h.seen.boards[0].lacks.clear(); // what was not looked for is not there
    BOOST_TEST((h.refusal().code == errc::failed));
}

BOOST_AUTO_TEST_CASE(no_fallback_is_planned_that_was_not_wanted) {
    host_of asked, forbidden;
    asked.wanted.fallback = false;
    forbidden.seen.registry.settings.allow_flash_fallback = false;
    for (const auto* h : {&asked, &forbidden}) {
        BOOST_TEST((h->plan()->boards[0].order.methods == std::vector{katapult}));
        BOOST_TEST(count(h->lines(), "FLASH_DEVICE=") == 0);
    }
}

BOOST_AUTO_TEST_CASE(what_the_configuration_cannot_be_is_refused_with_its_reason) {
    host_of over_katapult, wrong_chip, none, git;
    over_katapult.seen.boards[0].config = host_of::config("0x8000000");
    BOOST_TEST(over_katapult.refusal().cause.find("would overwrite it at 0x8000000") != std::string::npos);
    wrong_chip.seen.registry.boards[0].mcu = wrong_chip.seen.boards[0].board.mcu = "stm32f446";
    BOOST_TEST((wrong_chip.refusal().code == errc::mismatch));
    none.seen.boards[0].config = {};
    none.seen.boards[0].config.source = kf::fail(errc::needs_person, "no configuration yet");
    BOOST_TEST((none.refusal().code == errc::needs_person));
    git.seen.boards[0].config.tree_version = kf::fail(errc::refused, "git does not say which version");
    BOOST_TEST((git.refusal().code == errc::refused));
    git.seen.boards[0].config.tree_version = kf::fail(errc::timeout, "git is slow");
    BOOST_TEST(count(git.lines(), "is of a version that only the image will tell") == 1);
}

BOOST_AUTO_TEST_CASE(what_a_person_may_not_expect_is_a_warning_of_the_plan_with_all_that_stands_behind_it) {
    host_of h;
    auto& config = h.seen.boards[0].config;
    config.tree_version =
        kf::fail(error{errc::timeout, "git is slow", {}, {}, {"git config core.untrackedCache true"}});
    config.source->drift = {{"USB_SERIAL", "y", "n"}, {"CANBUS", "n", "y"}};
    h.seen.owed = {"klipper-2.service"};
    const auto p = h.plan();
    BOOST_REQUIRE(p.has_value());
    std::vector<std::string> loud;
    for (const auto& line : flash::lines(*p))
        if (line.is >= flash::weight::warning)
            loud.push_back(fmt::format("{} {}: {}", name(line.is), line.board, line.text));
    const std::vector<std::string> wanted{
        "warning : klipper-2.service was stopped by an earlier kflash that did not end well: it is started after this "
        "flash",
        "warning k1: git is slow: only the image will say it",
        "note k1: git config core.untrackedCache true",
        "warning k1: the source has other options than when this configuration was saved: 2 changed. Review with "
        "kflash config k1",
        "note k1: " + firmware::to_string(config.source->drift[0]),
        "note k1: " + firmware::to_string(config.source->drift[1])};
    BOOST_TEST(loud == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_gist_of_a_plan_has_boards_methods_units_and_reasons) {
    host_of h(2);
    h.seen.boards[0].lacks[make_flash] = kf::fail(errc::not_found, "dfu-util is not there");
    h.wanted.left_out.emplace("k2", "runs v0.13.0 already");
    const auto p = h.plan();
    BOOST_REQUIRE(p.has_value());
    std::vector<std::string> gist;
    for (const auto& line : flash::lines(*p))
        if (line.is >= flash::weight::gist) gist.push_back(line.text);
    BOOST_TEST_REQUIRE(gist.size() == 7u);
    BOOST_TEST(gist[0] == "Board 2 is left out: runs v0.13.0 already");
    BOOST_TEST(gist[1].starts_with("klippy is idle"));
    BOOST_TEST(gist[2] == "/home/pi/.config/kflash/configs/k1/.config (MCU stm32h723xx, as registered)");
    BOOST_TEST(gist[3].find("stop klipper.service") != std::string::npos);
    BOOST_TEST(gist[4].find("stop klipper-screen.service") != std::string::npos);
    BOOST_TEST(gist[5] == "Board 1 by katapult: v0.13.0-7-gabcdef0");
    BOOST_TEST(gist[6] == "no fallback to make_flash: dfu-util is not there");
}

BOOST_AUTO_TEST_CASE(a12_a_second_survey_agrees_only_with_the_same_plan) {
    const host_of first(2);
    const auto differs = [&](auto&& change) {
        host_of now(2);
        change(now);
        const auto p = now.plan();
        BOOST_REQUIRE_MESSAGE(p.has_value(), (p ? "" : p.error().what));
        const auto same = all_agree(*first.plan(), *p);
        BOOST_REQUIRE(!same.has_value());
        BOOST_TEST((same.error().code == errc::refused));
        return same.error().cause;
    };
    BOOST_TEST(differs([](host_of& h) { h.seen.units.others.clear(); }).find("klipper-screen.service") !=
               std::string::npos);
    BOOST_TEST(differs([](host_of& h) {
                   h.seen.boards[1].lacks[make_flash] = kf::fail(errc::not_found, "dfu-util is not there");
               }).find("planned: Board 2: methods: katapult, make_flash; now: Board 2: methods: katapult") !=
               std::string::npos);
    BOOST_TEST(differs([](host_of& h) {
                   for (auto& d : h.devices) d.path = "/dev/serial/by-path/elsewhere";
                   h.seen.boards[0].target = board::match(h.seen.registry, h.seen.boards[0].board, h.devices);
               }).find("elsewhere") != std::string::npos);
    host_of renamed(2); // what it is called is nothing that is done
    renamed.seen.boards[0].board.name = "Mainboard";
    BOOST_TEST(all_agree(*first.plan(), *renamed.plan()).has_value());
    // klippy may have been restarted meanwhile: the new process is the one that has to be gone.
    host_of restarted(2);
    restarted.seen.units.klippys->front().main_pid = 999;
    restarted.seen.printers[0].instance.process.pid = 999;
    for (auto& b : restarted.seen.boards) b.holders.seen.front().pid = 999;
    BOOST_TEST(all_agree(*first.plan(), *restarted.plan()).has_value());
    BOOST_TEST((restarted.plan()->stop.pids == std::vector<int>{999}));
}

/// Two boards of one configuration.
struct twins : host_of {
    twins()
      : host_of(2) {
        for (auto& b : seen.boards) b.config.source->text = "one";
    }
    void unplug(std::size_t board) {
        seen.boards[board].target = kf::fail(errc::not_connected, seen.boards[board].board.name + " is not connected");
    }
};

BOOST_AUTO_TEST_CASE(a_board_keeps_the_image_that_was_built_with_another_one_when_that_is_unplugged) {
    const auto planned = *twins().plan();
    BOOST_REQUIRE(planned.boards[1].built_with == "k1");
    twins now;
    now.unplug(0);
    const auto agreed = flash::agree_on(planned, now.seen);
    BOOST_REQUIRE_MESSAGE(agreed.has_value(), (agreed ? "" : agreed.error().what));
    BOOST_REQUIRE((agreed->numbers == std::vector<std::size_t>{1}));
    BOOST_TEST((agreed->objections[0].error().code == errc::not_connected));
    BOOST_TEST(agreed->objections[1].has_value());
    const auto &b = agreed->now.boards[0], &was = planned.boards[1];
    BOOST_TEST(b.board.key == "k2");
    BOOST_TEST(b.built_with == "k1");
    BOOST_TEST(b.firmware.site.dir == was.firmware.site.dir);
    BOOST_TEST(b.job.image_file == "/home/pi/.cache/kflash/build/k1/pinned/klipper.bin");
    BOOST_TEST(b.job.out_dir == "/home/pi/.cache/kflash/build/k1/out");
    BOOST_TEST(b.job.config == "/home/pi/.cache/kflash/build/k1/.config");
    // It is still refused for another device, and for another place in flash.
    twins other;
    other.seen.boards[1].config = host_of::config("0x8008000");
    BOOST_TEST(!flash::agreed(planned.boards[1], *other.plan()).has_value());
}

BOOST_AUTO_TEST_CASE(boards_that_are_all_refused_after_the_build_have_each_a_row_in_the_table) {
    const auto planned = *twins().plan();
    twins now;
    now.unplug(0);
    now.seen.boards[1].lacks[make_flash] = kf::fail(errc::not_found, "dfu-util is not there");
    const auto agreed = flash::agree_on(planned, now.seen);
    BOOST_REQUIRE_MESSAGE(agreed.has_value(), (agreed ? "" : agreed.error().what));
    BOOST_TEST(agreed->numbers.empty());
    BOOST_TEST(agreed->objections[0].error().what == "Board 1 is not connected");
    // Of the services a board says nothing: others may be flashed.
    BOOST_TEST(agreed->objections[1].error().what == "what was planned is no longer so");
    flash::outcome o;
    for (std::size_t i = 0; i < 2; ++i) {
        auto& b = o.boards.emplace_back();
        b.key = planned.boards[i].board.key;
        b.name = planned.boards[i].board.name;
        b.written.ended = agreed->objections[i];
    }
    BOOST_TEST(flash::table_of(flash::rows_of(planned, o)) ==
               "DEVICE   BUILD  FLASH  VERIFY\n"
               "Board 1  PASS   FAIL   SKIP    Board 1 is not connected\n"
               "Board 2  PASS   FAIL   SKIP    what was planned is no longer so");
}

BOOST_AUTO_TEST_CASE(a12_what_means_nothing_for_a_flash_may_change_during_the_build) {
    const auto with = [](auto&& change) {
        host_of h(2);
        h.wanted.unknown = unknown_printers::assumed_idle;
        change(h);
        const auto p = h.plan();
        BOOST_REQUIRE_MESSAGE(p.has_value(), (p ? "" : p.error().what));
        return *p;
    };
    const auto number = [](host_of& h, int pid) {
        h.seen.units.klippys->front().main_pid = h.seen.printers[0].instance.process.pid = pid;
        for (auto& b : h.seen.boards) b.holders.seen.front().pid = pid;
    };
    const auto mute = [&](int pid) {
        return [&number, pid](host_of& h) {
            h.seen.printers[0].instance.socket.clear();
            number(h, pid);
        };
    };
    const auto silent = [&](int pid, const char* why) {
        return [&number, pid, why](host_of& h) {
            h.seen.printers[0].activity = kf::fail(errc::timeout, why);
            number(h, pid);
        };
    };
    const auto nothing = [](host_of&) {};
    // A klippy without a socket, or one that does not answer, was restarted.
    BOOST_TEST(all_agree(with(mute(812)), with(mute(999))).has_value());
    BOOST_TEST(all_agree(with(silent(812, "timed out")), with(silent(999, "connection refused"))).has_value());
    // It answers now: there is less to assume. What was not assumed is not assumed silently.
    BOOST_TEST(all_agree(with(silent(812, "timed out")), with(nothing)).has_value());
    const auto more = all_agree(with(nothing), with(silent(812, "timed out")));
    BOOST_REQUIRE(!more.has_value());
    BOOST_TEST(more.error().cause.find("timed out") != std::string::npos);
    BOOST_TEST(!all_agree(with(mute(812)), with(silent(812, "timed out"))).has_value());
    // The kernel numbers a tty anew when a board was away for a moment; its name, port and serial number stay.
    const auto moved = [](const char* port) {
        return [port](host_of& h) {
            h.devices[0].resolved = "/dev/ttyACM7";
            h.devices[0].facts.port = port;
            auto& b = h.seen.boards[0];
            b.target = board::match(h.seen.registry, b.board, h.devices);
            b.holders.seen.clear();
        };
    };
    BOOST_TEST(all_agree(with(nothing), with(moved(""))).has_value());
    BOOST_TEST(!all_agree(with(nothing), with(moved("1-1.4"))).has_value());
}

BOOST_AUTO_TEST_CASE(a_plot_lock_is_planned_wherever_it_is_held_and_so_are_the_proofs_before_make_flash) {
    host_of h;
    h.wanted.unknown = unknown_printers::assumed_idle;
    h.wanted.build.method = make_flash;
    h.seen.printers[0].instance.process = {};
    h.seen.printers[0].instance.evidence = "somebody who cannot be seen listens on /run/klippy.sock";
    h.seen.printers[0].activity = kf::fail(errc::timeout, "timed out");
    h.seen.units.klippys = std::vector<host::unit_state>{};
    h.seen.boards[0].holders = {};
    BOOST_TEST(h.plan()->stop.units.empty());
    BOOST_TEST(count(h.lines(), "the plot lock: /run/klippy.sock.kf-lock") == 1);
    BOOST_TEST(count(h.lines(), "(1200 baud)") == 0);
    h.seen.boards[0].board.seen_as_katapult = "2026-01-01";
    const auto lines = h.lines();
    BOOST_TEST(at(lines, "(1200 baud)") < at(lines, "CONNECT: demand the MCU stm32h723xx"));
    BOOST_TEST(at(lines, "CONNECT: demand the MCU stm32h723xx") < at(lines, "FLASH_DEVICE="));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace plan_test
