// SPDX-License-Identifier: MIT
// host::guard() in a process of its own, over real pipes, with a manager that only writes down what it is asked.
#include "../temporary_folder.hpp"

#include <kf/host/guardian.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace guardian_test {

using namespace kf::host;
using kf::errc;
using kf::result;
using kf::test::temporary_folder;

/// Jobs as lines of a file: "stop klipper.service", "pause 200".
struct written_jobs {
    std::filesystem::path file;
    void write(const std::string& line) const { std::ofstream(file, std::ios::app) << line << std::endl; }
    [[nodiscard]] std::string text() const {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    [[nodiscard]] bool has(const std::string& line) const { return text().find(line + "\n") != std::string::npos; }
};

struct noting_manager {
    written_jobs jobs;
    int stops_that_fail = 0, starts_that_fail = 0;
    std::filesystem::path stop_waits_for = {}; ///< a stop job that takes until this file is there

    [[nodiscard]] result<std::vector<unit_state>> klippy_units() const { return std::vector<unit_state>{}; }
    int starts_that_lie = 0; ///< the job says yes and the unit does not run
    bool up = true;

    [[nodiscard]] result<unit_state> show(const std::string& unit) const {
        return unit_state{unit, "loaded", up ? "active" : "inactive", up ? "running" : "dead", 0};
    }
    [[nodiscard]] result<void> stop(const std::string& unit) {
        jobs.write("stop " + unit);
        while (!stop_waits_for.empty() && !std::filesystem::exists(stop_waits_for)) {
            pollfd none{-1, 0, 0};
            ::poll(&none, 1, 2);
        }
        up = false;
        if (stops_that_fail-- > 0) return kf::fail(kf::error{errc::failed, "cannot stop " + unit, "Access\ndenied"});
        return {};
    }
    [[nodiscard]] result<void> start(const std::string& unit) {
        jobs.write("start " + unit);
        if (starts_that_fail-- > 0) return kf::fail(errc::failed, "cannot start " + unit);
        up = starts_that_lie-- <= 0;
        return {};
    }
};
static_assert(service_manager<noting_manager>);

/// Nobody waits: a pause is written down and has passed.
struct skipping_clock {
    written_jobs jobs;
    kf::io::time_point time = kf::io::time_point(std::chrono::hours(1));
    [[nodiscard]] kf::io::time_point now() const { return time; }
    void sleep_until(kf::io::time_point t) {
        jobs.write("pause " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(t - time).count()));
        time = t;
    }
};

/// What may go wrong, and the units.
struct world {
    int stops_that_fail = 0, starts_that_fail = 0, starts_that_lie = 0;
    bool slow_stop = false;
    std::vector<std::string> units = {"klipper.service"};
};

class guardian {
  public:
    explicit guardian(const world& w = {})
      : go_(folder_ / "go") {
        std::ofstream(journal_) << "klipper.service\n";
        BOOST_REQUIRE_EQUAL(::pipe(in_), 0);
        BOOST_REQUIRE_EQUAL(::pipe(out_), 0);
        pid_ = ::fork();
        BOOST_REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            ::close(in_[1]);
            ::close(out_[0]);
            noting_manager manager{jobs_, w.stops_that_fail, w.starts_that_fail, {}, w.starts_that_lie};
            if (w.slow_stop) manager.stop_waits_for = go_;
            const bool restored = guard(manager, w.units, in_[0], out_[1], skipping_clock{jobs_}, owed_units{journal_});
            ::_exit(restored ? 0 : 1);
        }
        ::close(in_[0]);
        ::close(out_[1]);
        BOOST_TEST(next_line() == "kflash guardian armed");
    }
    ~guardian() {
        leave();
        ::close(out_[0]);
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    void say(const std::string& text) const {
        BOOST_REQUIRE_EQUAL(::write(in_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    /// What came of the order that it said at once to have taken, or its line when it took none.
    [[nodiscard]] std::string answer() const {
        const auto line = next_line();
        return line.ends_with(" taken") ? next_line() : line;
    }
    /// Its next line; "(end)" when it is gone.
    [[nodiscard]] std::string next_line() const {
        std::string line;
        for (char c = 0; ::read(out_[0], &c, 1) == 1;) {
            if (c == '\n') return line;
            line += c;
        }
        return "(end)";
    }
    /// As when kflash is killed: the pipe ends.
    void leave() {
        if (in_[1] >= 0) ::close(in_[1]);
        in_[1] = -1;
    }
    void stop_listening() {
        ::close(out_[0]);
        out_[0] = -1;
    }
    /// Its exit status, once it has ended.
    [[nodiscard]] int end() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    void signal(int number) const { ::kill(pid_, number); }
    void let_the_stop_finish() const { std::ofstream(go_) << "go"; }
    void wait_for(const std::string& job) const {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!jobs_.has(job)) {
            BOOST_REQUIRE(std::chrono::steady_clock::now() < until);
            pollfd none{-1, 0, 0};
            ::poll(&none, 1, 2);
        }
    }
    [[nodiscard]] std::string jobs() const { return jobs_.text(); }
    [[nodiscard]] bool still_owes_a_start() const { return std::filesystem::exists(journal_); }

  private:
    temporary_folder folder_;
    std::filesystem::path go_;
    std::filesystem::path journal_ = folder_ / "stopped-units";
    written_jobs jobs_{folder_ / "jobs"};
    int in_[2] = {-1, -1}, out_[2] = {-1, -1};
    pid_t pid_ = -1;
};

BOOST_AUTO_TEST_CASE(the_guardian_stops_and_starts_when_told_and_leaves_when_done) {
    guardian g;
    g.say("1 stop\n");
    BOOST_TEST(g.answer() == "1 ok");
    g.say("2 start\n");
    BOOST_TEST(g.answer() == "2 ok");
    g.say("done\n");
    BOOST_TEST(g.answer() == "(end)");
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "stop klipper.service\nstart klipper.service\n");
}

BOOST_AUTO_TEST_CASE(a_guardian_that_stopped_nothing_starts_nothing) {
    guardian g;
    g.leave();
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "");
}

BOOST_AUTO_TEST_CASE(d2_the_guardian_starts_what_was_stopped_when_kflash_is_gone) {
    guardian g;
    g.say("1 stop\n");
    BOOST_TEST(g.answer() == "1 ok");
    g.leave();
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "stop klipper.service\nstart klipper.service\n");
}

BOOST_AUTO_TEST_CASE(d2_a_kflash_that_dies_during_the_stop_gets_its_service_back) {
    guardian g({.slow_stop = true});
    g.say("1 stop\n");
    g.wait_for("stop klipper.service");
    g.stop_listening(); // the answer goes nowhere
    g.leave();
    g.let_the_stop_finish();
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "stop klipper.service\nstart klipper.service\n");
}

BOOST_AUTO_TEST_CASE(b30_a_stop_from_somebody_who_is_gone_is_not_obeyed) {
    guardian g;
    g.signal(SIGSTOP);
    g.say("1 stop\n");
    g.leave();
    g.signal(SIGCONT);
    BOOST_TEST(g.next_line() == "1 taken");
    BOOST_TEST(g.next_line() == "1 error whoever asked is gone");
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "");
}

BOOST_AUTO_TEST_CASE(a_done_while_the_service_is_down_starts_it_first) {
    guardian g;
    g.say("1 stop\ndone\n");
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "stop klipper.service\nstart klipper.service\n");
}

BOOST_AUTO_TEST_CASE(d3_a_stop_that_failed_counts_as_a_stop) {
    guardian g({.stops_that_fail = 1});
    g.say("1 stop\n");
    BOOST_TEST(g.answer() == "1 error cannot stop klipper.service: Access denied"); // one line, whatever the cause has
    g.leave();
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "stop klipper.service\nstart klipper.service\n");
}

BOOST_AUTO_TEST_CASE(a_start_that_fails_is_tried_again_with_growing_pauses) {
    guardian g({.starts_that_fail = 4});
    g.say("1 stop\n2 start\n");
    BOOST_TEST(g.answer() == "1 ok");
    BOOST_TEST(g.answer() == "2 error cannot start klipper.service");
    g.leave();
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "stop klipper.service\n"
                           "start klipper.service\n"
                           "start klipper.service\npause 200\n"
                           "start klipper.service\npause 400\n"
                           "start klipper.service\npause 800\n"
                           "start klipper.service\n");
}

BOOST_AUTO_TEST_CASE(a_start_that_never_works_ends_after_two_minutes_with_a_bad_status) {
    guardian g({.starts_that_fail = 1'000'000});
    g.say("1 stop\n");
    BOOST_TEST(g.answer() == "1 ok");
    g.leave();
    BOOST_TEST(g.end() == 1);
    long waited = 0;
    std::istringstream jobs(g.jobs());
    for (std::string word; jobs >> word;)
        if (word == "pause") {
            long ms = 0;
            jobs >> ms;
            BOOST_TEST(ms <= 10'000);
            waited += ms;
        }
    BOOST_TEST(waited >= 120'000);
    BOOST_TEST(waited < 130'001);
}

BOOST_AUTO_TEST_CASE(every_unit_is_started_although_the_first_one_fails) {
    guardian g({.starts_that_fail = 1, .units = {"klipper.service", "klipper-2.service"}});
    g.say("1 stop\n2 start\n");
    BOOST_TEST(g.answer() == "1 ok");
    BOOST_TEST(g.answer() == "2 error cannot start klipper.service");
    g.say("2 start\n");
    BOOST_TEST(g.answer() == "2 ok");
    g.say("done\n");
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "stop klipper.service\nstop klipper-2.service\n"
                           "start klipper.service\nstart klipper-2.service\n"
                           "start klipper.service\nstart klipper-2.service\n");
}

BOOST_AUTO_TEST_CASE(d2_signals_to_the_guardian_change_nothing) {
    guardian g;
    g.say("1 stop\n");
    BOOST_TEST(g.answer() == "1 ok");
    for (int number = 1; number <= SIGRTMAX; ++number)
        if (number != SIGKILL && number != SIGSTOP && (number < 32 || number >= SIGRTMIN)) g.signal(number);
    g.say("2 start\n");
    BOOST_TEST(g.answer() == "2 ok");
    g.say("done\n");
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "stop klipper.service\nstart klipper.service\n");
}

BOOST_AUTO_TEST_CASE(a_word_that_the_guardian_does_not_know_does_nothing) {
    guardian g;
    g.say("1 stop klipper.service\n");
    BOOST_TEST(g.answer() == "1 error unknown command 1 stop klipper.service");
    g.say("stop\n"); // without a number nobody could tell which answer belongs to it
    BOOST_TEST(g.answer() == "0 error unknown command stop");
    g.say(std::string(300, 'x') + "\n");
    BOOST_TEST(g.answer() == "0 error unknown command " + std::string(64, 'x'));
    g.say("1 stop"); // no end of line: half a word is no order
    g.leave();
    BOOST_TEST(g.end() == 0);
    BOOST_TEST(g.jobs() == "");
}

BOOST_AUTO_TEST_CASE(d4_a_start_that_lies_is_no_start_and_stays_owed) {
    guardian g({.starts_that_lie = 2});
    g.say("1 stop\n2 start\n");
    BOOST_TEST(g.answer() == "1 ok");
    BOOST_TEST(g.answer() == "2 error klipper.service is inactive (dead) after its start");
    BOOST_TEST(g.still_owes_a_start());
    g.leave();
    BOOST_TEST(g.end() == 0); // the third start is a true one
    BOOST_TEST(!g.still_owes_a_start());
}

} // namespace guardian_test
