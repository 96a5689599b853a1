// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/run/pen_record.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <string>

namespace pen_record_test {

using namespace kf;

BOOST_AUTO_TEST_SUITE(run_pen_record)

BOOST_AUTO_TEST_CASE(a_socket_is_known_by_one_name_in_every_file_about_it_however_it_is_called) {
    const test::temporary_folder folder;
    std::ofstream(folder / "uds").flush();
    std::filesystem::create_symlink(folder / "uds", folder / "link");
    std::string name = (std::filesystem::canonical(folder.path()) / "uds").string();
    BOOST_TEST(klippy::lock_path(folder / "link").string() == name + ".kf-lock");
    for (char& c : name)
        if (c == '/') c = '%';
    BOOST_TEST(klippy::socket_in_a_name(folder / "link") == name);
    BOOST_TEST(klippy::socket_in_a_name(folder / "uds") == name);
    BOOST_TEST(klippy::socket_in_a_name("/tmp/klippy_uds") == "%tmp%klippy_uds");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_understood_is_a_doubt) {
    const test::temporary_folder folder;
    for (const char* text : {"paused-at x 1 2\n", "paused-at 1 2\n", "paused-at 1 2 nan\n", "paused-at 1 2 3e23\n",
                             "paused-at \xff 2 3\n", "nonsense\n", "\x01"}) {
        BOOST_TEST_CONTEXT(text) {
            std::ofstream(folder / "pen%nowhere%uds") << text;
            const run::pen_record record(folder.path(), "/nowhere/uds");
            BOOST_TEST(record.doubt() == "the record of the pen cannot be read");
            BOOST_TEST(!record.pause_point());
        }
    }
    std::ofstream(folder / "pen%nowhere%uds") << "paused-at 1 2.5 -3\n";
    BOOST_TEST(run::pen_record(folder.path(), "/nowhere/uds").doubt().empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pen_record_test
