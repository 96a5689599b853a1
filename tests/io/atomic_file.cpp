// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/io/atomic_file.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <fstream>

namespace atomic_file_test {

using namespace kf::io;
using kf::errc;
using kf::test::temporary_folder;

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}
mode_t mode_of(const fs::path& path) {
    struct stat st{};
    return ::stat(path.c_str(), &st) == 0 ? st.st_mode & 07777 : 0;
}

int effects_left = 0;
bool effects_kill = false;
kf::result<void> count_down(effect_kind, std::string_view) {
    if (effects_left-- > 0) return {};
    if (effects_kill) ::_exit(99);
    return kf::fail(errc::io, "made to fail");
}
struct installed_probe {
    installed_probe(int n, bool kill) {
        effects_left = n;
        effects_kill = kill;
        installed_effect_probe = count_down;
    }
    ~installed_probe() { installed_effect_probe = nullptr; }
};

BOOST_AUTO_TEST_SUITE(atomic_file_suite)

BOOST_AUTO_TEST_CASE(writes_a_file_with_its_folders_and_nothing_else) {
    const temporary_folder folder;
    BOOST_TEST(write_file(folder / "a/b/c.txt", "one", 0600).has_value());
    BOOST_TEST(slurp(folder / "a/b/c.txt") == "one");
    BOOST_TEST(mode_of(folder / "a/b/c.txt") == 0600U);
    BOOST_TEST(write_file(folder / "a/b/c.txt", "two").has_value());
    BOOST_TEST(slurp(folder / "a/b/c.txt") == "two");
    BOOST_TEST((names_in(folder / "a/b") == std::vector<std::string>{"c.txt"}));
}

BOOST_AUTO_TEST_CASE(reads_a_whole_file_up_to_its_limit) {
    const temporary_folder folder;
    const std::string text(100'000, 'x');
    BOOST_REQUIRE(write_file(folder / "f", text));
    BOOST_TEST(read_file(folder / "f").value() == text);
    BOOST_TEST(read_file(folder / "f", 100'000).has_value());
    BOOST_TEST((read_file(folder / "f", 99'999).error().code == errc::malformed));
    BOOST_TEST((read_file("/dev/zero", 1000).error().code == errc::malformed));
}

BOOST_AUTO_TEST_CASE(no_file_a_folder_and_a_file_as_folder_are_told_apart) {
    const temporary_folder folder;
    BOOST_REQUIRE(write_file(folder / "file", ""));
    BOOST_TEST((read_file(folder / "none").error().code == errc::not_found));
    BOOST_TEST((read_file(folder / "file/none").error().code == errc::not_found));
    BOOST_TEST((read_file(folder.path()).error().code == errc::malformed));
    BOOST_TEST(read_file(folder / "file").value().empty());
}

BOOST_AUTO_TEST_CASE(a_writer_that_is_not_committed_leaves_nothing) {
    const temporary_folder folder;
    BOOST_REQUIRE(write_file(folder / "f", "old"));
    {
        auto writer = atomic_writer::open(folder / "f");
        BOOST_REQUIRE(writer.has_value());
        BOOST_TEST(writer->write("new").has_value());
        BOOST_TEST(slurp(folder / "f") == "old");
        atomic_writer moved = std::move(*writer);
    }
    BOOST_TEST(slurp(folder / "f") == "old");
    BOOST_TEST((names_in(folder.path()) == std::vector<std::string>{"f"}));
}

BOOST_AUTO_TEST_CASE(any_effect_that_fails_or_kills_leaves_the_old_or_the_new_file) {
    for (const bool kill : {false, true}) {
        int n = 0;
        for (bool done = false; !done; ++n) {
            BOOST_REQUIRE(n < 20);
            const temporary_folder folder;
            BOOST_REQUIRE(write_file(folder / "f", "old"));
            if (kill) {
                const pid_t pid = ::fork();
                BOOST_REQUIRE(pid >= 0);
                if (pid == 0) {
                    const installed_probe probe(n, true);
                    ::_exit(write_file(folder / "f", "new") ? 0 : 1);
                }
                int status = 0;
                BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
                done = status == 0;
            } else {
                const installed_probe probe(n, false);
                done = write_file(folder / "f", "new").has_value();
                BOOST_TEST((names_in(folder.path()) == std::vector<std::string>{"f"}));
            }
            BOOST_TEST(slurp(folder / "f") == (done ? "new" : "old"));
        }
        BOOST_TEST(n == 4); // create, write, rename, and the run in which none is left
    }
}

BOOST_AUTO_TEST_CASE(a_file_where_a_folder_should_be_is_an_error) {
    const temporary_folder folder;
    BOOST_REQUIRE(write_file(folder / "file", ""));
    BOOST_TEST((make_directories(folder / "file").error().code == errc::io));
    BOOST_TEST((make_directories(folder / "file/sub").error().code == errc::io));
    BOOST_TEST((write_file(folder / "file/sub/x", "").error().code == errc::io));
    BOOST_TEST(make_directories(folder.path()).has_value());
    BOOST_TEST(make_directories("").has_value());
    BOOST_TEST(make_directories(folder / "a/b/").has_value());
    BOOST_TEST(fs::is_directory(folder / "a/b"));
}

BOOST_AUTO_TEST_CASE(lines_of_two_processes_do_not_mix) {
    const temporary_folder folder;
    const std::string a(3000, 'a'), b(3000, 'b');
    const pid_t pid = ::fork();
    BOOST_REQUIRE(pid >= 0);
    if (pid == 0) {
        for (int i = 0; i < 20; ++i)
            if (!append_line(folder / "log/l", a)) ::_exit(1);
        ::_exit(0);
    }
    for (int i = 0; i < 20; ++i) BOOST_TEST(append_line(folder / "log/l", b).has_value());
    int status = 0;
    BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
    BOOST_TEST(status == 0);
    std::ifstream in(folder / "log/l");
    int lines = 0;
    for (std::string line; std::getline(in, line); ++lines) BOOST_TEST((line == a || line == b));
    BOOST_TEST(lines == 40);
}

BOOST_AUTO_TEST_CASE(removing_what_is_not_there_is_fine) {
    const temporary_folder folder;
    BOOST_REQUIRE(write_file(folder / "f", ""));
    BOOST_TEST(remove_file(folder / "f").has_value());
    BOOST_TEST(!fs::exists(folder / "f"));
    BOOST_TEST(remove_file(folder / "f").has_value());
    BOOST_TEST((remove_file(folder.path()).error().code == errc::io));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace atomic_file_test
