// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"
#include "file_facts.hpp"

#include <kf/io/file_lock.hpp>
#include <kf/io/run_log.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>

namespace ownership_test {

using namespace kf::io;
using kf::test::of;
using kf::test::slurp;
using kf::test::temporary_folder;

constexpr uid_t person = 65534;

/// A folder of somebody else, and beside it one of root's that nobody else may write in.
struct places {
    temporary_folder folder;
    fs::path home = folder / "home", roots = folder / "roots";
    places() {
        fs::create_directory(home);
        fs::create_directory(roots);
        BOOST_REQUIRE_EQUAL(::chmod(folder.path().c_str(), 0755), 0);
        std::ofstream(roots / "file") << "root's";
        BOOST_REQUIRE_EQUAL(::chmod((roots / "file").c_str(), 0664), 0); // also not by root's group
        BOOST_REQUIRE_EQUAL(::chown(home.c_str(), person, person), 0);
    }
};

boost::test_tools::assertion_result as_root(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result root = ::geteuid() == 0;
    root.message() << "only root can write in another one's folder";
    return root;
}

BOOST_AUTO_TEST_SUITE(in_a_persons_folder, *boost::unit_test::precondition(as_root))

BOOST_FIXTURE_TEST_CASE(what_root_makes_there_is_the_persons, places) {
    BOOST_REQUIRE(write_file(home / ".config/kflash/devices.json", "{}"));
    BOOST_REQUIRE(append_line(home / "state/ledger.jsonl", "{}"));
    BOOST_REQUIRE(file_lock::take(home / "state/flash.lock", "a test"));
    BOOST_REQUIRE(open_log(home / "state/kflash.log"));
    for (const char* made : {".config", ".config/kflash", ".config/kflash/devices.json", "state", "state/ledger.jsonl",
                             "state/flash.lock", "state/kflash.log"})
        BOOST_TEST(of(home / made).st_uid == person, made);
    BOOST_TEST(::geteuid() == 0u);
    BOOST_REQUIRE(write_file(roots / "own", "x"));
    BOOST_TEST(of(roots / "own").st_uid == 0u);
}

BOOST_FIXTURE_TEST_CASE(b27_a_link_that_was_planted_there_leads_nowhere, places) {
    for (const char* name : {"ledger.jsonl", "kflash.log", "flash.lock"})
        fs::create_symlink(roots / "file", home / name);
    BOOST_TEST(!append_line(home / "ledger.jsonl", "x"));
    BOOST_TEST(!open_log(home / "kflash.log"));
    BOOST_TEST(!file_lock::take(home / "flash.lock", "a test"));
    BOOST_TEST(slurp(roots / "file") == "root's");
}

BOOST_FIXTURE_TEST_CASE(b27_nor_does_a_folder_that_is_such_a_link, places) {
    fs::create_directory_symlink(roots, home / "state");
    BOOST_REQUIRE_EQUAL(::lchown((home / "state").c_str(), person, person), 0);
    BOOST_TEST(!append_line(home / "state/file", "x"));
    BOOST_TEST(!append_line(home / "state/new", "x"));
    BOOST_TEST(!write_file(home / "state/new", "x"));
    BOOST_TEST(!make_directories(home / "state/folder"));
    BOOST_TEST(!remove_file(home / "state/file"));
    rotate(home / "state/file", 1);
    BOOST_TEST(slurp(roots / "file") == "root's");
    BOOST_TEST(std::distance(fs::directory_iterator(roots), fs::directory_iterator()) == 1);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_replaced_there_takes_the_place_of_a_link, places) {
    fs::create_symlink(roots / "file", home / "devices.json");
    BOOST_REQUIRE(write_file(home / "devices.json", "{}"));
    BOOST_TEST(slurp(roots / "file") == "root's");
    BOOST_TEST(slurp(home / "devices.json") == "{}");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(a_log_that_is_a_pipe_nobody_reads_is_an_error_at_once) {
    const temporary_folder folder;
    BOOST_REQUIRE_EQUAL(::mkfifo((folder / "p").c_str(), 0600), 0);
    const auto log = open_log(folder / "p");
    BOOST_REQUIRE(!log);
    BOOST_TEST(log.error().what == "cannot write the log " + (folder / "p").string() + ": nobody reads from it");
}

BOOST_AUTO_TEST_CASE(a_pipe_into_which_nobody_writes_is_not_waited_for_long) {
    const temporary_folder folder;
    BOOST_REQUIRE_EQUAL(::mkfifo((folder / "p").c_str(), 0600), 0);
    const auto text = read_file(folder / "p");
    BOOST_REQUIRE(!text);
    BOOST_TEST((text.error().code == kf::errc::timeout));
}

} // namespace ownership_test
