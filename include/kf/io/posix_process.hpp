// SPDX-License-Identifier: MIT
#pragma once
/// The process_runner of a real machine, and children that we talk to through pipes (the guardian, ksim).

#include <kf/io/effect.hpp>
#include <kf/io/fd_stream.hpp>
#include <kf/io/interrupt.hpp>
#include <kf/io/process.hpp>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

extern "C" char** environ; // NOLINT

namespace kf::io {

namespace detail {

/// Where a child's three standard streams go; -1 leaves ours.
struct child_streams {
    int in = -1, out = -1, err = -1;
};

enum class child_group { ours, own_session };

/// Everything that allocates happens before fork(): between fork and exec only async-signal-safe calls are made.
[[nodiscard]] inline result<pid_t> start(const command& c, child_streams streams, child_group group) {
    if (c.argv.empty()) return kf::fail(errc::usage, "an empty command");
    KF_CHECK(effect(effect_kind::spawn, to_string(c)));

    std::vector<std::string> variables;
    for (char** v = environ; *v != nullptr; ++v) {
        const std::string_view text(*v);
        const auto key = text.substr(0, text.find('='));
        if (!c.but_for.empty() && key.starts_with(c.but_for)) continue;
        bool replaced = false;
        for (const auto& [name, value] : c.environment) replaced = replaced || name == key;
        if (!replaced) variables.emplace_back(text);
    }
    for (const auto& [name, value] : c.environment) variables.push_back(name + "=" + value);
    if (c.run_as && ::geteuid() == 0)
        if (const passwd* user = ::getpwuid(c.run_as->uid)) {
            std::erase_if(variables, [](const std::string& v) {
                return v.starts_with("HOME=") || v.starts_with("USER=") || v.starts_with("LOGNAME=");
            });
            variables.push_back(std::string("HOME=") + user->pw_dir);
            variables.push_back(std::string("USER=") + user->pw_name);
            variables.push_back(std::string("LOGNAME=") + user->pw_name);
        }
    std::vector<char*> env, argv;
    for (auto& v : variables) env.push_back(v.data());
    env.push_back(nullptr);
    // As that user: with the groups, and for programs that look there, the home of that user.
    std::vector<gid_t> groups;
    if (c.run_as && ::geteuid() == 0)
        if (const passwd* user = ::getpwuid(c.run_as->uid)) {
            int count = 64;
            groups.resize(static_cast<std::size_t>(count));
            count = ::getgrouplist(user->pw_name, c.run_as->gid, groups.data(), &count) < 0 ? 0 : count;
            groups.resize(static_cast<std::size_t>(count));
        }
    std::vector<std::string> words = c.argv;
    for (auto& w : words) argv.push_back(w.data());
    argv.push_back(nullptr);

    struct sigaction child_action{};
    ::sigaction(SIGCHLD, nullptr, &child_action);
    // Inherited from whoever started us, it would make children vanish before their status is read.
    if (child_action.sa_handler == SIG_IGN) ::signal(SIGCHLD, SIG_DFL);

    int report[2]; // exec closes it; a failed exec writes its errno
    if (::pipe2(report, O_CLOEXEC) != 0) return kf::fail(system_error("pipe"));
    unique_fd report_read(report[0]), report_write(report[1]);

    sigset_t all, old;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &old);
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (group == child_group::own_session) ::setsid();
        const int wanted[3] = {streams.in, streams.out, streams.err};
        bool ok = true;
        for (int i = 0; i < 3; ++i)
            if (wanted[i] == i)
                ::fcntl(i, F_SETFD, 0); // dup2 of a descriptor onto itself keeps close-on-exec
            else if (wanted[i] >= 0 && ::dup2(wanted[i], i) < 0)
                ok = false;
        for (const int fd : c.keep_open) ::fcntl(fd, F_SETFD, 0);
        if (ok && !c.cwd.empty() && ::chdir(c.cwd.c_str()) != 0) ok = false;
        if (ok && c.run_as && ::geteuid() == 0)
            ok = ::setgroups(groups.size(), groups.data()) == 0 && ::setgid(c.run_as->gid) == 0 &&
                 ::setuid(c.run_as->uid) == 0;
        for (int number = 1; number <= SIGRTMAX; ++number) ::signal(number, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
        ::environ = env.data(); // so that PATH is the child's
        if (ok) ::execvp(argv[0], argv.data());
        const int number = errno;
        (void)!::write(report_write.get(), &number, sizeof number);
        ::_exit(127);
    }
    const int fork_errno = errno;
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
    if (pid < 0) return kf::fail(system_error("fork", fork_errno));
    report_write.reset();
    int number = 0;
    ssize_t n;
    do n = ::read(report_read.get(), &number, sizeof number);
    while (n < 0 && errno == EINTR);
    if (n == sizeof number) {
        ::waitpid(pid, nullptr, 0);
        if (number == ENOENT)
            return kf::fail(error{errc::not_found, "there is no program " + c.argv[0], {}, to_string(c), {}});
        auto e = system_error("cannot start " + c.argv[0], number);
        e.command = to_string(c);
        return kf::fail(std::move(e));
    }
    return pid;
}

[[nodiscard]] inline int exit_code(int wait_status) noexcept {
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/// True when the child has ended; it is not reaped, so that its id keeps naming its group.
[[nodiscard]] inline bool has_ended(pid_t pid) noexcept {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/// TERM to the group, two seconds of grace, KILL. Returns when the leader is reaped, or two seconds later: what runs
/// under sudo is root's and cannot be ended by us.
inline int end_group(pid_t pid) noexcept {
    ::kill(-pid, SIGTERM);
    ::kill(-pid, SIGCONT);
    int status = 0;
    const auto grace = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    bool reaped = false;
    while (std::chrono::steady_clock::now() < grace) {
        if (!reaped) reaped = ::waitpid(pid, &status, WNOHANG) == pid;
        if (reaped && ::kill(-pid, 0) != 0 && errno == ESRCH) return exit_code(status);
        pollfd none{-1, 0, 0};
        ::poll(&none, 1, 10);
    }
    ::kill(-pid, SIGKILL);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (!reaped && std::chrono::steady_clock::now() < give_up) {
        reaped = ::waitpid(pid, &status, WNOHANG) != 0;
        pollfd none{-1, 0, 0};
        if (!reaped) ::poll(&none, 1, 5);
    }
    return exit_code(status);
}

} // namespace detail

struct posix_runner {
    /// stdin is /dev/null, stdout and stderr arrive at `out` in one stream, unless command.on_terminal.
    [[nodiscard]] result<run_outcome> run(const command& c, const run_limits& limits, const output_sink& out) const {
        const auto began = std::chrono::steady_clock::now();
        const auto elapsed = [&] { return to_seconds(std::chrono::steady_clock::now() - began); };
        if (c.on_terminal) return run_on_terminal(c, began);

        KF_TRY(auto ends, c.keep_open.empty() ? output_pipe() : output_file());
        auto& [mine, theirs] = ends;
        const bool is_file = !c.keep_open.empty();
        const unique_fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
        if (!nothing) return kf::fail(system_error("cannot open /dev/null"));
        KF_TRY(const pid_t pid,
               detail::start(c, {nothing.get(), theirs.get(), theirs.get()}, detail::child_group::own_session));
        theirs.reset();

        auto last_output = began;
        bool ended = false, closed = false;
        const auto stop = [&](errc code, const std::string& why) -> result<run_outcome> {
            detail::end_group(pid);
            return kf::fail(error{code, c.argv[0] + " " + why, {}, to_string(c), {}});
        };
        for (;;) {
            // A closed pipe and a file are always "ready".
            pollfd p{closed || is_file ? -1 : mine.get(), POLLIN, 0};
            ::poll(&p, 1, closed || is_file ? 10 : 50);
            char buffer[16384];
            ssize_t n = 0;
            // Bounded: a child that never stops writing must not keep us from looking at the clock.
            for (int reads = 0; reads < 64 && (n = ::read(mine.get(), buffer, sizeof buffer)) > 0; ++reads) {
                last_output = std::chrono::steady_clock::now();
                if (out) out(std::string_view(buffer, static_cast<std::size_t>(n)));
            }
            if (n == 0 && !is_file) closed = true;
            if (!ended && detail::has_ended(pid)) {
                ended = true;
                continue; // one more read: what it wrote last
            }
            if (ended) {
                // The run ends with its leader: a grandchild that is left in the group goes too.
                ::kill(-pid, SIGKILL);
                int status = 0;
                ::waitpid(pid, &status, 0);
                return run_outcome{detail::exit_code(status), elapsed()};
            }
            const bool held = limits.held && limits.held();
            const seconds silent = to_seconds(std::chrono::steady_clock::now() - last_output);
            if (held) {
                if (silent > limits.silence_while_held)
                    return stop(errc::timeout, "was silent for too long and was ended");
                continue;
            }
            if (limits.interruptible && interrupt::pending())
                return stop(errc::interrupted, "was ended by a signal to us");
            if (limits.total > 0 && elapsed() > limits.total) return stop(errc::timeout, "took too long and was ended");
            if (limits.silence > 0 && silent > limits.silence)
                return stop(errc::timeout, "was silent for too long and was ended");
        }
    }

  private:
    using two_ends = std::pair<unique_fd, unique_fd>; // ours, the child's

    [[nodiscard]] static result<two_ends> output_pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return kf::fail(system_error("pipe"));
        ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
        return two_ends(ends[0], ends[1]);
    }

    /// For a child that outlives us on purpose (it holds keep_open): a pipe that nobody reads any more would end it in
    /// the middle of its work. A file without a name has no reader to lose.
    [[nodiscard]] static result<two_ends> output_file() {
        std::string name = "/tmp/kf-output.XXXXXX";
        unique_fd write_end(::mkostemp(name.data(), O_CLOEXEC | O_APPEND));
        if (!write_end) return kf::fail(system_error("cannot make a temporary file in /tmp"));
        unique_fd read_end(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
        ::unlink(name.c_str());
        if (!read_end) return kf::fail(system_error("cannot read a temporary file in /tmp"));
        return two_ends(std::move(read_end), std::move(write_end));
    }

    [[nodiscard]] static result<run_outcome> run_on_terminal(const command& c, time_point began) {
        KF_TRY(const pid_t pid, detail::start(c, {}, detail::child_group::ours));
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0)
            if (errno != EINTR) return kf::fail(system_error("waitpid"));
        return run_outcome{detail::exit_code(status), to_seconds(std::chrono::steady_clock::now() - began)};
    }
};
static_assert(process_runner<posix_runner>);

/// A child in a session of its own, with a pipe to its stdin and one from its stdout. Closing ours is how it learns
/// that we are gone. Nobody else gets our ends: they are close-on-exec.
class piped_child {
  public:
    enum class errors { inherited, with_stdout };

    [[nodiscard]] static result<piped_child> start(const command& c, errors where = errors::inherited) {
        int in[2], out[2];
        if (::pipe2(in, O_CLOEXEC) != 0) return kf::fail(system_error("pipe"));
        unique_fd in_read(in[0]), in_write(in[1]);
        if (::pipe2(out, O_CLOEXEC) != 0) return kf::fail(system_error("pipe"));
        unique_fd out_read(out[0]), out_write(out[1]);
        ::fcntl(out_read.get(), F_SETFL, O_NONBLOCK);
        KF_TRY(const pid_t pid,
               detail::start(c, {in_read.get(), out_write.get(), where == errors::with_stdout ? out_write.get() : -1},
                             detail::child_group::own_session));
        return piped_child(pid, std::move(in_write), std::move(out_read));
    }

    piped_child(piped_child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1))
      , in_(std::move(other.in_))
      , out_(std::move(other.out_))
      , buffer_(std::move(other.buffer_)) {}
    piped_child& operator=(piped_child&& other) noexcept {
        std::swap(pid_, other.pid_);
        std::swap(in_, other.in_);
        std::swap(out_, other.out_);
        std::swap(buffer_, other.buffer_);
        return *this;
    }
    /// Closes the pipes and lets the child go on: what it does then is its own business.
    ~piped_child() {
        in_.reset();
        out_.reset();
        if (pid_ > 0) ::waitpid(pid_, nullptr, WNOHANG);
    }

    [[nodiscard]] result<void> write_line(std::string_view line) {
        const std::string text = std::string(line) + "\n";
        return write_all_fd(in_.get(), byte_view(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()),
                            std::chrono::steady_clock::now() + std::chrono::seconds(5));
    }

    /// The next line of the child's stdout, without its newline.
    [[nodiscard]] result<std::string> read_line(time_point until) {
        return next_line(buffer_, [&](std::span<std::uint8_t> room) { return read_some_fd(out_.get(), room, until); });
    }

    void close_input() noexcept { in_.reset(); }
    /// The write end: whoever else holds it keeps the child from seeing our end.
    [[nodiscard]] int input_fd() const noexcept { return in_.get(); }
    /// The read end, to poll for what read_line() gives.
    [[nodiscard]] int output_fd() const noexcept { return out_.get(); }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// Waits for its end; nothing when it still runs at `until`.
    [[nodiscard]] std::optional<int> wait(time_point until) noexcept {
        for (;;) {
            int status = 0;
            if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
                pid_ = -1;
                return detail::exit_code(status);
            }
            if (pid_ <= 0 || std::chrono::steady_clock::now() >= until) return std::nullopt;
            pollfd none{-1, 0, 0};
            ::poll(&none, 1, 5);
        }
    }

    /// Ends its whole session.
    void end() noexcept {
        if (pid_ > 0) detail::end_group(std::exchange(pid_, -1));
    }

  private:
    piped_child(pid_t pid, unique_fd in, unique_fd out) noexcept
      : pid_(pid)
      , in_(std::move(in))
      , out_(std::move(out)) {}
    pid_t pid_ = -1;
    unique_fd in_, out_;
    std::string buffer_;
};

} // namespace kf::io
