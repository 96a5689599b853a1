// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/io/file_lock.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <csignal>

namespace file_lock_test {

using namespace kf::io;
using kf::errc;
using kf::test::temporary_folder;

/// Time that passes only by being waited for.
struct counting_clock {
    time_point* present;
    int* waits;
    [[nodiscard]] time_point now() const { return *present; }
    void sleep_until(time_point t) const {
        *present = t;
        ++*waits;
    }
};
static_assert(kf::io::clock<counting_clock>);

BOOST_AUTO_TEST_SUITE(file_lock_suite)

BOOST_AUTO_TEST_CASE(a_second_taker_is_told_who_holds_it) {
    const temporary_folder folder;
    const auto first = file_lock::take(folder / "run/lock", "kflash flash octopus");
    BOOST_REQUIRE(first.has_value());
    const auto second = file_lock::take(folder / "run/lock", "kflash list");
    BOOST_REQUIRE(!second);
    BOOST_TEST((second.error().code == errc::busy));
    BOOST_TEST(second.error().cause.starts_with("it is held by kflash flash octopus, process " +
                                                std::to_string(::getpid()) + ", for "));
    BOOST_TEST(!second.error().steps.empty());
}

BOOST_AUTO_TEST_CASE(a_lock_ends_with_its_owner_and_the_next_name_replaces_the_last) {
    const temporary_folder folder;
    {
        const auto first = file_lock::take(folder / "lock", "a holder with a very long name");
        BOOST_REQUIRE(first.has_value());
    }
    auto second = file_lock::take(folder / "lock", "b");
    BOOST_REQUIRE(second.has_value());
    BOOST_TEST(read_file(folder / "lock").value() == std::to_string(::getpid()) + " b\n");
    {
        const file_lock moved = std::move(*second);
        BOOST_TEST(!file_lock::take(folder / "lock", "c").has_value());
    }
    BOOST_TEST(file_lock::take(folder / "lock", "c").has_value());
}

BOOST_AUTO_TEST_CASE(waits_until_the_deadline_of_the_given_clock) {
    const temporary_folder folder;
    const auto first = file_lock::take(folder / "lock", "a");
    BOOST_REQUIRE(first.has_value());
    time_point present{std::chrono::seconds(1000)};
    int waits = 0;
    const auto second =
        file_lock::take(folder / "lock", "b", present + std::chrono::seconds(1), counting_clock{&present, &waits});
    BOOST_TEST((second.error().code == errc::busy));
    BOOST_TEST(waits == 50); // every 20 ms
    BOOST_TEST((present == time_point{std::chrono::seconds(1001)}));
}

BOOST_AUTO_TEST_CASE(the_lock_of_a_killed_process_blocks_nobody) {
    const temporary_folder folder;
    int ready[2];
    BOOST_REQUIRE_EQUAL(::pipe(ready), 0);
    const pid_t pid = ::fork();
    BOOST_REQUIRE(pid >= 0);
    if (pid == 0) {
        const auto held = file_lock::take(folder / "lock", "victim");
        (void)!::write(ready[1], held ? "y" : "n", 1);
        for (;;) ::pause();
    }
    char answer = 0;
    BOOST_REQUIRE_EQUAL(::read(ready[0], &answer, 1), 1);
    BOOST_TEST(answer == 'y');
    const auto refused = file_lock::take(folder / "lock", "me");
    BOOST_TEST(refused.error().cause.starts_with("it is held by victim, process " + std::to_string(pid) + ", for "));
    ::kill(pid, SIGKILL);
    BOOST_REQUIRE_EQUAL(::waitpid(pid, nullptr, 0), pid);
    BOOST_TEST(file_lock::take(folder / "lock", "me").has_value());
    ::close(ready[0]);
    ::close(ready[1]);
}

BOOST_AUTO_TEST_CASE(a_link_in_the_place_of_a_lock_is_not_followed) {
    const temporary_folder folder;
    BOOST_REQUIRE(write_file(folder / "precious", "text"));
    fs::create_symlink(folder / "precious", folder / "lock");
    BOOST_TEST((file_lock::take(folder / "lock", "me").error().code == errc::io));
    BOOST_TEST(read_file(folder / "precious").value() == "text");
}
/// `flock -x FILE` of somebody else: it holds the lock and leaves the text as it is.
struct stranger {
    pid_t pid = -1;
    int ready[2] = {-1, -1};
    explicit stranger(const fs::path& lock) {
        BOOST_REQUIRE_EQUAL(::pipe(ready), 0);
        pid = ::fork();
        if (pid == 0) {
            const int fd = ::open(lock.c_str(), O_RDWR | O_CLOEXEC);
            (void)!::write(ready[1], ::flock(fd, LOCK_EX) == 0 ? "y" : "n", 1);
            for (;;) ::pause();
        }
        char answer = 0;
        BOOST_REQUIRE_EQUAL(::read(ready[0], &answer, 1), 1);
        BOOST_REQUIRE(answer == 'y');
    }
    ~stranger() {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        ::close(ready[0]);
        ::close(ready[1]);
    }
};

BOOST_AUTO_TEST_CASE(b26_a_stale_name_is_not_blamed_for_a_lock_that_another_process_holds) {
    const temporary_folder folder;
    BOOST_REQUIRE(write_file(folder / "lock", "1 kplot run sheep.svg\n")); // process 1 lives, and holds nothing
    const stranger holder(folder / "lock");
    const auto refused = file_lock::take(folder / "lock", "me");
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().cause.starts_with("it is held by process " + std::to_string(holder.pid)));
    BOOST_TEST(refused.error().cause.find("sheep") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_lock_that_a_child_inherited_is_said_to_be_left_at_work) {
    const temporary_folder folder;
    int ready[2], left[2];
    BOOST_REQUIRE_EQUAL(::pipe(ready), 0);
    BOOST_REQUIRE_EQUAL(::pipe(left), 0);
    const pid_t run = ::fork();
    if (run == 0) {
        auto held = file_lock::take(folder / "lock", "kflash flash octopus");
        const pid_t flasher = ::fork();
        if (flasher == 0) {
            char end = 0;
            ::close(left[1]);
            (void)!::read(left[0], &end, 1); // until the test is over
            ::_exit(0);
        }
        (void)!::write(ready[1], held ? "y" : "n", 1);
        ::_exit(0);
    }
    char answer = 0;
    BOOST_REQUIRE_EQUAL(::read(ready[0], &answer, 1), 1);
    BOOST_REQUIRE_EQUAL(::waitpid(run, nullptr, 0), run);
    const auto refused = file_lock::take(folder / "lock", "me");
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().cause.starts_with("it is held by what kflash flash octopus (process " +
                                                 std::to_string(run) + ", which has ended) left at work"));
    for (const int fd : {ready[0], ready[1], left[0], left[1]}) ::close(fd);
}

BOOST_AUTO_TEST_CASE(the_kernels_list_names_the_owner_of_a_lock_and_not_who_waits_for_it) {
    struct stat file{};
    file.st_dev = ::makedev(0xfd, 1);
    file.st_ino = 1049;
    const std::string locks = "1: POSIX  ADVISORY  WRITE 11 fd:01:1049 0 EOF\n"
                              "2: FLOCK  ADVISORY  WRITE 12 fd:01:10490 0 EOF\n"
                              "3: -> FLOCK  ADVISORY  WRITE 13 fd:01:1049 0 EOF\n"
                              "3: FLOCK  ADVISORY  WRITE 14 fd:01:1049 0 EOF\n";
    BOOST_TEST(flock_owner(locks, file).value_or(0) == 14);
    BOOST_TEST(!flock_owner("", file).has_value());
    BOOST_TEST(!flock_owner("3: FLOCK  ADVISORY  WRITE 0 fd:01:1049 0 EOF\n", file).has_value()); // another namespace
    BOOST_TEST(!flock_owner("3: FLOCK", file).has_value());
}

BOOST_AUTO_TEST_CASE(a_fifo_in_the_place_of_a_lock_is_not_waited_for) {
    const temporary_folder folder;
    BOOST_REQUIRE_EQUAL(::mkfifo((folder / "lock").c_str(), 0600), 0);
    (void)file_lock::take(folder / "lock", "me"); // any answer will do: it is one
    BOOST_REQUIRE_EQUAL(::mkfifo((folder / "ledger").c_str(), 0600), 0);
    BOOST_TEST(!append_line(folder / "ledger", "{}").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace file_lock_test
