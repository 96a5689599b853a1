// SPDX-License-Identifier: MIT
#pragma once
/// The menu while it runs: one page on the screen, commands beside it. A key becomes an action of the page, an action a
/// command of kflash; what the command says comes back to the page. It does nothing that a command line could not.

#include "beside.hpp"
#include "board_watch.hpp"
#include "registration_sight.hpp"

#include <kf/menu/board_page.hpp>
#include <kf/menu/menu_loop.hpp>
#include <kf/menu/menu_page.hpp>
#include <kf/menu/output_page.hpp>
#include <kf/menu/registration_page.hpp>
#include <kf/menu/run_page.hpp>
#include <kf/menu/settings_page.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kf::kflash {

using menu::terminal_lease;

class menu_session {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    menu_session(cli::invocation& in, known_boards b, std::string sim_root);

    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const;
    /// A question is on the page that nobody has seen: the screen forgets what was typed, once it is drawn.
    [[nodiscard]] bool has_question_to_show() const;
    void shown();

    void take(const tui::key& k, terminal_lease& terminal);
    /// Ctrl+C: ends what runs, or the menu. `number`: the signal.
    void interrupt(int number);
    /// The terminal is gone: what runs is told, and goes on or not as it would on the command line.
    void hang_up();

    [[nodiscard]] std::vector<int> fds() const;
    /// Hears what the commands have said, and looks at the clock.
    void go_on(time_point now);
    /// When go_on() has something to do, whatever happens.
    [[nodiscard]] time_point next() const;
    [[nodiscard]] bool is_over() const noexcept { return over_; }

  private:
    /// What waits for the end of the quiet command, and of which board.
    struct quiet_change {
        enum class of { settings, board, toggle } what = of::settings;
        std::string key = {}, name = {}; ///< as it is called then
    };

    void say(std::string text, tui::look as = tui::look::normal);
    void perform(menu::action a, terminal_lease& terminal);
    void begin_flash(menu::action a, const menu::board_row* row, terminal_lease& terminal);
    [[nodiscard]] result<void> begin_run(std::string title, std::vector<std::string> words,
                                         std::vector<menu::running_board> boards);
    void begin_output(std::string title, std::vector<std::string> words);
    /// errc::refused while another one runs.
    [[nodiscard]] result<void> begin_quiet(std::vector<std::string> words, quiet_change what);
    void end_quiet();
    bool run_on_terminal(const std::vector<std::string>& words, terminal_lease& terminal);
    void open_board(const menu::board_row& row);
    void open_registration();
    void show_help();
    void look_again();
    void hear_watch();
    void hear_run(time_point now);
    void to_menu();
    void leave_page();
    bool back_to_questions();
    [[nodiscard]] std::vector<std::string> with_place(std::vector<std::string> words) const;
    [[nodiscard]] result<beside> start(std::vector<std::string> words) const;
    [[nodiscard]] result<board::registry> registry_now() const;

    void take_on(menu::menu_page& page, const tui::key& k, terminal_lease& terminal);
    void take_on(menu::settings_page& page, const tui::key& k, terminal_lease& terminal);
    void take_on(menu::board_page& page, const tui::key& k, terminal_lease& terminal);
    void take_on(menu::registration_page& page, const tui::key& k, terminal_lease& terminal);
    void take_on(menu::run_page& page, const tui::key& k, terminal_lease& terminal);
    void take_on(menu::output_page& page, const tui::key& k, terminal_lease& terminal);

    cli::invocation& in_;
    known_boards b_;
    std::string sim_root_;
    menu::menu_page menu_ = {};
    /// Over the menu; null: the menu itself is on the screen.
    std::variant<std::monostate, menu::settings_page, menu::board_page, menu::registration_page, menu::run_page,
                 menu::output_page>
        over_it_ = {};
    std::optional<menu::registration_page> asked_before_ = {}; ///< whose command runs: its answers, should it fail
    board_watch watch_;
    std::optional<beside> running_ = {}; ///< of the page over the menu
    std::optional<beside> quiet_ = {};
    menu::run_table quiet_says_{};
    quiet_change quiet_is_ = {};
    std::vector<beside> left_ = {}; ///< nobody hears them any more; they are children until they end
    board::flash_settings settings_to_be_ = {};
    bool question_is_new_ = false;
    bool returns_ = false; ///< the run is a flash: its page goes by itself
    std::optional<time_point> comes_back_at_ = {};
    bool over_ = false;
};

} // namespace kf::kflash
