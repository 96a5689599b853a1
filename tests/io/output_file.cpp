// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"
#include "file_facts.hpp"

#include <kf/io/output_file.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <fstream>
#include <iterator>
#include <thread>

namespace output_file_test {

using kf::errc;
using kf::io::output_file;
using kf::io::write_output;
using kf::test::of;
using kf::test::slurp;
using kf::test::temporary_folder;
namespace fs = std::filesystem;

std::size_t files_in(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

BOOST_AUTO_TEST_SUITE(output_files)

BOOST_AUTO_TEST_CASE(the_old_file_stays_until_the_new_one_is_whole_and_keeps_its_mode) {
    const temporary_folder folder;
    const auto file = folder / "f";
    BOOST_REQUIRE(write_output(file, "old"));
    BOOST_REQUIRE_EQUAL(::chmod(file.c_str(), 0600), 0);
    {
        auto out = output_file::open(file);
        BOOST_REQUIRE(out);
        BOOST_TEST(out->write("half").has_value());
        BOOST_TEST(slurp(file) == "old");
    }
    BOOST_TEST(slurp(file) == "old");
    BOOST_REQUIRE(write_output(file, "new"));
    BOOST_TEST(slurp(file) == "new");
    BOOST_TEST((of(file).st_mode & 07777U) == 0600U);
    BOOST_TEST(files_in(folder.path()) == 1u);
}

BOOST_AUTO_TEST_CASE(a_new_file_has_the_mode_that_the_umask_leaves) {
    const temporary_folder folder;
    const mode_t old = ::umask(0027);
    const auto done = write_output(folder / "f", "x");
    ::umask(old);
    BOOST_REQUIRE(done);
    BOOST_TEST((of(folder / "f").st_mode & 07777U) == 0640U);
}

BOOST_AUTO_TEST_CASE(links_are_followed_and_stay_links) {
    const temporary_folder folder;
    fs::create_directory(folder / "real");
    BOOST_REQUIRE(write_output(folder / "real/f", "old"));
    fs::create_symlink("real/f", folder / "link");
    fs::create_symlink("link", folder / "second");
    fs::create_symlink("real/none", folder / "to_nothing");
    BOOST_REQUIRE(write_output(folder / "second", "new"));
    BOOST_REQUIRE(write_output(folder / "to_nothing", "made"));
    BOOST_TEST(slurp(folder / "real/f") == "new");
    BOOST_TEST(slurp(folder / "real/none") == "made");
    for (const char* name : {"link", "second", "to_nothing"}) BOOST_TEST(S_ISLNK(of(folder / name).st_mode), name);
    fs::create_symlink("loop", folder / "loop");
    BOOST_TEST((write_output(folder / "loop", "x").error().code == errc::usage));
}

BOOST_AUTO_TEST_CASE(a_file_of_two_names_stays_one_file) {
    const temporary_folder folder;
    BOOST_REQUIRE(write_output(folder / "f", "a longer old text"));
    fs::create_hard_link(folder / "f", folder / "other");
    BOOST_REQUIRE(write_output(folder / "f", "new"));
    BOOST_TEST(slurp(folder / "other") == "new");
    BOOST_TEST(of(folder / "f").st_nlink == 2u);
}

/// Nodes of our own: a mistake here must not cost the machine its /dev/null.
BOOST_AUTO_TEST_CASE(a_device_is_written_through_and_stays_a_device) {
    const temporary_folder folder;
    const auto nothing = folder / "null", full = folder / "full";
    if (::mknod(nothing.c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0 ||
        ::mknod(full.c_str(), S_IFCHR | 0666, makedev(1, 7)) != 0 || ::access(nothing.c_str(), W_OK) != 0)
        return; // only root makes devices
    BOOST_TEST(write_output(nothing, "x").has_value());
    BOOST_TEST((write_output(full, "x").error().code == errc::io));
    for (const auto& device : {nothing, full}) BOOST_TEST(S_ISCHR(of(device).st_mode));
}

BOOST_AUTO_TEST_CASE(a_pipe_is_written_through) {
    const temporary_folder folder;
    const auto pipe = folder / "p";
    BOOST_REQUIRE_EQUAL(::mkfifo(pipe.c_str(), 0600), 0);
    std::string got;
    std::thread reader([&] { got = slurp(pipe); });
    const std::string text(300'000, 'x'); // more than a pipe holds
    const auto done = write_output(pipe, text);
    reader.join();
    BOOST_REQUIRE_MESSAGE(done, done.error().what);
    BOOST_TEST((got == text));
    BOOST_TEST(S_ISFIFO(of(pipe).st_mode));
}

BOOST_AUTO_TEST_CASE(our_own_standard_output_is_what_it_is) {
    const temporary_folder folder;
    const pid_t pid = ::fork();
    BOOST_REQUIRE(pid >= 0);
    if (pid == 0) {
        const int fd = ::open((folder / "f").c_str(), O_WRONLY | O_CREAT, 0600);
        ::dup2(fd, 1);
        (void)!::write(1, "before ", 7);
        fs::create_symlink("/proc/self/fd/1", folder / "stdout");
        const bool done = write_output(folder / "stdout", "it ") && write_output("/proc/self/fd/1", "and after");
        ::_exit(done ? 0 : 1);
    }
    int status = 0;
    BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
    BOOST_TEST(status == 0);
    BOOST_TEST(slurp(folder / "f") == "before it and after");
}

BOOST_AUTO_TEST_CASE(no_folder_is_made_for_a_name_that_may_be_mistyped) {
    const temporary_folder folder;
    const auto lost = write_output(folder / "none/f", "x");
    BOOST_REQUIRE(!lost);
    BOOST_TEST((lost.error().code == errc::not_found));
    BOOST_TEST(lost.error().what == "there is no folder " + (folder / "none").string());
    BOOST_TEST((output_file::check(folder / "none/f").error().code == errc::not_found));
    BOOST_TEST((output_file::check(folder.path()).error().code == errc::usage));
    BOOST_TEST((write_output(folder.path(), "x").error().code == errc::usage));
    BOOST_TEST(output_file::check(folder / "f").has_value());
    BOOST_TEST(files_in(folder.path()) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace output_file_test
