// SPDX-License-Identifier: MIT
#pragma once
/// The log of every run: each event with its time, commands and frames included, keys masked. Rotated by size, so that
/// it never fills a card. A log that cannot be written is no reason to stop: it is said once and left out.

#include <kf/sink.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
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

/// x.log -> x.log.1 -> ... -> x.log.4 -> gone, once x.log is larger than `limit` bytes.
inline void rotate(const std::filesystem::path& log, std::uintmax_t limit = 1 << 20) {
    std::error_code ec;
    const auto size = std::filesystem::file_size(log, ec);
    if (ec || size <= limit) return;
    const auto numbered = [&](int n) { return std::filesystem::path(fmt::format("{}.{}", log.string(), n)); };
    for (int n = 3; n >= 1; --n) std::filesystem::rename(numbered(n), numbered(n + 1), ec);
    std::filesystem::rename(log, numbered(1), ec);
}

class log_file_sink {
  public:
    log_file_sink() = default;
    /// Appends to `path`. Check is_open() to know whether it could be.
    explicit log_file_sink(const std::filesystem::path& path)
      : file_(std::fopen(path.c_str(), "ae"), [](std::FILE* f) {
          if (f != nullptr) std::fclose(f);
      }) {}

    [[nodiscard]] bool is_open() const noexcept { return file_ != nullptr; }

    void step(phase p, std::string_view text) { line(label(p), text); }
    void progress(const kf::progress& p) {
        if (p.done == 0 || p.done == p.total) line(label(p.in), fmt::format("{} of {} {}", p.done, p.total, p.unit));
    }
    void note(std::string_view text) { line("note", text); }
    void warn(std::string_view text) { line("warning", text); }
    void detail(std::string_view text) { line("detail", text); }
    void fail(const error& e) {
        line("error", fmt::format("{}: {}", name(e.code), e.what));
        if (!e.command.empty()) line("error", "command: " + e.command);
        if (!e.cause.empty()) line("error", "cause: " + e.cause);
        for (const auto& printed : e.output) line("error", "output: " + printed);
    }
    void result(const record& r) { line("result", r.kind + ": " + r.text); }

  private:
    void line(std::string_view kind, std::string_view text) {
        if (!file_) return;
        const auto now = std::chrono::system_clock::now();
        const std::time_t t = std::chrono::system_clock::to_time_t(now);
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
        std::tm parts{};
        gmtime_r(&t, &parts);
        char stamp[32];
        std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
        const std::string whole = fmt::format("{}.{:03}Z {} {}\n", stamp, ms, kind, masked(text));
        (void)!std::fwrite(whole.data(), 1, whole.size(), file_.get());
        std::fflush(file_.get());
    }
    std::shared_ptr<std::FILE> file_;
};
static_assert(sink<log_file_sink>);

} // namespace kf
