// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/io/posix_process.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <sstream>

namespace process_test {

using namespace kf::io;
using kf::errc;
using kf::seconds;
using kf::test::temporary_folder;

time_point soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

command shell(const std::string& script) { return {.argv = {"sh", "-c", script}}; }

std::string output_of(const command& c, const run_limits& limits = {.total = 60}) {
    std::string text;
    const auto r = posix_runner{}.run(c, limits, [&](std::string_view chunk) { text += chunk; });
    BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().what));
    return text + "=" + std::to_string(r->status);
}

/// Not there, or dead and only waiting for its new parent to notice.
bool is_gone(pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    if (!std::getline(in, text)) return true;
    const auto name_end = text.rfind(')');
    return name_end == std::string::npos || text.compare(name_end + 2, 1, "Z") == 0;
}
bool goes_away(pid_t pid) {
    const auto until = soon();
    while (!is_gone(pid)) {
        if (std::chrono::steady_clock::now() > until) return false;
        pollfd none{-1, 0, 0};
        ::poll(&none, 1, 5);
    }
    return true;
}

/// The handlers of this process while signals are remembered; back to what they were afterwards.
struct remembered_signals {
    std::map<int, struct sigaction> before;
    remembered_signals() {
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::sigaction(number, nullptr, &before[number]);
        interrupt::catch_signals();
    }
    ~remembered_signals() {
        interrupt::clear();
        for (auto& [number, action] : before) ::sigaction(number, &action, nullptr);
    }
};

/// A child that prints "ready" and then waits for a line in a FIFO: it ends when the test says so, not when time says.
struct waiting_child {
    temporary_folder folder;
    std::filesystem::path fifo = folder / "go";
    waiting_child() { BOOST_REQUIRE_EQUAL(::mkfifo(fifo.c_str(), 0600), 0); }
    [[nodiscard]] command run() const {
        return shell("echo ready; read line < '" + fifo.string() + "'; echo finished");
    }
    void release() const {
        const unique_fd fd(::open(fifo.c_str(), O_RDWR | O_NONBLOCK));
        BOOST_TEST(::write(fd.get(), "go\n", 3) == 3);
        kept = ::dup(fd.get()); // the line is lost when the last descriptor goes before the child has read it
    }
    mutable int kept = -1;
    ~waiting_child() {
        if (kept >= 0) ::close(kept);
    }
};

BOOST_AUTO_TEST_SUITE(process_suite)

BOOST_AUTO_TEST_CASE(streams_both_outputs_and_gives_the_status) {
    BOOST_TEST(output_of(shell("echo out; echo err >&2; exit 3")) == "out\nerr\n=3");
    BOOST_TEST(output_of({.argv = {"true"}}) == "=0");
    BOOST_TEST(output_of(shell("kill -9 $$")) == "=137");
}

BOOST_AUTO_TEST_CASE(arguments_reach_the_program_as_they_are) {
    BOOST_TEST(output_of({.argv = {"printf", "%s|", "$(id) ; 'x'", "", "a b"}}) == "$(id) ; 'x'||a b|=0");
}

BOOST_AUTO_TEST_CASE(stdin_is_empty_and_never_ours) { BOOST_TEST(output_of({.argv = {"cat"}}) == "=0"); }

BOOST_AUTO_TEST_CASE(a_missing_program_is_not_found_and_names_the_command) {
    const auto r = posix_runner{}.run({.argv = {"kf-no-such-program", "-x"}}, {}, {});
    BOOST_REQUIRE(!r);
    BOOST_TEST((r.error().code == errc::not_found));
    BOOST_TEST(r.error().command == "kf-no-such-program -x");
    BOOST_TEST((posix_runner{}.run({.argv = {"/etc/passwd"}}, {}, {}).error().code == errc::io));
    BOOST_TEST((posix_runner{}.run({}, {}, {}).error().code == errc::usage));
    BOOST_TEST(!posix_runner{}.run({.argv = {"true"}, .cwd = "/no/such/folder"}, {}, {}).has_value());
}

BOOST_AUTO_TEST_CASE(folder_and_environment_are_the_commands) {
    command c = shell("pwd; echo $KF_A-$HOME");
    c.cwd = "/usr";
    c.environment = {{"KF_A", "x y"}, {"HOME", "/nowhere"}};
    BOOST_TEST(output_of(c) == "/usr\nx y-/nowhere\n=0");
}

BOOST_AUTO_TEST_CASE(a_program_is_looked_up_in_the_path_of_the_command) {
    const temporary_folder folder;
    std::ofstream(folder / "kf-stand-in") << "#!/bin/sh\necho stand-in\n";
    ::chmod((folder / "kf-stand-in").c_str(), 0755);
    command c{.argv = {"kf-stand-in"}};
    c.environment = {{"PATH", folder.path().string() + ":/usr/bin:/bin"}};
    BOOST_TEST(output_of(c) == "stand-in\n=0");
}

BOOST_AUTO_TEST_CASE(only_what_is_kept_open_is_inherited) {
    int ends[2];
    BOOST_REQUIRE_EQUAL(::pipe2(ends, O_CLOEXEC), 0);
    const unique_fd in(ends[0]), out(ends[1]);
    const auto n = std::to_string(out.get());
    command c = shell("if [ -e /proc/self/fd/" + n + " ]; then echo open; else echo closed; fi");
    BOOST_TEST(output_of(c) == "closed\n=0");
    c.keep_open = {out.get()};
    BOOST_TEST(output_of(c) == "open\n=0");
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_the_child_and_its_grandchildren) {
    std::string pid;
    const auto r = posix_runner{}.run(shell("sh -c 'sleep 1000 & echo $!; wait' & wait"), {.total = 0.3},
                                      [&](std::string_view chunk) { pid += chunk; });
    BOOST_REQUIRE(!r);
    BOOST_TEST((r.error().code == errc::timeout));
    BOOST_TEST(r.error().what == "sh took too long and was ended");
    BOOST_REQUIRE(!pid.empty());
    BOOST_TEST(goes_away(std::stoi(pid)));
}

BOOST_AUTO_TEST_CASE(a_child_that_ignores_sigterm_is_ended_too) {
    std::string pid;
    const auto r = posix_runner{}.run(shell("trap '' TERM; echo $$; while :; do sleep 1000; done"), {.total = 0.3},
                                      [&](std::string_view chunk) { pid += chunk; });
    BOOST_TEST((r.error().code == errc::timeout));
    BOOST_REQUIRE(!pid.empty());
    BOOST_TEST(goes_away(std::stoi(pid)));
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_a_child_that_never_stops_writing) {
    std::size_t count = 0;
    const auto r =
        posix_runner{}.run({.argv = {"yes"}}, {.total = 0.2}, [&](std::string_view chunk) { count += chunk.size(); });
    BOOST_TEST((r.error().code == errc::timeout));
    BOOST_TEST(count > 0U);
}

BOOST_AUTO_TEST_CASE(no_grandchild_outlives_the_run_whether_it_holds_the_output_or_not) {
    for (const char* redirection : {"", " >/dev/null 2>&1"}) {
        const auto text = output_of(shell(std::string("sleep 1000") + redirection + " & echo $!"));
        BOOST_TEST(text.ends_with("\n=0"));
        BOOST_TEST(goes_away(std::stoi(text)));
    }
}

BOOST_AUTO_TEST_CASE(silence_ends_a_child_that_hangs) {
    const auto r = posix_runner{}.run(shell("echo first; sleep 1000"), {.silence = 0.2}, {});
    BOOST_TEST((r.error().code == errc::timeout));
    BOOST_TEST(r.error().what == "sh was silent for too long and was ended");
}

BOOST_AUTO_TEST_CASE(a_signal_to_us_ends_the_child) {
    const remembered_signals signals;
    const auto r = posix_runner{}.run(shell("echo ready; sleep 1000"), {}, [](std::string_view) { ::raise(SIGTERM); });
    BOOST_REQUIRE(!r);
    BOOST_TEST((r.error().code == errc::interrupted));
    BOOST_TEST(interrupt::pending() == SIGTERM);
    // What must be done although a signal is pending says so.
    BOOST_TEST(posix_runner{}.run({.argv = {"true"}}, {.interruptible = false}, {}).has_value());
}

BOOST_AUTO_TEST_CASE(d14_a_flasher_that_writes_is_ended_neither_by_the_deadline_nor_by_a_signal) {
    const remembered_signals signals;
    const waiting_child child;
    const auto began = std::chrono::steady_clock::now();
    std::string text;
    bool writing = false, released = false;
    run_limits limits{.total = 0.1};
    limits.held = [&] {
        // Long after the deadline, and with a signal pending, it still runs; then it may finish.
        if (writing && !released && std::chrono::steady_clock::now() - began > std::chrono::milliseconds(400)) {
            BOOST_TEST(interrupt::pending() == SIGINT);
            child.release();
            released = true;
        }
        return writing;
    };
    const auto r = posix_runner{}.run(child.run(), limits, [&](std::string_view chunk) {
        text += chunk;
        if (!std::exchange(writing, true)) ::raise(SIGINT);
    });
    BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().what));
    BOOST_TEST(released);
    BOOST_TEST(r->status == 0);
    BOOST_TEST(text == "ready\nfinished\n");
    BOOST_TEST(r->elapsed > 0.4);
}

BOOST_AUTO_TEST_CASE(d14_a_flasher_that_writes_is_ended_by_long_silence) {
    run_limits limits{.total = 0.01};
    limits.held = [] { return true; };
    limits.silence_while_held = 0.2;
    const auto r = posix_runner{}.run(shell("echo writing; sleep 1000"), limits, {});
    BOOST_REQUIRE(!r);
    BOOST_TEST((r.error().code == errc::timeout));
    BOOST_TEST(r.error().what == "sh was silent for too long and was ended");
}

BOOST_AUTO_TEST_CASE(a_spawn_is_an_effect) {
    static std::string seen;
    installed_effect_probe = [](effect_kind kind, std::string_view what) -> kf::result<void> {
        seen = std::string(name(kind)) + ": " + std::string(what);
        return kf::fail(errc::io, "made to fail");
    };
    const auto r = posix_runner{}.run({.argv = {"echo", "a b"}}, {}, {});
    installed_effect_probe = nullptr;
    BOOST_TEST(!r.has_value());
    BOOST_TEST(seen == "spawn: echo 'a b'");
}

BOOST_AUTO_TEST_CASE(children_are_waited_for_although_we_were_started_with_sigchld_ignored) {
    struct sigaction before{};
    ::sigaction(SIGCHLD, nullptr, &before);
    ::signal(SIGCHLD, SIG_IGN);
    BOOST_TEST(output_of(shell("exit 5"), {.total = 10}) == "=5");
    ::sigaction(SIGCHLD, &before, nullptr);
}

BOOST_AUTO_TEST_CASE(a_command_is_shown_as_a_person_can_paste_it) {
    BOOST_TEST(to_string(command{.argv = {"make", "OUT=/tmp/a b/", "-j4", "", "it's"}}) ==
               "make 'OUT=/tmp/a b/' -j4 '' 'it'\\''s'");
    BOOST_TEST(to_string(command{.argv = {"x"}, .environment = {{"A", "$B"}}}) == "A='$B' x");
}

BOOST_AUTO_TEST_CASE(a_capture_is_bounded) {
    posix_runner runner;
    const auto r = run_and_capture(runner, {.argv = {"seq", "1", "10000"}}, 60, 10);
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->second == "1\n2\n3\n4\n5\n");
    BOOST_TEST(r->first.status == 0);
}

BOOST_AUTO_TEST_CASE(lines_are_cut_at_newlines_and_at_returns_wherever_the_chunks_end) {
    const std::string text = "one\ntwo\r\n\nthree\r50%\r100%\r\r\nlast";
    for (std::size_t size = 1; size <= text.size(); ++size) {
        line_splitter splitter;
        std::string lines;
        const auto keep = [&](std::string_view line) { lines += "[" + std::string(line) + "]"; };
        for (std::size_t i = 0; i < text.size(); i += size) splitter.feed(std::string_view(text).substr(i, size), keep);
        splitter.finish(keep);
        BOOST_TEST(lines == "[one][two][][three][50%][100%][last]");
    }
}

BOOST_AUTO_TEST_CASE(a_line_without_end_is_cut_off) {
    line_splitter splitter;
    std::size_t longest = 0;
    splitter.feed(std::string(1'000'000, 'x') + "\n", [&](std::string_view line) { longest = line.size(); });
    BOOST_TEST(longest == 4096U);
}

BOOST_AUTO_TEST_CASE(a_piped_child_talks_in_lines_and_has_a_session_of_its_own) {
    auto child = piped_child::start({.argv = {"cat"}});
    BOOST_REQUIRE(child.has_value());
    BOOST_TEST(::getsid(child->pid()) == child->pid());
    BOOST_TEST(child->write_line("hello").has_value());
    BOOST_TEST(child->write_line("").has_value());
    BOOST_TEST(child->read_line(soon()).value() == "hello");
    BOOST_TEST(child->read_line(soon()).value() == "");
    BOOST_TEST((child->read_line(time_point::min()).error().code == errc::timeout));
    BOOST_TEST(!child->wait(time_point::min()).has_value());
    child->close_input();
    BOOST_TEST((child->read_line(soon()).error().code == errc::connection_lost));
    BOOST_TEST(child->wait(soon()).value() == 0);
}

BOOST_AUTO_TEST_CASE(closing_the_pipe_is_how_a_piped_child_learns_that_we_are_gone) {
    const temporary_folder folder;
    const auto trace = folder / "trace";
    pid_t pid = -1;
    {
        const auto child =
            piped_child::start(shell("while read line; do :; done; echo restored > '" + trace.string() + "'"));
        BOOST_REQUIRE(child.has_value());
        pid = child->pid();
    }
    BOOST_TEST(goes_away(pid));
    std::ifstream in(trace);
    std::string text;
    std::getline(in, text);
    BOOST_TEST(text == "restored");
    ::waitpid(pid, nullptr, WNOHANG);
}

BOOST_AUTO_TEST_CASE(ending_a_piped_child_ends_its_grandchildren) {
    auto child = piped_child::start(shell("sleep 1000 & echo $!; wait"));
    BOOST_REQUIRE(child.has_value());
    const pid_t grandchild = std::stoi(child->read_line(soon()).value());
    child->end();
    BOOST_TEST(goes_away(grandchild));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace process_test
