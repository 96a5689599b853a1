// SPDX-License-Identifier: MIT
#include "scripted_runner.hpp"

#include <kf/host/right.hpp>

#include <boost/test/unit_test.hpp>

namespace right_test {

using namespace kf::host;
using kf::test::scripted_runner;
using words = std::vector<std::string>;
const words units = {"klipper.service", "klipper-2.service"};
constexpr auto start_1 = "systemctl --no-ask-password start klipper.service";
constexpr auto start_2 = "systemctl --no-ask-password start klipper-2.service";

BOOST_AUTO_TEST_CASE(root_needs_no_proof_and_no_prefix) {
    scripted_runner runner;
    const auto r = find_right(runner, units, true);
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->name == "root");
    BOOST_TEST(r->prefix.empty());
    BOOST_TEST(runner.asked.empty());
}

BOOST_AUTO_TEST_CASE(sudo_without_a_password_goes_before_the_guardian) {
    scripted_runner runner{.answers = {{"sudo -n true", {}}}};
    const auto r = find_right(runner, units, false);
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->name == "sudo");
    BOOST_TEST(r->prefix == (words{"sudo", "-n", "--"}), boost::test_tools::per_element());
    BOOST_TEST(runner.asked == (words{"sudo -n true"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(d5_sudo_that_would_ask_for_a_password_is_no_right_to_stop_the_service) {
    scripted_runner runner{.answers = {{"sudo -n true", {1, "sudo: a password is required\n"}},
                                       {start_1, {1, "Interactive authentication required.\n"}}}};
    const auto r = find_right(runner, units, false);
    BOOST_REQUIRE(!r.has_value());
    BOOST_CHECK(r.error().code == kf::errc::refused);
    BOOST_TEST(kf::exit_status(r.error().code) == 3);
    BOOST_TEST(r.error().steps.size() == 3U);
    for (const auto& line : runner.asked) BOOST_TEST(line.find("stop") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(d5_polkit_counts_when_each_unit_can_be_started) {
    scripted_runner runner{
        .answers = {{"sudo -n true", {1, "sudo: a password is required\n"}}, {start_1, {}}, {start_2, {}}}};
    const auto r = find_right(runner, units, false);
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->name == "polkit");
    BOOST_TEST(r->prefix.empty());
    BOOST_TEST(runner.asked == (words{"sudo -n true", start_1, start_2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(d5_polkit_for_one_of_two_units_is_no_right) {
    scripted_runner runner{.answers = {{start_1, {}}, {start_2, {1, "Access denied\n"}}}};
    BOOST_CHECK(!find_right(runner, units, false));
}

BOOST_AUTO_TEST_CASE(d5_a_machine_without_sudo_is_asked_for_polkit) {
    scripted_runner runner{.answers = {{"sudo -n true", {-1, "", kf::errc::not_found}}, {start_1, {}}, {start_2, {}}}};
    const auto r = find_right(runner, units, false);
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->name == "polkit");
}

BOOST_AUTO_TEST_CASE(d5_a_sudo_that_hangs_is_no_right) {
    scripted_runner runner{.answers = {{"sudo -n true", {-1, "", kf::errc::timeout}}}};
    BOOST_CHECK(!find_right(runner, units, false));
}

BOOST_AUTO_TEST_CASE(the_right_to_the_guardians_own_unit_is_enough_and_comes_first) {
    const std::string unit = "kflash-guard@pi.service";
    const std::string shown = "systemctl show " + unit + " --no-pager -p LoadState";
    const std::string start = "systemctl --no-ask-password start " + unit;
    scripted_runner polkit{.answers = {{shown, {0, "LoadState=loaded\n"}}, {start, {}}, {"sudo -n true", {}}}};
    auto r = find_right(polkit, units, false, unit);
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->name == "polkit");
    BOOST_TEST(r->guardian_unit == unit);
    BOOST_TEST(polkit.asked == (words{shown, start}), boost::test_tools::per_element());

    scripted_runner sudo{.answers = {{shown, {0, "LoadState=loaded\n"}}, {"sudo -n -- " + start, {}}}};
    r = find_right(sudo, units, false, unit);
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->name == "sudo");
    BOOST_TEST(r->guardian_unit == unit);

    scripted_runner root{.answers = {{shown, {0, "LoadState=loaded\n"}}, {start, {}}}};
    BOOST_TEST(find_right(root, units, true, unit)->guardian_unit == unit);
}

BOOST_AUTO_TEST_CASE(without_the_guardians_unit_or_a_right_to_it_the_guardian_is_a_child) {
    const std::string unit = "kflash-guard@pi.service";
    const std::string shown = "systemctl show " + unit + " --no-pager -p LoadState";
    scripted_runner not_installed{.answers = {{shown, {0, "LoadState=not-found\n"}}, {"sudo -n true", {}}}};
    auto r = find_right(not_installed, units, false, unit);
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->guardian_unit.empty());
    BOOST_TEST(r->name == "sudo");
    scripted_runner no_right{.answers = {{shown, {0, "LoadState=loaded\n"}}}};
    BOOST_CHECK(!find_right(no_right, units, false, unit));
    scripted_runner root{.answers = {{shown, {0, "LoadState=masked\n"}}}};
    BOOST_TEST(find_right(root, units, true, unit)->guardian_unit.empty());
}

BOOST_AUTO_TEST_CASE(a_guardians_unit_that_is_just_ending_is_asked_again) {
    struct ending : scripted_runner { // refuses twice
        int starts = 0;
        [[nodiscard]] kf::result<kf::io::run_outcome> run(const kf::io::command& c, const kf::io::run_limits& limits,
                                                          const kf::io::output_sink& out) {
            if (c.argv[0] == "systemctl" && c.argv[2] == "start" && ++starts < 3) return kf::io::run_outcome{1, 0};
            return scripted_runner::run(c, limits, out);
        }
    } runner;
    const std::string unit = "kflash-guard@pi.service";
    runner.answers = {{"systemctl show " + unit + " --no-pager -p LoadState", {0, "LoadState=loaded\n"}},
                      {"systemctl --no-ask-password start " + unit, {}},
                      {start_1, {}},
                      {start_2, {}}};
    const auto r = find_right(runner, units, false, unit);
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->guardian_unit == unit);
}

} // namespace right_test
