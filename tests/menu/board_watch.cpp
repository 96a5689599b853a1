// SPDX-License-Identifier: MIT
// The looks beside the menu: what has changed while one runs is seen by the next, and none is left behind.
#include "../../tools/kflash/board_watch.hpp"

#include "../temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace board_watch_test {

using namespace kf;
using kf::kflash::beside;
using kf::kflash::board_watch;

/// Commands that say nothing until they are told what.
struct told_commands {
    test::temporary_folder dir;
    std::vector<std::string> begun = {};

    result<beside> start(const std::vector<std::string>& words) {
        begun.push_back(words.front());
        const auto pipe = path_of(begun.size());
        BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
        return beside::start("/bin/cat", {pipe});
    }
    /// The command that was begun as number `n` of all, from 1.
    void say(std::size_t n, const std::string& line) const {
        const int fd = ::open(path_of(n).c_str(), O_WRONLY | O_CLOEXEC);
        BOOST_REQUIRE(::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
        ::close(fd);
    }
    [[nodiscard]] std::string path_of(std::size_t n) const { return (dir / std::to_string(n)).string(); }
};

/// Hears until a look at the boards has ended.
menu::board_list next_boards(board_watch& watch) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
        if (auto news = watch.hear(); news.boards) return *std::move(news.boards);
        std::vector<pollfd> all;
        for (const int fd : watch.fds()) all.push_back({fd, POLLIN, 0});
        ::poll(all.data(), all.size(), 10);
    }
    BOOST_FAIL("no look at the boards has ended");
    return {};
}
std::string row_of(const char* key, const char* flashable) {
    return fmt::format(R"({{"event":"result","kind":"device","state":"registered","key":"{}","name":"{}",)"
                       R"("flashable":{}}})"
                       "\n",
                       key, key, flashable);
}

BOOST_AUTO_TEST_SUITE(board_watch_suite)

BOOST_AUTO_TEST_CASE(what_changes_while_a_look_runs_is_seen_by_another_one_at_its_end) {
    told_commands commands;
    board_watch watch({}, [&](const std::vector<std::string>& words) { return commands.start(words); });
    using words = std::vector<std::string>;
    BOOST_REQUIRE(watch.look_again().has_value());
    BOOST_TEST((commands.begun == words{"status", "list"}));
    BOOST_REQUIRE(watch.look_again().has_value()); // a board was saved meanwhile
    BOOST_REQUIRE(watch.look_again().has_value()); // and one more
    BOOST_TEST((commands.begun == words{"status", "list"}));
    commands.say(2, row_of("pico", "true"));
    BOOST_TEST(next_boards(watch).rows.at(0).flashable);
    BOOST_TEST(watch.looks());
    BOOST_TEST((commands.begun == words{"status", "list", "list"}));
    commands.say(3, row_of("pico", "false"));
    BOOST_TEST(!next_boards(watch).rows.at(0).flashable);
    BOOST_TEST(!watch.looks()); // that is all
    // A look at the host that takes long is not begun a second time, nor forgotten as a child.
    BOOST_TEST(watch.is_busy());
    BOOST_REQUIRE(watch.look_again().has_value());
    BOOST_TEST((commands.begun == words{"status", "list", "list", "list"}));
    commands.say(4, "");
    BOOST_TEST(next_boards(watch).rows.empty());
    commands.say(1, "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace board_watch_test
