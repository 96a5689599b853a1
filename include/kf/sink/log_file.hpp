// SPDX-License-Identifier: MIT
#pragma once
/// The log of every run: each event with its time, commands and frames included, keys masked. Rotated by size, so that
/// it never fills a card. A log that cannot be written is no reason to stop: it is said once and left out.

#include <kf/sink.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>

namespace kf {

/// "X-Api-Key: abc", "token=abc", "api_key": "abc" and "password=abc" lose what follows.
[[nodiscard]] inline std::string masked(std::string_view text) {
    static constexpr std::string_view names[] = {"api-key", "api_key", "apikey", "token", "password", "authorization"};
    std::string low(text);
    for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    std::string out;
    std::size_t i = 0;
    while (i < text.size()) {
        bool hit = false;
        for (const auto n : names) {
            if (low.compare(i, n.size(), n) != 0) continue;
            std::size_t j = i + n.size();
            while (j < text.size() && (text[j] == '"' || text[j] == '\'' || text[j] == ' ')) ++j;
            if (j >= text.size() || (text[j] != ':' && text[j] != '=')) continue;
            ++j;
            while (j < text.size() && (text[j] == '"' || text[j] == '\'' || text[j] == ' ')) ++j;
            std::size_t end = j;
            while (end < text.size() && std::string_view("\"'&, \t").find(text[end]) == std::string_view::npos) ++end;
            if (low.compare(j, 7, "bearer ") == 0) { // the scheme is no secret, the word after it is
                end = j + 7;
                while (end < text.size() && text[end] > ' ') ++end;
            }
            out += text.substr(i, j - i);
            out += "***";
            i = end;
            hit = true;
            break;
        }
        if (!hit) out += text[i++];
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
        fmt::print(file_.get(), "{}.{:03}Z {} {}\n", stamp, ms, kind, masked(text));
        std::fflush(file_.get());
    }
    std::shared_ptr<std::FILE> file_;
};
static_assert(sink<log_file_sink>);

} // namespace kf
