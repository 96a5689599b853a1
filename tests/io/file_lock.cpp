// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/io/file_lock.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <csignal>

using namespace kf::io;
using kf::errc;
using kf::test::temporary_folder;

namespace {

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

} // namespace

BOOST_AUTO_TEST_SUITE(file_lock_suite)

BOOST_AUTO_TEST_CASE(a_second_taker_is_told_who_holds_it) {
    const temporary_folder folder;
    const auto first = file_lock::take(folder / "run/lock", "kflash flash octopus");
    BOOST_REQUIRE(first.has_value());
    const auto second = file_lock::take(folder / "run/lock", "kflash list");
    BOOST_REQUIRE(!second);
    BOOST_TEST((second.error().code == errc::busy));
    BOOST_TEST(second.error().cause == "it is held by kflash flash octopus, process " + std::to_string(::getpid()));
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
    BOOST_TEST(refused.error().cause == "it is held by victim, process " + std::to_string(pid));
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

BOOST_AUTO_TEST_SUITE_END()
