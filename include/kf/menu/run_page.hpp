// SPDX-License-Identifier: MIT
#pragma once
/// A command that runs, as a page: its boards with bars, what was said last, and its questions. Ctrl+C means what it
/// means on the command line. At its end the result stays for the return delay, or until a person goes back.

#include <kf/menu/message_rows.hpp>
#include <kf/menu/question_field.hpp>
#include <kf/menu/run_table.hpp>
#include <kf/tui/framed_page.hpp>
#include <kf/tui/progress_bar.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::menu {

class run_page {
  public:
    enum class command { interrupt, back, up, down };

    run_page(std::string title, run_table table)
      : title_(std::move(title))
      , table_(std::move(table)) {}

    [[nodiscard]] run_table& table() noexcept { return table_; }
    [[nodiscard]] const run_table& table() const noexcept { return table_; }
    [[nodiscard]] bool has_ended() const { return table_.status().has_value(); }

    void ask(asked what) { question_.emplace(std::move(what)); }
    /// Seconds until the menu comes back by itself; nothing: it stays.
    std::optional<unsigned> comes_back_in = {};

    struct event {
        std::optional<std::string> answer = {}; ///< to the question
        bool interrupt = false, back = false;
    };
    event take(const tui::key& k) {
        if (asks()) {
            const auto said = question_->take(k);
            if (said.left) return {{}, true}; // the question is called off, as Ctrl+C does
            if (said.answer) question_.reset();
            return {said.answer};
        }
        const auto wanted = tui::command_of(*this, k);
        if (wanted == command::up) above_ = std::min(above_ + scrolled, table_.said().size());
        if (wanted == command::down) above_ -= std::min(above_, scrolled);
        if (has_ended()) {
            if (wanted == command::back) return {{}, false, true};
            comes_back_in.reset(); // somebody reads
        } else if (wanted == command::back) {
            message_ = "it still runs: Ctrl+C asks it to end";
        }
        return {{}, wanted == command::interrupt};
    }

    [[nodiscard]] tui::binding_table<command> bindings() const {
        if (asks())
            return {{{}, command::back, "Enter", "answer", "takes the answer; empty: the one in [ ]", 0},
                    {{}, command::interrupt, "Esc", "call it off", "nothing is begun", 0}};
        const tui::binding<command> up{
            {tui::key_code::up, tui::key_code::page_up}, command::up, "↑↓", "scroll", "what was said before", 1};
        const tui::binding<command> down{{tui::key_code::down, tui::key_code::page_down}, command::down};
        if (has_ended())
            return {
                up,
                down,
                {{tui::key_code::escape, tui::key_code::enter, U'q'}, command::back, "Esc", "back", "to the menu", 0}};
        return {up,
                down,
                {{tui::chord(U'c', tui::modifier::ctrl)},
                 command::interrupt,
                 "Ctrl+C",
                 "end it",
                 "asks it to end; a board that is being written is finished first",
                 0},
                {{tui::key_code::escape}, command::back, "", "", "", 1}};
    }
    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const {
        return tui::framed(size, {"kflash: " + title_, aside(), tui::footer_of(bindings())}, [&](tui::pane body) {
            std::size_t row = 0;
            const auto& boards = table_.boards();
            const std::size_t most = std::max<std::size_t>(body.rows() / 2, 1);
            // What is at work is in sight, however many there are.
            const auto at_work = static_cast<std::size_t>(
                std::ranges::find(boards, board_run::working, &running_board::is) - boards.begin());
            const std::size_t first =
                boards.size() <= most ? 0 : std::min(at_work - std::min(at_work, most / 2), boards.size() - most);
            for (std::size_t i = first; i < boards.size() && row < most; ++i) paint_board(body, row++, boards[i]);
            if (row > 0) body.rule(row++);
            const std::size_t below =
                asks() ? std::min(body.rows() - row, std::max<std::size_t>(question_->height(body.columns()), 3))
                       : std::max<std::size_t>(message_rows(last_words(), body.columns()).size(), 1);
            paint_said(body.part(0, row, {body.columns(), body.rows() - std::min(body.rows(), row + below)}));
            if (asks())
                (void)question_->paint(body.below(body.rows() - below));
            else
                (void)paint_message(body, last_words(),
                                    !has_ended()            ? tui::look::warning
                                    : *table_.status() == 0 ? tui::look::good
                                                            : tui::look::bad);
        });
    }

  private:
    /// A command that has ended waits for no answer.
    [[nodiscard]] bool asks() const { return question_ && !has_ended(); }
    /// Not what stands right above it.
    [[nodiscard]] std::string last_words() const {
        const auto words = has_ended() ? table_.outcome() : message_;
        return !table_.said().empty() && table_.said().back().text == words ? "" : words;
    }
    [[nodiscard]] std::string aside() const {
        if (!has_ended()) return "running";
        return comes_back_in ? fmt::format("back in {} s", *comes_back_in) : "";
    }
    static void paint_board(tui::pane p, std::size_t row, const running_board& b) {
        const auto [sign, look] = sign_of(b.is);
        const std::size_t name_width = p.columns() < 50 ? 12 : 20;
        p.put(1, row, sign, look);
        p.part(3, row, {name_width, 1}).put(0, 0, b.name, tui::look::strong);
        std::size_t at = 3 + name_width + 1;
        if (b.is == board_run::working) {
            p.part(at, row, {9, 1}).put(0, 0, label(b.in));
            at += 10;
        }
        if (b.share)
            p.put(at, row,
                  tui::progress_bar(*b.share, std::min<std::size_t>(p.columns() - std::min(at + 1, p.columns()), 40)));
        else
            p.put(at, row, b.text, look);
    }
    [[nodiscard]] static std::pair<const char*, tui::look> sign_of(board_run is) {
        switch (is) {
        case board_run::waiting: return {"○", tui::look::faint};
        case board_run::working: return {"●", tui::look::normal};
        case board_run::done: return {"✓", tui::look::good};
        case board_run::failed: return {"✗", tui::look::bad};
        case board_run::skipped: return {"–", tui::look::faint};
        }
        return {"?", tui::look::normal};
    }
    /// The last lines, wrapped.
    void paint_said(tui::pane p) const {
        std::vector<std::pair<std::string, tui::look>> lines;
        const auto& said = table_.said();
        for (auto s = said.rbegin(); s != said.rend() && lines.size() < p.rows() + above_; ++s) {
            const auto look = s->is == said_line::kind::error     ? tui::look::bad
                              : s->is == said_line::kind::warning ? tui::look::warning
                                                                  : tui::look::normal;
            const auto wrapped = wrap(s->text, p.columns() > 2 ? p.columns() - 2 : 1, "  ");
            for (auto line = wrapped.rbegin(); line != wrapped.rend(); ++line) lines.emplace_back(*line, look);
        }
        lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                       above_, lines.size() - std::min(lines.size(), p.rows()))));
        std::size_t row = std::min(lines.size(), p.rows());
        for (const auto& [text, look] : lines) {
            if (row == 0) break;
            p.put(1, --row, text, look);
        }
    }

    static constexpr std::size_t scrolled = 3;

    std::string title_;
    run_table table_;
    std::size_t above_ = 0; ///< rows at the end that are scrolled away
    std::optional<question_field> question_ = {};
    std::string message_ = {};
};

} // namespace kf::menu
