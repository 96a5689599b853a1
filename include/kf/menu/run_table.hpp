// SPDX-License-Identifier: MIT
#pragma once
/// A command that runs, as a table: each board with how far it is, and what was said last. It is a reporter: the events
/// are those of the command line.

#include <kf/flash/plan_line.hpp>
#include <kf/menu/retold.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::menu {

enum class board_run { waiting, working, done, failed, skipped };

struct running_board {
    std::string key, name;
    board_run is = board_run::waiting;
    phase in = phase::discovery;
    std::string text = {};            ///< what it does, or how it ended
    std::optional<double> share = {}; ///< of its phase, 0 to 1
};

/// One line of what was said.
struct said_line {
    enum class kind { step, note, warning, error } is = kind::step;
    std::string text;
};

class run_table {
  public:
    explicit run_table(std::vector<running_board> boards = {})
      : boards_(std::move(boards)) {}

    void tell(const flash::event& e) {
        std::visit([&](const auto& what) { take(std::string(e.board), what); }, e.what);
    }
    /// The command is over, with its exit status.
    void end(int status) {
        status_ = status;
        for (auto& b : boards_) {
            b.share.reset();
            if (b.is != board_run::working) continue;
            b.is = status == 0 ? board_run::done : board_run::failed;
            if (status != 0) b.text = outcome(); // what it was about to do is no reason
        }
    }

    [[nodiscard]] const std::vector<running_board>& boards() const noexcept { return boards_; }
    [[nodiscard]] const std::vector<said_line>& said() const noexcept { return said_; }
    [[nodiscard]] const std::optional<int>& status() const noexcept { return status_; }
    /// What it came to, in one line; empty while it runs.
    [[nodiscard]] std::string outcome() const {
        if (!status_) return {};
        if (!error_.empty()) return error_;
        return *status_ == 0 ? "done" : fmt::format("it ended with status {}", *status_);
    }
    /// With the cause and the numbered steps, a line each.
    [[nodiscard]] std::string whole_outcome() const { return outcome() + advice_; }

  private:
    static constexpr std::size_t most_said = 500, most_output = 10;

    running_board& of(const std::string& key) {
        const auto found = std::ranges::find(boards_, key, &running_board::key);
        if (found != boards_.end()) return *found;
        boards_.push_back({key, key});
        return boards_.back();
    }
    void say(said_line::kind kind, const std::string& board, std::string text) {
        if (!board.empty() && boards_.size() > 1) text = of(board).name + ": " + text;
        said_.push_back({kind, std::move(text)});
        if (said_.size() > most_said) said_.erase(said_.begin());
    }
    /// Without the name that a batch puts in front of a board's words.
    [[nodiscard]] static std::string own_words(const std::string& board, std::string_view text) {
        if (!board.empty() && text.starts_with(board + ": ")) text.remove_prefix(board.size() + 2);
        return std::string(text);
    }
    void take(const std::string& board, const flash::started& s) {
        const auto text = own_words(board, s.text);
        say(said_line::kind::step, board, fmt::format("[{}] {}", label(s.in), text));
        if (board.empty()) return;
        auto& b = of(board);
        if (b.in != s.in) b.share.reset();
        b.is = board_run::working;
        b.in = s.in;
        b.text = text;
    }
    void take(const std::string& board, const flash::progressed& p) {
        if (p.how_far.total == 0) return;
        const double share = static_cast<double>(p.how_far.done) / static_cast<double>(p.how_far.total);
        // Of one board nobody says whose it is.
        if (board.empty() && boards_.size() != 1) return;
        auto& b = board.empty() ? boards_.front() : of(board);
        b.is = board_run::working;
        b.in = p.how_far.in;
        b.share = std::clamp(share, 0.0, 1.0);
    }
    void take(const std::string& board, const flash::noted& n) {
        if (n.how == flash::noted::loudness::note) say(said_line::kind::note, board, own_words(board, n.text));
    }
    void take(const std::string& board, const flash::warned& w) {
        say(said_line::kind::warning, board, own_words(board, w.text));
    }
    void take(const std::string& board, const flash::failed& f) {
        const auto& e = f.why;
        say(said_line::kind::error, {}, e.what);
        if (!e.cause.empty()) said_.push_back({said_line::kind::note, e.cause});
        for (std::size_t i = e.output.size() - std::min(e.output.size(), most_output); i < e.output.size(); ++i)
            said_.push_back({said_line::kind::note, "  " + e.output[i]});
        error_ = e.what;
        advice_ = e.cause.empty() ? "" : "\n" + e.cause;
        for (std::size_t i = 0; i < e.steps.size(); ++i) {
            auto step = fmt::format("{}. {}", i + 1, e.steps[i]);
            advice_ += "\n" + step;
            said_.push_back({said_line::kind::note, std::move(step)});
        }
        const auto& key = e.board.empty() ? board : e.board;
        if (key.empty()) return;
        auto& b = of(key);
        b.is = board_run::failed;
        b.text = e.what.starts_with(b.name + ": ") ? e.what.substr(b.name.size() + 2) : e.what;
        b.share.reset();
    }
    /// Of many boards the gist.
    void take_plan_line(const record& r) {
        const auto weight = text_in(r, "weight");
        if (boards_.size() > 1 && weight == flash::name(flash::weight::minor)) return;
        const bool warns = weight == flash::name(flash::weight::warning);
        say(warns ? said_line::kind::warning : said_line::kind::step, {},
            fmt::format("[{}] {}", text_in(r, "phase"), text_in(r, "text")));
    }
    void take(const std::string& board, const flash::done& d) {
        const auto& r = d.what;
        if (r.kind == "flashed") {
            auto& b = of(board);
            b.is = board_run::done;
            b.share.reset();
            b.text = fmt::format("runs {}", text_in(r, "version"));
        } else if (r.kind == "outcome") {
            auto& b = of(board);
            if (b.is == board_run::failed) return;
            b.is = text_in(r, "verify") == "PASS" ? board_run::done
                   : text_in(r, "build") == "FAIL" || text_in(r, "flash") == "FAIL" || text_in(r, "verify") == "FAIL"
                       ? board_run::failed
                       : board_run::skipped;
            b.share.reset();
            if (b.is != board_run::done) b.text = text_in(r, "reason");
        } else if (r.kind == "plan") {
            take_plan_line(r);
        } else if (r.kind != "batch") {
            say(said_line::kind::step, {}, fmt::format("{} {}", r.kind, text_in(r, "key")));
        }
    }

    std::vector<running_board> boards_;
    std::vector<said_line> said_ = {};
    std::optional<int> status_ = {};
    std::string error_ = {}, advice_ = {};
};
static_assert(flash::reporter<run_table>);

} // namespace kf::menu
