// SPDX-License-Identifier: MIT
#include <kf/io/xdg_paths.hpp>

#include <boost/test/unit_test.hpp>

namespace xdg_paths_test {

using namespace kf::io;

BOOST_AUTO_TEST_SUITE(xdg_paths_suite)

BOOST_AUTO_TEST_CASE(unset_variables_mean_the_folders_of_the_specification) {
    const auto p = resolve({.home = "/home/pi"});
    BOOST_TEST(p.home == "/home/pi");
    BOOST_TEST(p.config == "/home/pi/.config");
    BOOST_TEST(p.state == "/home/pi/.local/state");
    BOOST_TEST(p.cache == "/home/pi/.cache");
    BOOST_TEST(p.runtime == "/home/pi/.local/state");
}

BOOST_AUTO_TEST_CASE(absolute_variables_win_and_relative_ones_are_ignored) {
    const auto p = resolve({.home = "/home/pi",
                            .config_home = "/c",
                            .state_home = "s",
                            .cache_home = "./x",
                            .runtime_dir = "/run/user/1"});
    BOOST_TEST(p.config == "/c");
    BOOST_TEST(p.state == "/home/pi/.local/state");
    BOOST_TEST(p.cache == "/home/pi/.cache");
    BOOST_TEST(p.runtime == "/run/user/1");
}

BOOST_AUTO_TEST_CASE(a_tilde_is_the_home_only_at_the_beginning) {
    BOOST_TEST(expand_home("~", "/home/pi") == "/home/pi");
    BOOST_TEST(expand_home("~/klipper", "/home/pi") == "/home/pi/klipper");
    BOOST_TEST(expand_home("~//klipper", "/home/pi") == "/home/pi/klipper");
    BOOST_TEST(expand_home("~/", "/home/pi") == "/home/pi/");
    BOOST_TEST(expand_home("~root/x", "/home/pi") == "~root/x");
    BOOST_TEST(expand_home("/opt/~/x", "/home/pi") == "/opt/~/x");
    BOOST_TEST(expand_home("", "/home/pi") == "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace xdg_paths_test
