// SPDX-License-Identifier: MIT
#pragma once
/// What a command prints, as a page that can be scrolled.

#include <kf/sink.hpp>
#include <kf/tui/framed_page.hpp>
#include <kf/tui/wrapped.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace kf::menu {

class output_page {
  public:
    enum class command { up, down, page_up, page_down, top, bottom, interrupt, back };

    explicit output_page(std::string title)
      : title_(std::move(title)) {}

    void add(std::string line) { lines_.push_back(std::move(line)); }
    void end(int status) {
        ended_ = true;
        if (status == 0) return;
        lines_.push_back("it ended with status " + std::to_string(status));
        first_ = lines_.size() - std::min(lines_.size(), why_it_failed);
    }
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }

    void move(command c) {
        const auto up = [&](std::size_t n) { first_ -= std::min(first_, n); };
        const auto down = [&](std::size_t n) { first_ = std::min(first_ + n, lines_.empty() ? 0 : lines_.size() - 1); };
        if (c == command::up) up(1);
        if (c == command::down) down(1);
        if (c == command::page_up) up(10);
        if (c == command::page_down) down(10);
        if (c == command::top) first_ = 0;
        if (c == command::bottom) down(lines_.size());
    }

    [[nodiscard]] tui::binding_table<command> bindings() const {
        using tui::key_code;
        return {{{key_code::up}, command::up, "↑↓", "scroll", "a line up or down", 1},
                {{key_code::down}, command::down},
                {{key_code::page_up}, command::page_up, "PgUp/PgDn", "", "ten lines up or down"},
                {{key_code::page_down, U' '}, command::page_down},
                {{key_code::home}, command::top, "Home/End", "", "the beginning, the end"},
                {{key_code::end}, command::bottom},
                {{tui::chord(U'c', tui::modifier::ctrl)}, command::interrupt},
                {{key_code::escape, U'q'}, command::back, "Esc", "back", "to the menu", 0}};
    }
    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const {
        const auto aside = ended_ ? "" : "running";
        return tui::framed(size, {"kflash: " + title_, aside, tui::footer_of(bindings())}, [&](tui::pane body) {
            std::size_t row = 0;
            for (std::size_t i = first_; i < lines_.size() && row < body.rows(); ++i) {
                std::string folded = fold_table(lines_[i], body.columns() > 2 ? body.columns() - 2 : 1);
                for (std::size_t from = 0; from < folded.size() && row < body.rows();) {
                    const auto end = std::min(folded.find('\n', from), folded.size());
                    // What folds nowhere, as a path, goes on in the next row.
                    const auto line = std::string_view(folded).substr(from, end - from);
                    const auto begin = std::min(line.find_first_not_of(' '), line.size());
                    for (const auto& part :
                         tui::wrapped(line.substr(begin), body.columns() - std::min(body.columns(), begin + 2)))
                        body.put(1 + begin, row++, part);
                    if (line.empty()) ++row;
                    from = end + 1;
                }
            }
        });
    }

  private:
    /// The lines at the end of a failed command that tell the reason.
    static constexpr std::size_t why_it_failed = 12;

    std::string title_;
    std::vector<std::string> lines_ = {};
    std::size_t first_ = 0;
    bool ended_ = false;
};

} // namespace kf::menu
