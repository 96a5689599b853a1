// SPDX-License-Identifier: MIT
#include "menu_session.hpp"

#include "../cli/prompt.hpp"
#include "setting_check.hpp"

#include <kf/board/registry.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace kf::kflash {
namespace {

/// "flash octopus" as a heading.
std::string title_of(const menu::action_row& its, const menu::board_row* row) {
    const std::string name = its.runs_commands[0] == nullptr ? "" : its.runs_commands[0];
    if (its.does == menu::action::flash_all) return "flash all boards";
    return row == nullptr || its.of == menu::concerns::nothing ? name : name + " " + row->name;
}

} // namespace

menu_session::menu_session(cli::invocation& in, known_boards b, std::string sim_root)
  : in_(in)
  , b_(std::move(b))
  , sim_root_(std::move(sim_root))
  , watch_(b_.at.devices, [this](std::vector<std::string> words) { return start(std::move(words)); }) {
    look_again();
}

void menu_session::say(std::string text, tui::look as) {
    menu_.message = std::move(text);
    menu_.message_is = as;
}

result<beside> menu_session::start(std::vector<std::string> words) const {
    return beside::start(in_.self, with_place(std::move(words)));
}

std::vector<std::string> menu_session::with_place(std::vector<std::string> words) const {
    if (!sim_root_.empty()) words.insert(words.begin() + 1, "--sim-root=" + sim_root_);
    return words;
}

result<board::registry> menu_session::registry_now() const { return board::read_registry(b_.at.registry_file); }

// ---- pages

tui::text_grid menu_session::paint(tui::grid_size size) const {
    return std::visit(
        [&](const auto& page) {
            if constexpr (std::is_same_v<std::decay_t<decltype(page)>, std::monostate>)
                return menu_.paint(size);
            else
                return page.paint(size);
        },
        over_it_);
}

bool menu_session::has_question_to_show() const {
    if (question_is_new_) return true;
    return std::visit(
        [](const auto& page) {
            if constexpr (requires { page.has_question_to_show(); })
                return page.has_question_to_show();
            else
                return false;
        },
        over_it_);
}

void menu_session::shown() {
    question_is_new_ = false;
    std::visit(
        [](auto& page) {
            if constexpr (requires { page.shown(); }) page.shown();
        },
        over_it_);
}

void menu_session::to_menu() {
    over_it_ = std::monostate{};
    if (running_) left_.push_back(*std::move(running_));
    running_.reset();
    asked_before_.reset();
    comes_back_at_.reset();
    look_again();
}

/// By Ctrl+C: what was changed or answered is not lost without a question.
void menu_session::leave_page() {
    const bool asks = std::visit(
        [](auto& page) {
            if constexpr (requires { page.asks_to_leave(); })
                return page.asks_to_leave();
            else
                return false;
        },
        over_it_);
    if (!asks && !back_to_questions()) to_menu();
}

/// From a command that failed to the answers that it was made of.
bool menu_session::back_to_questions() {
    const auto* page = std::get_if<menu::run_page>(&over_it_);
    if (!asked_before_ || page == nullptr || page->table().status() == 0) return false;
    auto why = page->table().outcome();
    auto questions = *std::move(asked_before_);
    asked_before_.reset();
    running_.reset();
    questions.refuse(std::move(why));
    over_it_ = std::move(questions);
    return true;
}

// ---- keys

void menu_session::take(const tui::key& k, terminal_lease& terminal) {
    std::visit(
        [&](auto& page) {
            if constexpr (std::is_same_v<std::decay_t<decltype(page)>, std::monostate>)
                take_on(menu_, k, terminal);
            else
                take_on(page, k, terminal);
        },
        over_it_);
}

void menu_session::take_on(menu::menu_page& page, const tui::key& k, terminal_lease& terminal) {
    const auto wanted = page.take(k);
    if (!wanted) return;
    say({});
    if (auto why = menu::objection(*wanted, page.in_hand()); !why.empty())
        return say(std::move(why), tui::look::warning);
    perform(*wanted, terminal);
}

void menu_session::take_on(menu::settings_page& page, const tui::key& k, terminal_lease&) {
    const auto said = page.take(k);
    if (said.back) return to_menu();
    if (said.row == nullptr) return;
    auto registry = registry_now();
    if (!registry) return page.refuse(registry.error().what);
    if (const auto good = take_setting(b_.at.home, *said.row, registry->settings, said.text); !good)
        return page.refuse(good.error().what);
    const auto begun = begin_quiet({"settings", fmt::format("--{}={}", said.row->option, said.text)}, {});
    if (!begun) return page.refuse(begun.error().what); // what is being saved is still that of before
    settings_to_be_ = std::move(registry->settings);
    page.saves();
}

void menu_session::take_on(menu::board_page& page, const tui::key& k, terminal_lease& terminal) {
    const auto wanted = page.take(k);
    if (!wanted) return;
    using enum menu::board_page::command;
    if (wanted == back) return to_menu();
    if (wanted == save) {
        const auto begun = begin_quiet(page.draft().words(),
                                       {quiet_change::of::board, page.draft().old().key, page.draft().now().name});
        return begun ? page.saves() : page.say(begun.error().what, tui::look::warning);
    }
    if (wanted == menuconfig) {
        const bool well = run_on_terminal({"config", page.draft().old().key}, terminal);
        page.say(well ? "menuconfig has ended" : "the configuration is as it was",
                 well ? tui::look::normal : tui::look::warning);
    }
}

void menu_session::take_on(menu::registration_page& page, const tui::key& k, terminal_lease& terminal) {
    using enum menu::registration_page::event;
    const auto said = page.take(k);
    if (said == changed) question_is_new_ = true;
    if (said == left) return to_menu();
    if (said != complete) return;
    auto words = page.wizard().words();
    if (page.wizard().config() == menu::config_from::menuconfig) {
        if (!run_on_terminal(words, terminal)) return page.refuse("it is not registered: see what menuconfig said");
        const auto name = page.wizard().board().name;
        to_menu();
        return say(name + " is registered", tui::look::good);
    }
    auto answers = page; // begin_run() has another page in its place
    if (const auto begun = begin_run("add " + page.wizard().board().name, std::move(words), {}); !begun)
        return page.refuse(begun.error().what);
    asked_before_ = std::move(answers);
}

void menu_session::take_on(menu::run_page& page, const tui::key& k, terminal_lease&) {
    const auto said = page.take(k);
    if (!page.comes_back_in) comes_back_at_.reset();
    if (said.answer && running_) running_->answer(*said.answer);
    if (said.interrupt) interrupt(SIGINT);
    if (said.back && !back_to_questions()) to_menu();
}

void menu_session::take_on(menu::output_page& page, const tui::key& k, terminal_lease&) {
    using enum menu::output_page::command;
    const auto wanted = tui::command_of(page, k);
    if (!wanted) return;
    if (wanted == interrupt) return this->interrupt(SIGINT);
    if (wanted != back) return page.move(*wanted);
    if (running_) running_->signal(SIGINT);
    to_menu();
}

void menu_session::interrupt(int number) {
    if (running_) running_->signal(number);
    if (number != SIGINT) {
        over_ = true;
    } else if (!running_) { // from a page to the menu, from the menu out
        if (std::holds_alternative<std::monostate>(over_it_)) over_ = true;
        leave_page();
    }
}

void menu_session::hang_up() {
    for (const auto* child : {&running_, &quiet_})
        if (*child) (*child)->signal(SIGHUP);
    over_ = true;
}

// ---- actions

void menu_session::perform(menu::action a, terminal_lease& terminal) {
    const auto* row = menu_.in_hand();
    const auto& its = menu::row_of(a);
    switch (a) {
    case menu::action::quit: over_ = true; return;
    case menu::action::help: return show_help();
    case menu::action::refresh: return look_again();
    case menu::action::add: return open_registration();
    case menu::action::edit: return open_board(*row);
    case menu::action::settings: {
        auto registry = registry_now();
        if (!registry) return say(registry.error().what, tui::look::bad);
        over_it_ = menu::settings_page(std::move(registry->settings));
        return;
    }
    case menu::action::menuconfig:
        say(run_on_terminal(menu::words_of(a, row), terminal) ? "" : "the configuration is as it was",
            tui::look::warning);
        return look_again();
    case menu::action::toggle_excluded:
        if (const auto begun = begin_quiet(menu::words_of(a, row), {quiet_change::of::toggle, row->key, row->name});
            !begun)
            say(begun.error().what, tui::look::warning);
        return;
    case menu::action::flash:
    case menu::action::flash_all:
    case menu::action::rollback: return begin_flash(a, row, terminal);
    default: break;
    }
    if (its.how == menu::runs::asking) {
        if (const auto begun = begin_run(title_of(its, row), menu::words_of(a, row), {}); !begun)
            say(begun.error().what, tui::look::bad);
        return;
    }
    begin_output(title_of(its, row), menu::words_of(a, row));
}

void menu_session::begin_flash(menu::action a, const menu::board_row* row, terminal_lease& terminal) {
    std::vector<menu::running_board> boards;
    if (a == menu::action::flash_all) {
        for (const auto& r : menu_.list().rows)
            if (r.is_registered() && r.flashable && r.is_there()) boards.push_back({r.key, r.name});
    } else {
        boards.push_back({row->key, row->name});
    }
    auto words = menu::words_of(a, row);
    const auto title = title_of(menu::row_of(a), row);
    const auto registry = registry_now();
    if (!registry) return say(registry.error().what, tui::look::bad);
    // As on the command line: a board that is flashed alone is configured first, unless the settings say never.
    if (a == menu::action::flash && !registry->settings.skip_menuconfig &&
        !run_on_terminal({"config", row->key}, terminal))
        return say("nothing was flashed: menuconfig did not end well", tui::look::warning);
    if (const auto begun = begin_run(title, std::move(words), std::move(boards)); !begun)
        return say(begun.error().what, tui::look::bad);
    returns_ = true;
}

result<void> menu_session::begin_run(std::string title, std::vector<std::string> words,
                                     std::vector<menu::running_board> boards) {
    words.emplace_back("--json");
    words.emplace_back("--ask-json");
    KF_TRY(running_, start(std::move(words)));
    returns_ = false;
    over_it_ = menu::run_page(std::move(title), menu::run_table(std::move(boards)));
    return {};
}

void menu_session::begin_output(std::string title, std::vector<std::string> words) {
    auto child = start(std::move(words));
    if (!child) return say(child.error().what, tui::look::bad);
    running_ = *std::move(child);
    over_it_ = menu::output_page(std::move(title));
}

result<void> menu_session::begin_quiet(std::vector<std::string> words, quiet_change what) {
    if (quiet_) return kf::fail(errc::refused, "the change before is still being saved: once more in a moment");
    words.emplace_back("--json");
    KF_TRY(quiet_, start(std::move(words)));
    quiet_says_ = menu::run_table{};
    quiet_is_ = std::move(what);
    return {};
}

void menu_session::end_quiet() {
    quiet_says_.end(quiet_->status());
    const bool well = quiet_->status() == 0;
    const auto why = quiet_says_.whole_outcome();
    quiet_.reset();
    // The page may be gone, or another one of its kind be open by now.
    if (auto* page = std::get_if<menu::settings_page>(&over_it_);
        page != nullptr && quiet_is_.what == quiet_change::of::settings) {
        if (page->is_saving()) return well ? page->saved(settings_to_be_) : page->refuse(why);
        if (well) page->show(settings_to_be_);
    }
    if (auto* page = std::get_if<menu::board_page>(&over_it_);
        page != nullptr && page->is_saving() && page->draft().old().key == quiet_is_.key) {
        if (!well) return page->say(why, tui::look::bad);
        to_menu();
    }
    if (well && quiet_is_.what == quiet_change::of::toggle) menu_.toggled(quiet_is_.key);
    const auto name = quiet_is_.name.empty() ? "the setting" : quiet_is_.name;
    say(well ? name + " is saved" : why, well ? tui::look::good : tui::look::bad);
    look_again();
}

/// The command has the terminal until it ends; a person sees what it said before the screen comes back.
bool menu_session::run_on_terminal(const std::vector<std::string>& words, terminal_lease& terminal) {
    io::command c{{in_.self}};
    const auto all = with_place(words);
    c.argv.insert(c.argv.end(), all.begin(), all.end());
    c.on_terminal = true;
    terminal.leave();
    const auto ran = io::posix_runner{}.run(c, {}, {});
    io::interrupt::clear(); // Ctrl+C was the command's
    const bool well = ran && ran->status == 0;
    if (!well) {
        cli::invocation here = in_;
        (void)cli::ask(here, {"Enter leads back to the menu", {}, ""});
        io::interrupt::clear();
    }
    if (const auto back = terminal.back(); !back) over_ = true;
    return well;
}

void menu_session::open_board(const menu::board_row& row) {
    if (quiet_ && quiet_is_.key == row.key)
        return say(row.name + " is still being saved: once more in a moment", tui::look::warning);
    auto registry = registry_now();
    if (!registry) return say(registry.error().what, tui::look::bad);
    auto board = board::with_key(*registry, row.key);
    if (!board) return say(board.error().what, tui::look::bad);
    over_it_ = menu::board_page({*std::move(registry), *std::move(board)}, row);
}

void menu_session::open_registration() {
    auto registry = registry_now();
    if (!registry) return say(registry.error().what, tui::look::bad);
    b_.registry = *std::move(registry);
    // The device in hand, when nobody has registered it; all that are new otherwise.
    const auto* row = menu_.in_hand();
    if (row != nullptr && row->group == menu::board_group::blocked)
        return say(menu::objection(menu::action::edit, row), tui::look::warning);
    const bool is_new = row != nullptr && row->group == menu::board_group::fresh;
    auto view = look_for_new_boards(b_, is_new ? std::optional(row->device) : std::nullopt);
    if (!view) return say(view.error().what + ": " + view.error().cause, tui::look::warning);
    over_it_ = menu::registration_page(*std::move(view));
    question_is_new_ = true;
}

void menu_session::show_help() {
    menu::output_page page("help");
    page.add("A digit or an arrow takes a board in hand; a letter is an action, of that board.");
    page.add("Esc leads back from each page, Ctrl+C to the menu; both ask before something is lost.");
    page.add("Nothing is flashed before you have said yes.");
    page.add("");
    for (const auto& [keys, help] : tui::help_of(menu_.bindings())) page.add(fmt::format("{:<8}  {}", keys, help));
    page.add("");
    page.add("REG registered, NEW not yet, BLK never flashed, DUP not told from another");
    for (const auto& row : menu::commands_without_action)
        page.add(fmt::format("kflash {:<12}  on the command line only: {}", row.command, row.why));
    page.end(0);
    over_it_ = std::move(page);
}

// ---- what goes on beside the screen

void menu_session::look_again() {
    if (const auto begun = watch_.look_again(); !begun) return say(begun.error().what, tui::look::bad);
    menu_.looks = true;
}

std::vector<int> menu_session::fds() const {
    auto all = watch_.fds();
    for (const auto* child : {&running_, &quiet_})
        if (*child) all.push_back((*child)->fd());
    return all;
}

menu_session::time_point menu_session::next() const {
    const auto now = std::chrono::steady_clock::now();
    // A child that has closed its output and not yet ended is asked again soon.
    const bool is_busy = running_ || quiet_ || watch_.is_busy() || comes_back_at_ || !left_.empty();
    return now + (is_busy ? std::chrono::milliseconds(250) : std::chrono::milliseconds(1000));
}

void menu_session::go_on(time_point now) {
    hear_watch();
    hear_run(now);
    if (quiet_ && quiet_->listen([&](const std::string& line) { (void)menu::retell(line, quiet_says_); })) end_quiet();
    std::erase_if(left_, [](beside& child) { return child.listen([](const std::string&) {}); });
    if (!running_ && watch_.has_changed(now)) look_again();
}

void menu_session::hear_watch() {
    auto news = watch_.hear();
    if (news.boards) {
        menu_.show(*std::move(news.boards));
        menu_.looks = watch_.looks();
    }
    if (news.status) {
        menu_.status = *std::move(news.status);
        if (!menu_.status.warning.empty()) say(menu_.status.warning, tui::look::warning);
    }
}

void menu_session::hear_run(time_point now) {
    if (auto* page = std::get_if<menu::output_page>(&over_it_)) {
        if (running_ && running_->listen([&](std::string line) { page->add(std::move(line)); })) {
            page->end(running_->status());
            running_.reset();
        }
        return;
    }
    auto* page = std::get_if<menu::run_page>(&over_it_);
    if (page == nullptr) return;
    if (running_ && running_->listen([&](const std::string& line) {
            if (auto question = menu::retell(line, page->table())) {
                page->ask(*std::move(question));
                question_is_new_ = true;
            }
        })) {
        const int status = running_->status();
        page->table().end(status);
        question_is_new_ = false;
        running_.reset();
        if (asked_before_ && status == 0) {
            const auto name = asked_before_->wizard().board().name;
            asked_before_.reset();
            to_menu();
            return say(name + " is registered", tui::look::good);
        }
        if (returns_ && status == 0)
            if (const auto registry = registry_now())
                comes_back_at_ =
                    now + std::chrono::milliseconds(static_cast<int>(registry->settings.return_delay * 1000));
    }
    if (!comes_back_at_) return;
    if (now >= *comes_back_at_) return to_menu();
    page->comes_back_in =
        static_cast<unsigned>(std::ceil(std::chrono::duration<double>(*comes_back_at_ - now).count()));
}

} // namespace kf::kflash
