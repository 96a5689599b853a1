// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/run/square_record.hpp>

#include <boost/test/unit_test.hpp>

namespace square_record_test {

using kf::run::square_record;

BOOST_AUTO_TEST_CASE(squareness_is_forgotten_with_the_first_reference_that_is_gone) {
    const kf::test::temporary_folder folder;
    const auto now = [&] { return square_record(folder.path(), "/tmp/klippy_uds"); };
    BOOST_TEST(now().text() == "");
    auto record = now();
    BOOST_REQUIRE(record.add(-2.1, "kcal square").has_value());
    BOOST_TEST(now().text() == "the second X motor went -2.1 mm alone (kcal square)");
    BOOST_TEST(square_record(folder.path(), "/tmp/other").text() == "");
    for (const char* homed : {"xyz", "zyx"}) BOOST_REQUIRE(now().hold_against(homed).has_value());
    BOOST_TEST(now().text() != "");
    for (const char* homed : {"", "xy", "z", "xz"}) {
        BOOST_REQUIRE(record.add(1, "kcal square").has_value());
        auto seen = now();
        BOOST_REQUIRE(seen.hold_against(homed).has_value());
        BOOST_TEST(seen.text() == "");
        BOOST_TEST(now().text() == "");
    }
}

BOOST_AUTO_TEST_CASE(a_second_racking_goes_on_top_of_the_first) {
    const kf::test::temporary_folder folder;
    const auto now = [&] { return square_record(folder.path(), "/tmp/klippy_uds"); };
    BOOST_REQUIRE(now().add(-2.4436, "kcal square").has_value());
    BOOST_REQUIRE(now().add(0.0614, "kcal square").has_value());
    BOOST_TEST(now().text() == "the second X motor went -2.382 mm alone (kcal square)");
    BOOST_REQUIRE(now().hold_against("").has_value());
    BOOST_REQUIRE(now().add(0.5, "kcal square").has_value());
    BOOST_TEST(now().text() == "the second X motor went 0.5 mm alone (kcal square)");
}

BOOST_AUTO_TEST_CASE(a_record_of_an_older_version_is_no_less_of_a_racking) {
    const kf::test::temporary_folder folder;
    const auto now = [&] { return square_record(folder.path(), "/tmp/klippy_uds"); };
    BOOST_REQUIRE(
        kf::io::write_file(folder / "square%tmp%klippy_uds", "the second X motor went -2.1 mm alone (kcal square)\n"));
    BOOST_TEST(now().text() == "the second X motor went -2.1 mm alone (kcal square)");
    BOOST_REQUIRE(now().add(0.5, "kcal square").has_value());
    BOOST_TEST(now().text() == "the second X motor went -2.1 mm alone (kcal square), and 0.5 mm more (kcal square)");
    BOOST_REQUIRE(now().hold_against("xz").has_value());
    BOOST_TEST(now().text() == "");
}

} // namespace square_record_test
