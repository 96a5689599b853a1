// SPDX-License-Identifier: MIT
#pragma once
/// The page of the jog console: the panel as a frame, keys as what the person asks of the console. What lies over the
/// panel (a question, a line that is typed, the help) is here too; it moves nothing.

#include <kf/jog/jog_keys.hpp>
#include <kf/jog/panel.hpp>
#include <kf/jog/panel_view.hpp>
#include <kf/jog/person_input.hpp>
#include <kf/jog/stop_reach.hpp>
#include <kf/jog/stroke_hand.hpp>
#include <kf/jog/typed_place.hpp>
#include <kf/tui/confirmation.hpp>
#include <kf/tui/framed_page.hpp>
#include <kf/tui/text_field.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kf::jog {

/// Besides what is asked of the console: the emergency stop, which waits for nobody, and the end.
struct press_stop {
    bool done = false; ///< by who read the key (key::heeded)
};
struct leave_console {
    bool answered = false; ///< the person knows that the tool is not up
};
using page_effect = std::variant<person_input, press_stop, leave_console>;

class jog_page {
  public:
    using command = jog_command;
    using effects = std::vector<page_effect>;

    explicit jog_page(page_setup s)
      : setup_(std::move(s))
      , lines_(std::make_unique<tui::entered_lines>())
      , hand_(setup_.job ? std::optional<stroke_hand>(setup_.job) : std::nullopt) {}

    void shows(panel p);
    [[nodiscard]] const panel& seen() const noexcept { return panel_; }
    /// In one that is too small to see anything nothing is asked of the machine; the stop and the way out remain.
    void window_is(tui::grid_size size) noexcept {
        too_small_ = size.columns < least.columns || size.rows < least.rows;
    }
    /// Something moves by itself, a long step too: a hold ends with its key, within the bound.
    [[nodiscard]] bool is_busy() const noexcept {
        return panel_.doing != activity::resting && panel_.doing != activity::holding;
    }
    /// True when it can be left now; else it says why not, or asks for the tool that is not up, unless that is
    /// `answered` or cannot be seen.
    [[nodiscard]] bool leaves_now(bool answered) {
        if (panel_.klipper == contact::recovering)
            refused_ = "Klipper is being restarted: Q when it is; Ctrl+C ends the wait";
        else if (is_busy())
            refused_ = fmt::format("{} is not done: Q when it is, ! stops it", kf::jog::name(panel_.doing));
        else if (!answered && !too_small_ && panel_.place == tool_place::down)
            ask("Leave it with the tool down", {"U lifts it."}, {leave_console{true}});
        else if (!answered && !too_small_ && panel_.lowered && panel_.place != tool_place::up)
            ask("Leave it with a tool that was lowered, and is not known to be up", {"U lifts it."},
                {leave_console{true}});
        else
            return true;
        return false;
    }
    /// It was asked to end meanwhile, by a signal; once more, and it says why it is still there.
    void leaves_when_done() {
        const char* what = is_busy() ? kf::jog::name(panel_.doing) : "what was asked";
        refused_ = leaves_
                       ? fmt::format("{} goes on by itself: kjog waits for it; ! stops it, and then kjog leaves", what)
                       : fmt::format("{} is not done: kjog leaves when it is; ! stops it", what);
        leaves_ = true;
    }
    [[nodiscard]] effects take(const tui::key& k);
    [[nodiscard]] stop_reach stops() const noexcept;
    /// A key is a character now.
    [[nodiscard]] bool is_typed_into() const noexcept { return std::holds_alternative<typed_line>(over_); }
    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const;
    [[nodiscard]] tui::binding_table<command> bindings() const { return keys_of(setup_, panel_.klipper); }
    /// What is told of something beside the panel, until the next key.
    void says(std::string what) { refused_ = std::move(what); }
    /// A question waits to be seen: draw, then shown() once it is in sight.
    [[nodiscard]] bool has_question_to_show() const noexcept {
        const auto* q = std::get_if<question>(&over_);
        return q != nullptr && !q->text.was_shown();
    }
    void shown() noexcept {
        if (auto* q = std::get_if<question>(&over_)) q->text.shown();
    }

  private:
    static constexpr tui::grid_size least{40, 14};

    struct question {
        tui::confirmation text;
        effects yes, no;
    };
    struct typed_line {
        std::string prompt;
        tui::text_field field;
        jog_command for_what;
    };
    struct help {
        std::size_t first = 0;
    };

    page_setup setup_;
    panel panel_;
    std::unique_ptr<tui::entered_lines> lines_; ///< where the text field can point to, wherever the page goes
    std::variant<std::monostate, question, typed_line, help> over_;
    bool too_small_ = false;
    bool proposes_ = false; ///< panel::origin has not been asked about yet
    bool leaves_ = false;   ///< when what moves by itself is done
    std::string refused_;   ///< what was typed or struck, and why it cannot be taken
    std::optional<stroke_hand> hand_;

    [[nodiscard]] effects perform(jog_command c, const tui::key& k);
    [[nodiscard]] effects entered(const typed_line& l);
    [[nodiscard]] static effects asks(std::optional<draw_stroke> d) {
        return d ? effects{person_input(std::move(*d))} : effects{};
    }
    [[nodiscard]] effects take_over(const tui::key& k);
    void ask(std::string text, std::vector<std::string> details, effects yes, effects no = {}) {
        over_.emplace<question>(tui::confirmation(std::move(text), std::move(details)), std::move(yes), std::move(no));
    }
    [[nodiscard]] std::vector<tui::footer_entry> footer() const;
    void paint_behind(tui::pane p) const;
};

inline std::vector<tui::footer_entry> jog_page::footer() const {
    if (const auto* l = std::get_if<typed_line>(&over_))
        return {{stops() == stop_reach::while_typing ? "^X" : "!", "E-STOP", 0},
                {"Esc", "leaves the field", 0},
                {"Enter", l->for_what == jog_command::go_to ? "goes" : "sends", 0}};
    if (std::holds_alternative<question>(over_)) return {{"!", "E-STOP", 0}, {"y", "yes", 0}, {"n/Esc", "no", 0}};
    if (std::holds_alternative<help>(over_)) return {{"!", "E-STOP", 0}, {"Esc", "back", 0}, {"↑↓", "more", 1}};
    return tui::footer_of(bindings());
}

inline void jog_page::shows(panel p) {
    if (p.origin != panel_.origin) proposes_ = p.origin.has_value();
    if (hand_) hand_->shows(panel_, p);
    if (p.doing != panel_.doing) refused_.clear();
    panel_ = std::move(p);
    // Not over what the person is at: its answer is not for this.
    if (proposes_ && std::holds_alternative<std::monostate>(over_)) {
        proposes_ = false;
        ask("Write machine.yaml", panel_.origin->diff, {person_input(origin::write)}, {person_input(origin::forget)});
    }
}

inline jog_page::effects jog_page::take(const tui::key& k) {
    using tui::key_code;
    // Whatever lies over the panel: nothing is held where nobody looks.
    if (k.code == key_code::focus_out) return {person_input(let_go::focus_lost)};
    if (k.code == key_code::focus_in) return {};
    if (is_stop(k, stops())) {
        effects out{press_stop{k.heeded}};
        if (auto* q = std::get_if<question>(&over_)) std::ranges::move(q->no, std::back_inserter(out));
        if (std::exchange(proposes_, false)) out.push_back(person_input(origin::forget));
        over_.emplace<std::monostate>(); // what comes next is on the panel
        return out;
    }
    const auto meaning = tui::command_of(bindings(), k);
    if (too_small_ && meaning != jog_command::leave && k.code != key_code::escape)
        return {person_input(let_go::other_key)};
    if (!std::holds_alternative<std::monostate>(over_)) return take_over(k);
    if (k.action == tui::key_action::release) {
        tui::key struck = k;
        struck.action = tui::key_action::press;
        const auto c = tui::command_of(bindings(), struck);
        const auto to = c ? heading_of(*c) : std::nullopt;
        return to ? effects{person_input(release{*to})} : effects{};
    }
    if (k.code == key_code::paste) refused_ = "many characters at once are a paste: none of them does anything";
    const auto c = meaning;
    if (c && heading_of(*c)) return perform(*c, k);
    effects out{person_input(let_go::other_key)};
    // A key that is held repeats what was asked: once is enough.
    const bool steps =
        c == jog_command::longer || c == jog_command::shorter || c == jog_command::faster || c == jog_command::slower;
    if (!c || (k.action == tui::key_action::repeat && !steps)) return out;
    for (page_effect& e : perform(*c, k)) out.push_back(std::move(e));
    return out;
}

inline stop_reach jog_page::stops() const noexcept {
    if (const auto* l = std::get_if<typed_line>(&over_)) {
        if (l->for_what == jog_command::go_to) return stop_reach::not_escape; // no place has a '!'
        return l->field.text().empty() ? stop_reach::line_begins : stop_reach::while_typing;
    }
    // A question that nobody has seen is not what Esc was for.
    const bool has_way_back = std::holds_alternative<help>(over_) || std::holds_alternative<question>(over_);
    return has_way_back && !has_question_to_show() ? stop_reach::not_escape : stop_reach::all;
}

inline jog_page::effects jog_page::take_over(const tui::key& k) {
    if (auto* l = std::get_if<typed_line>(&over_)) {
        const auto event = l->field.take(k);
        if (event == tui::field_event::left) over_.emplace<std::monostate>();
        if (event != tui::field_event::entered) return {};
        const typed_line done = std::move(*l);
        over_.emplace<std::monostate>();
        return entered(done);
    }
    if (auto* q = std::get_if<question>(&over_)) {
        const auto said = q->text.take(k);
        if (said == tui::answer::none) return {};
        effects out = said == tui::answer::yes ? std::move(q->yes) : std::move(q->no);
        over_.emplace<std::monostate>();
        return out;
    }
    auto& h = std::get<help>(over_);
    if (k.action == tui::key_action::release || k.code == tui::key_code::paste) return {};
    if (k.code == tui::key_code::down || k.code == tui::key_code::page_down)
        h.first = std::min(h.first + 1, bindings().size());
    else if (k.code == tui::key_code::up || k.code == tui::key_code::page_up)
        h.first -= std::min<std::size_t>(h.first, 1);
    else if (k.code == tui::key_code::escape || tui::is(k, U'q') || tui::is(k, U'?'))
        over_.emplace<std::monostate>();
    return {};
}

inline jog_page::effects jog_page::perform(jog_command c, const tui::key& k) {
    refused_.clear();
    if (const auto to = heading_of(c)) {
        const stroke_kind kind = k.action == tui::key_action::repeat ? stroke_kind::repeat : stroke_kind::unknown;
        return {person_input(strike{*to, kind})};
    }
    switch (c) {
    case jog_command::longer: return {person_input(step_change::longer)};
    case jog_command::shorter: return {person_input(step_change::shorter)};
    case jog_command::faster: return {person_input(speed_change::faster)};
    case jog_command::slower: return {person_input(speed_change::slower)};
    case jog_command::home:
        if (panel_.pen_doubt.empty() || panel_.z_referenced) return {person_input(home{})};
        ask("Is the pen clear of the paper",
            {"The pen may be down: " + panel_.pen_doubt, "Look at it before you answer."},
            {person_input(home{run::pen_word::is_up})});
        return {};
    case jog_command::first_tool: return {person_input(select_tool{setup_.first_tool})};
    case jog_command::second_tool: return {person_input(select_tool{setup_.second_tool})};
    case jog_command::tool_up: return {person_input(tool_move::up)};
    case jog_command::tool_down: return {person_input(tool_move::down)};
    case jog_command::touch_off:
        ask("Does the pen touch the paper now", {"Lower it with PgDn, or by hand, until it just touches."},
            {person_input(touch_off{})});
        return {};
    case jog_command::go_to: over_.emplace<typed_line>("Go to X Y:", tui::text_field(), c); return {};
    case jog_command::origin: return {person_input(origin::propose)};
    case jog_command::console: over_.emplace<typed_line>("G-code:", tui::text_field({}, lines_.get()), c); return {};
    case jog_command::restart: return {person_input(restart{})};
    case jog_command::next_stroke: return asks(hand_->next());
    case jog_command::repeat_stroke: return asks(hand_->once_more());
    case jog_command::stroke_before: hand_->back(); return {};
    case jog_command::skip_stroke: hand_->skip(); return {};
    case jog_command::help: over_.emplace<help>(); return {};
    case jog_command::leave: return leaves_now(false) ? effects{leave_console{}} : effects{};
    default: return {};
    }
}

inline jog_page::effects jog_page::entered(const typed_line& l) {
    const std::string& text = l.field.text();
    if (text.find_first_not_of(' ') == std::string::npos) return {};
    if (l.for_what == jog_command::console) {
        lines_->add(text);
        return {person_input(console_line{text})};
    }
    if (const auto place = typed_place(text)) return {person_input(go_to{*place})};
    refused_ = fmt::format("\"{}\" is no place: two numbers, X and Y in mm", text);
    return {};
}

inline void jog_page::paint_behind(tui::pane p) const {
    const auto* l = std::get_if<typed_line>(&over_);
    if (l != nullptr && p.rows() > 0) {
        l->field.paint(p.part(1, p.rows() - 1, {p.columns(), 1}), 0, l->prompt);
        p = p.part(0, 0, {p.columns(), p.rows() - 1});
    }
    paint_panel(p, {panel_, setup_.increments, hand_ ? &*hand_ : nullptr, leaves_, l == nullptr ? refused_ : ""});
}

inline tui::text_grid jog_page::paint(tui::grid_size size) const {
    if (const auto* h = std::get_if<help>(&over_))
        return tui::help_frame(size, "kjog: keys", tui::help_of(bindings()), footer(), h->first);
    return tui::framed(size, {"kjog", setup_.machine_name, footer(), least}, [&](tui::pane p) {
        const auto* q = std::get_if<question>(&over_);
        if (q == nullptr) return paint_behind(p);
        // With its rule, and half of a usual window where it is short, so that what is behind it stays in its place.
        const std::size_t rows = std::min(p.rows(), std::max<std::size_t>(q->text.height(p.columns()) + 1, 10));
        paint_behind(p.part(0, 0, {p.columns(), p.rows() - rows}));
        p.rule(p.rows() - rows);
        q->text.paint(p.below(p.rows() - rows + 1));
    });
}

static_assert(tui::page<jog_page>);

} // namespace kf::jog
