// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/sim/file_stamps.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <utility>

namespace file_stamps_test {

using namespace kf;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(file_stamps)

BOOST_AUTO_TEST_CASE(what_changed_is_looked_at_for_a_tenth_of_a_second_and_then_rests) {
    const test::temporary_folder folder;
    const auto file = folder.path() / "state.json";
    sim::file_stamps stamps({file});
    const io::time_point t = io::time_point{} + 1000s;
    BOOST_TEST(!stamps.rest(t)); // it is not there, which is new too
    BOOST_REQUIRE(io::write_file(file, "{}"));
    BOOST_TEST(!stamps.rest(t + 1s));
    BOOST_TEST(!stamps.rest(t + 1s + 100ms));
    BOOST_TEST(!stamps.rest(t + 1s + 101ms)); // what is read now may be newer than what was read before
    BOOST_TEST(stamps.rest(t + 1s + 102ms));
    BOOST_REQUIRE(io::write_file(file, "[]"));
    BOOST_TEST(!stamps.rest(t + 2s));
    BOOST_TEST(!stamps.rest(t + 3s)); // the first look since then, however late
    BOOST_TEST(stamps.rest(t + 3s));
    fs::remove(file);
    BOOST_TEST(!stamps.rest(t + 4s));
}

BOOST_AUTO_TEST_CASE(a_name_that_comes_and_goes_in_a_folder_is_a_change) {
    const test::temporary_folder folder;
    sim::file_stamps stamps({folder.path()});
    const io::time_point t = io::time_point{} + 1000s;
    BOOST_TEST(!stamps.rest(t));
    BOOST_TEST(!stamps.rest(t + 1s));
    BOOST_TEST(stamps.rest(t + 1s));
    fs::create_symlink("/dev/null", folder.path() / "usb-Klipper");
    BOOST_TEST(!stamps.rest(t + 2s));
    BOOST_TEST(!stamps.rest(t + 3s));
    BOOST_TEST(stamps.rest(t + 3s));
    fs::remove(folder.path() / "usb-Klipper");
    BOOST_TEST(!stamps.rest(t + 4s));
}

BOOST_AUTO_TEST_CASE(an_end_that_is_gone_is_a_change_and_what_is_written_to_it_is_none) {
    const test::temporary_folder folder;
    const auto node = folder.path() / "node", link = folder.path() / "link";
    BOOST_REQUIRE(io::write_file(node, ""));
    fs::create_symlink(node, link);
    sim::file_stamps stamps({}, {link});
    const io::time_point t = io::time_point{} + 1000s;
    BOOST_TEST(!stamps.rest(t));
    fs::permissions(node, fs::perms::owner_read);
    BOOST_TEST(!stamps.rest(t + 1s));
    BOOST_TEST(stamps.rest(t + 1s));
    fs::remove(node); // its board's process was killed: the link stays
    BOOST_TEST(!stamps.rest(t + 2s));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace file_stamps_test
