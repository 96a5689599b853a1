// SPDX-License-Identifier: MIT
#pragma once
/// What every model of the service_manager policy has to do, tried on one unit that is up and runs klippy.

#include <kf/host/service_manager.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

namespace kf::test {

template<host::service_manager Manager>
void keeps_the_service_manager_contract(Manager& manager, const std::string& unit) {
    const auto state = [&] {
        const auto s = manager.show(unit);
        BOOST_REQUIRE_MESSAGE(s.has_value(), (s ? "" : s.error().what));
        return *s;
    };
    const auto does = [](const result<void>& done) {
        BOOST_TEST(done.has_value(), (done ? "" : done.error().what + ": " + done.error().cause));
    };

    const auto before = state();
    BOOST_TEST(before.id == unit);
    BOOST_TEST(before.load == "loaded");
    BOOST_TEST(before.is_up());
    BOOST_TEST(before.main_pid > 0);

    does(manager.start(unit)); // changes nothing
    BOOST_TEST(state().main_pid == before.main_pid);

    const auto is_listed = [&] {
        const auto units = manager.klippy_units();
        BOOST_REQUIRE(units.has_value());
        return std::ranges::any_of(*units, [&](const auto& u) { return u.id == unit; });
    };
    BOOST_TEST(is_listed());

    does(manager.stop(unit));
    BOOST_TEST(state().is_down());
    BOOST_TEST(state().main_pid == 0);
    does(manager.stop(unit)); // already done

    does(manager.start(unit));
    BOOST_TEST(state().is_up());
    BOOST_TEST(state().main_pid > 0);
    BOOST_TEST(state().main_pid != before.main_pid);
    BOOST_TEST(is_listed());

    const std::string missing = "kf-there-is-no-such-unit.service";
    const auto unknown = manager.show(missing);
    BOOST_REQUIRE(!unknown.has_value());
    BOOST_CHECK(unknown.error().code == errc::not_found);
    BOOST_CHECK(!manager.start(missing));
    BOOST_CHECK(!manager.stop(missing));
    BOOST_CHECK(manager.start("--help").error().code == errc::usage);
}

} // namespace kf::test
