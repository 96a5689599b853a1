// SPDX-License-Identifier: MIT
#pragma once
/// The log of every run: each event with its time, commands and frames included, keys masked. Rotated by size, so that
/// it never fills a card. A log that cannot be written is no reason to stop: it is said once and left out.

#include <kf/sink.hpp>
#include <kf/sink/scrub.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <deque>
#include <memory>
#include <string>

namespace kf {

/// "X-Api-Key: abc", "token=abc", "\"api_key\": \"a b\"", "--password abc" and "Authorization: Basic abc" lose what
/// follows the name.
[[nodiscard]] inline std::string masked(std::string_view text) {
    static constexpr std::string_view names[] = {"api-key", "api_key", "apikey", "token", "password", "authorization"};
    std::string low(text);
    for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const auto skip = [&](std::size_t i, std::string_view these) {
        return std::min(low.find_first_not_of(these, i), low.size());
    };
    const auto end_of = [&](std::size_t i, std::string_view these) {
        return std::min(low.find_first_of(these, i), low.size());
    };
    /// Where the value of the name that ends at `i` begins; npos when nothing follows.
    const auto value_at = [&](std::size_t name, std::size_t i) {
        const auto before = low.find_last_of(" \t\n", name);
        const bool option = low.compare(before == std::string::npos ? 0 : before + 1, 2, "--") == 0;
        if (const auto sign = skip(i, "\"' "); sign < low.size() && (low[sign] == ':' || low[sign] == '='))
            return skip(sign + 1, " \t");
        return option && i < low.size() && low[i] == ' ' ? skip(i, " ") : std::string::npos;
    };
    std::string out;
    std::size_t i = 0;
    while (i < text.size()) {
        std::size_t value = std::string::npos, end = 0;
        for (const auto n : names) {
            if (low.compare(i, n.size(), n) != 0 || (value = value_at(i, i + n.size())) == std::string::npos) continue;
            if (value < low.size() && (low[value] == '"' || low[value] == '\'')) {
                end = end_of(value + 1, std::string{low[value], '\n'});
                ++value;
            } else if (n == "authorization") { // the scheme's name and what follows it
                end = end_of(value, "\"'\r\n");
            } else {
                end = end_of(value, "\"'&,;} \t\r\n");
                if (low.substr(value, end - value) == "bearer") end = end_of(skip(end, " "), "\"'&,;} \t\r\n");
            }
            break;
        }
        if (value == std::string::npos) {
            out += text[i++];
            continue;
        }
        out += text.substr(i, value - i);
        if (end > value) out += "***";
        i = end;
    }
    return out;
}

/// Frames on a wire would be nearly all of the log: they are counted, and the last of them stand before a warning or an
/// error. With `every_frame` each one is there.
enum class frames_in_log { last_before_failure, every_frame };

class log_file_sink {
  public:
    log_file_sink() = default;
    /// Appends to what `fd` is, opened for appending.
    explicit log_file_sink(int fd, frames_in_log frames = frames_in_log::last_before_failure)
      : fd_(fd >= 0 ? std::shared_ptr<const int>(new int(fd), close_and_delete) : nullptr)
      , frames_(frames) {}

    [[nodiscard]] bool is_open() const noexcept { return fd_ != nullptr; }

    void step(phase p, std::string_view text) {
        count_frames();
        line(label(p), text);
    }
    void progress(const kf::progress& p) {
        if (p.done != 0 && p.done != p.total) return;
        count_frames();
        line(label(p.in), fmt::format("{} of {} {}", p.done, p.total, p.unit));
    }
    void note(std::string_view text) { line("note", text); }
    void warn(std::string_view text) {
        tell_frames();
        line("warning", text);
    }
    void detail(std::string_view text) { line("detail", text); }
    void frame(std::string_view text) {
        if (frames_ == frames_in_log::every_frame) return line("frame", text);
        ++(text.starts_with('>') ? sent_ : received_);
        bytes_ += text.size() > 2 ? (text.size() - 2) / 2 : 0;
        last_.emplace_back(text);
        if (last_.size() > most_frames) last_.pop_front();
    }
    void fail(const error& e) {
        tell_frames();
        line("error", fmt::format("{}: {}", name(e.code), e.what));
        if (!e.command.empty()) line("error", "command: " + e.command);
        if (!e.cause.empty()) line("error", "cause: " + e.cause);
        for (const auto& printed : e.output) line("error", "output: " + printed);
    }
    void result(const record& r) {
        count_frames();
        line("result", r.kind + ": " + r.text);
    }

  private:
    static constexpr std::size_t most_frames = 16;

    static void close_and_delete(const int* fd) {
        ::close(*fd);
        delete fd;
    }
    void count_frames() {
        if (sent_ + received_ == 0) return;
        line("frames", fmt::format("{} out, {} in, {} bytes", sent_, received_, bytes_));
        sent_ = received_ = bytes_ = 0;
    }
    void tell_frames() {
        count_frames();
        for (const auto& text : last_) line("frame", text);
        last_.clear();
    }
    /// One write, so that two processes never mix their lines. One that cannot be written is lost; nothing waits.
    void line(std::string_view kind, std::string_view text) {
        if (!fd_) return;
        const auto now = std::chrono::system_clock::now();
        const std::time_t t = std::chrono::system_clock::to_time_t(now);
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
        std::tm parts{};
        gmtime_r(&t, &parts);
        char stamp[32];
        std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
        std::string clean = scrubbed(masked(text));
        // Further lines are indented: no text can pass for an entry of its own.
        for (std::size_t i = 0; (i = clean.find('\n', i)) != std::string::npos; i += 3) clean.insert(i + 1, 2, ' ');
        const std::string whole = fmt::format("{}.{:03}Z {} {}\n", stamp, ms, kind, clean);
        (void)!::write(*fd_, whole.data(), whole.size());
    }

    std::shared_ptr<const int> fd_;
    frames_in_log frames_ = frames_in_log::last_before_failure;
    std::deque<std::string> last_;
    std::uint64_t sent_ = 0, received_ = 0, bytes_ = 0;
};
static_assert(sink<log_file_sink>);

} // namespace kf
