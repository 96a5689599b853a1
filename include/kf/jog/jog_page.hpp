// SPDX-License-Identifier: MIT
#pragma once
/// The page of the jog console: the panel as a frame, keys as what the person asks of the console. What lies over the
/// panel (a question, a line that is typed, the help) is here too; it moves nothing.

#include <kf/io/decimal.hpp>
#include <kf/jog/job_map.hpp>
#include <kf/jog/panel.hpp>
#include <kf/jog/person_input.hpp>
#include <kf/jog/stop_reach.hpp>
#include <kf/machine/machine.hpp>
#include <kf/tui/confirmation.hpp>
#include <kf/tui/framed_page.hpp>
#include <kf/tui/text_field.hpp>
#include <kf/tui/wrapped.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kf::jog {

enum class jog_command : std::uint8_t {
    left,
    right,
    nearer,
    farther,
    raise,
    lower,
    longer,
    shorter,
    faster,
    slower,
    home,
    first_tool,
    second_tool,
    tool_up,
    tool_down,
    touch_off,
    go_to,
    origin,
    console,
    restart,
    next_stroke,
    stroke_before,
    skip_stroke,
    repeat_stroke,
    stop,
    help,
    leave
};

/// Besides what is asked of the console: the emergency stop, which waits for nobody, and the end.
struct press_stop {
    bool done = false; ///< by who read the key (key::heeded)
};
struct leave_console {};
using page_effect = std::variant<person_input, press_stop, leave_console>;

struct page_setup {
    std::string machine_name; ///< right in the heading
    std::vector<mm> increments;
    std::string first_tool, second_tool;      ///< under P and A; empty: there is none
    std::shared_ptr<const step_job> job = {}; ///< what Space draws, stroke by stroke
};

/// P is the pen and A the airbrush, by their names; else the first and the second tool.
[[nodiscard]] inline page_setup page_setup_of(const machine::machine& m, std::string name) {
    page_setup s{std::move(name), m.interactive.jog_increments_mm, {}, {}};
    const auto named = [&](const char* tool) { return machine::find_tool(m, tool) != nullptr ? tool : ""; };
    s.first_tool = named("pen");
    s.second_tool = named("airbrush");
    for (const machine::tool& t : m.tools) {
        if (t.name == s.first_tool || t.name == s.second_tool) continue;
        if (s.first_tool.empty())
            s.first_tool = t.name;
        else if (s.second_tool.empty())
            s.second_tool = t.name;
    }
    return s;
}

class jog_page {
  public:
    using command = jog_command;
    using effects = std::vector<page_effect>;

    explicit jog_page(page_setup s)
      : setup_(std::move(s))
      , lines_(std::make_unique<tui::entered_lines>())
      , drawn_(setup_.job ? setup_.job->strokes.size() : 0) {}

    void shows(panel p);
    /// In one that is too small to see anything nothing is asked of the machine; the stop and the way out remain.
    void window_is(tui::grid_size size) noexcept {
        too_small_ = size.columns < least.columns || size.rows < least.rows;
    }
    /// Something moves by itself.
    [[nodiscard]] bool is_busy() const noexcept { return panel_.doing > activity::holding; }
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
    [[nodiscard]] tui::text_grid paint(tui::grid_size size) const;
    [[nodiscard]] tui::binding_table<command> bindings() const;
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
    bool proposes_ = false;   ///< panel::origin has not been asked about yet
    bool leaves_ = false;     ///< when what moves by itself is done
    std::string refused_;     ///< what was typed or struck, and why it cannot be taken
    std::size_t in_hand_ = 0; ///< the stroke that Space draws; behind the last one when all are done
    std::size_t sent_ = 0;    ///< the one that was asked for last
    bool waits_ = false;      ///< it is not done yet
    std::vector<bool> drawn_;

    [[nodiscard]] effects perform(jog_command c, const tui::key& k);
    [[nodiscard]] effects entered(const typed_line& l);
    [[nodiscard]] effects draws(std::size_t index) {
        if (waits_ || index >= drawn_.size()) return {};
        waits_ = true;
        sent_ = index;
        return {person_input(draw_stroke{setup_.job, index})};
    }
    [[nodiscard]] std::string job_line() const;
    [[nodiscard]] effects take_over(const tui::key& k);
    void ask(std::string text, std::vector<std::string> details, effects yes, effects no = {}) {
        over_.emplace<question>(tui::confirmation(std::move(text), std::move(details)), std::move(yes), std::move(no));
    }
    [[nodiscard]] std::vector<tui::footer_entry> footer() const;
    void paint_panel(tui::pane p) const;
    [[nodiscard]] std::vector<std::pair<std::string, tui::look>> state_lines() const;
    [[nodiscard]] static std::optional<heading> heading_of(jog_command c) noexcept {
        return c <= jog_command::lower ? std::optional(headings[static_cast<std::size_t>(c)]) : std::nullopt;
    }
};

inline tui::binding_table<jog_command> jog_page::bindings() const {
    using tui::key_code;
    using enum jog_command;
    tui::binding_table<jog_command> rows{
        {{stop_keys.begin(), stop_keys.end()},
         stop,
         "!/Esc",
         "E-STOP",
         "emergency stop; ! at once, Esc a little later; Ctrl+X while a line is typed",
         0},
        {{key_code::left}, left, "←→↑↓", "X Y", "moves X and Y: a tap is one step, held it goes on", 2},
        {{key_code::right}, right},
        {{key_code::up}, farther},
        {{key_code::down}, nearer},
        {{key_code::page_up}, raise, "PgUp/Dn", "Z", "moves Z: away from the paper, towards it", 3},
        {{key_code::page_down}, lower},
        {{U'+', U'='}, longer, "+/-", "step", "makes the step longer, shorter", 4},
        {{U'-', U'_'}, shorter},
        {{U'>', U'.'}, faster, "</>", "speed", "changes the speed of jogging; never the printer's own (M220)", 8},
        {{U'<', U','}, slower},
        {{U'H'}, home, "H", "home", "homes X and Y, the tool up", 3},
        {{U'T'}, touch_off, "T", "touch-off", "the pen touches the paper now: Z gets its reference", 5},
        {{U'U'}, tool_up, "U", "up", "lifts the tool", 3},
        {{U'D'}, tool_down, "D", "down", "lowers the tool to its work height", 4},
        {{U'P'}, first_tool, "P", setup_.first_tool, fmt::format("takes the {}", setup_.first_tool), 6},
        {{U'A'}, second_tool, "A", setup_.second_tool, fmt::format("takes the {}", setup_.second_tool), 6},
        {{U'G'}, go_to, "G", "go to", "goes to a place that is typed, the tool up", 7},
        {{U'O'}, origin, "O", "origin", "the canvas begins here: writes machine.yaml after a look at the change", 7},
        {{U':', key_code::enter},
         console,
         ":",
         "G-code",
         "a line of G-code for Klipper; Up and Down bring old ones",
         8},
        {{U'R'}, restart, "R", "restart", "restarts Klipper after a stop or a fault", 6},
        {{U'?'}, help, "?", "help", "shows all keys", 1},
        {{U'Q'}, leave, "Q", "quit", "leaves the console", 0},
    };
    if (setup_.job) {
        rows.insert(rows.begin() + 1, {{{U' '}, next_stroke, "Space", "draw", "draws the stroke in hand", 1},
                                       {{U'B'}, stroke_before, "B", "back", "takes the stroke before in hand", 2},
                                       {{U'S'}, skip_stroke, "S", "skip", "leaves the stroke out, for now", 2}});
        // After a stop it restarts.
        if (panel_.klipper != contact::stopped)
            rows.insert(rows.begin() + 4, {{U'R'}, repeat_stroke, "R", "repeat", "draws the last stroke once more", 2});
    }
    std::erase_if(rows, [&](const auto& row) {
        if (row.does == restart && setup_.job && panel_.klipper != contact::stopped) return true;
        return (row.does == first_tool && setup_.first_tool.empty()) ||
               (row.does == second_tool && setup_.second_tool.empty());
    });
    // What helps now is not the first to go.
    for (auto& row : rows)
        if (row.does == restart && panel_.klipper == contact::stopped) row.rank = 1;
    return rows;
}

inline std::vector<tui::footer_entry> jog_page::footer() const {
    if (const auto* l = std::get_if<typed_line>(&over_))
        return {{"^X", "E-STOP", 0},
                {"Esc", "leaves the field", 0},
                {"Enter", l->for_what == jog_command::go_to ? "goes" : "sends", 0}};
    if (std::holds_alternative<question>(over_)) return {{"!", "E-STOP", 0}, {"y", "yes", 0}, {"n/Esc", "no", 0}};
    if (std::holds_alternative<help>(over_)) return {{"!", "E-STOP", 0}, {"Esc", "back", 0}, {"↑↓", "more", 1}};
    return tui::footer_of(bindings());
}

inline void jog_page::shows(panel p) {
    if (p.origin != panel_.origin) proposes_ = p.origin.has_value();
    if (p.strokes_tried != panel_.strokes_tried) waits_ = false;
    if (p.doing != panel_.doing) refused_.clear();
    if (setup_.job && p.strokes_drawn != panel_.strokes_drawn) {
        drawn_[sent_] = true;
        in_hand_ = sent_ + 1;
    }
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
    if (std::holds_alternative<typed_line>(over_)) return stop_reach::while_typing;
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
    case jog_command::next_stroke: return draws(in_hand_);
    case jog_command::repeat_stroke: return draws(in_hand_ == 0 ? 0 : in_hand_ - 1);
    case jog_command::stroke_before:
        if (!waits_ && in_hand_ > 0) --in_hand_;
        return {};
    case jog_command::skip_stroke:
        if (!waits_ && in_hand_ < drawn_.size()) ++in_hand_;
        return {};
    case jog_command::help: over_.emplace<help>(); return {};
    case jog_command::leave:
        if (is_busy()) {
            refused_ = fmt::format("{} is not done: Q when it is, ! stops it", kf::jog::name(panel_.doing));
            return {};
        }
        if (panel_.place != tool_place::down) return {leave_console{}};
        ask("Leave it with the tool down", {"U lifts it."}, {leave_console{}});
        return {};
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
    // "100 50", "X100 Y50", "100, 50"
    std::string numbers;
    for (const char c : text) numbers += c == ',' || c == 'x' || c == 'X' || c == 'y' || c == 'Y' ? ' ' : c;
    std::vector<double> place;
    for (std::string_view rest = numbers; !rest.empty();) {
        rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
        const std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(word.size());
        if (word.empty()) continue;
        const auto n = io::parse_decimal(word);
        if (!n) {
            place.clear();
            break;
        }
        place.push_back(*n);
    }
    if (place.size() == 2) return {person_input(go_to{{place[0], place[1]}})};
    refused_ = fmt::format("\"{}\" is no place: two numbers, X and Y in mm", text);
    return {};
}

namespace detail {

[[nodiscard]] inline std::string place_text(const std::optional<klippy::xyz>& at) {
    if (!at) return "unknown";
    return fmt::format("X{:8.3f} Y{:8.3f} Z{:8.3f}", (*at)[0], (*at)[1], (*at)[2]);
}

[[nodiscard]] constexpr const char* text_of(tool_place p) noexcept {
    switch (p) {
    case tool_place::up: return "up";
    case tool_place::down: return "DOWN";
    case tool_place::between: return "between up and down";
    case tool_place::unknown: return "height unknown";
    }
    return "height unknown";
}

} // namespace detail

inline std::vector<std::pair<std::string, tui::look>> jog_page::state_lines() const {
    using tui::look;
    const panel& p = panel_;
    std::vector<std::pair<std::string, look>> out;
    const auto why = p.reason.empty() ? std::string() : ": " + p.reason;
    switch (p.klipper) {
    case contact::away:
        out.emplace_back("no Klipper" + why, look::bad);
        out.emplace_back("It is looked for. Q quits.", look::normal);
        break;
    case contact::starting: out.emplace_back("Klipper starts" + why, look::warning); break;
    case contact::recovering: out.emplace_back("Klipper is being restarted", look::warning); break;
    case contact::stopped:
        out.emplace_back("STOPPED" + why, look::bad);
        out.emplace_back("R restarts Klipper; then H homes.", look::normal);
        break;
    case contact::ready:
        out.emplace_back((p.doing == activity::resting ? "ready" : name(p.doing)) +
                             std::string(leaves_ ? "; kjog leaves when that is done" : ""),
                         p.doing == activity::resting ? look::good : look::strong);
        if (!p.foreign.empty()) out.emplace_back(p.foreign, look::warning);
        if (!p.stop_armed) out.emplace_back("E-STOP has no connection: nothing moves", look::bad);
        if (p.unreferenced)
            out.emplace_back("NO REFERENCE: steps of 1 mm at most, no limits. H homes.", look::warning);
        else if (!p.xy_homed)
            out.emplace_back("X and Y are not homed. H homes.", look::warning);
        break;
    }
    return out;
}

inline std::string jog_page::job_line() const {
    const auto& strokes = setup_.job->strokes;
    const auto done = std::ranges::count(drawn_, true);
    if (in_hand_ >= strokes.size()) return fmt::format("{}: {} of {} drawn", setup_.job->name, done, strokes.size());
    const step_stroke& s = strokes[in_hand_];
    return fmt::format("stroke {} of {}, {} mm{}; {} drawn", in_hand_ + 1, strokes.size(), io::to_decimal(s.length, 1),
                       drawn_[in_hand_] ? ", drawn already" : "", done);
}

inline void jog_page::paint_panel(tui::pane p) const {
    using tui::look;
    const panel& now = panel_;
    const std::size_t indent = p.columns() >= 60 ? 12 : 7;
    std::size_t row = 0;
    const auto label = [&](const char* wide, const char* narrow) {
        p.put(1, row, p.columns() >= 60 ? wide : narrow, look::faint);
    };
    const auto line = [&](std::string_view text, look as = look::normal) { p.put(indent, row++, text, as); };
    const auto lines_of = [&](std::string_view text, look as) {
        for (const std::string& part : tui::wrapped(text, p.columns() - indent)) line(part, as);
    };

    label("State", "State");
    for (const auto& [text, as] : state_lines()) lines_of(text, as);
    label("Goes to", "To");
    line(detail::place_text(now.commanded), look::strong);
    label("Is at", "At");
    line(detail::place_text(now.live));
    label("Tool", "Tool");
    line(fmt::format("{}, {}", now.tool.empty() ? "unknown" : now.tool, detail::text_of(now.place)),
         now.place == tool_place::down ? look::warning : look::normal);
    label("Reference", "Ref.");
    line(fmt::format("X Y {}, Z {}{}", now.xy_homed ? "homed" : "no", now.z_referenced ? "yes" : "none (T)",
                     now.square.empty() ? "" : ", squared"),
         now.xy_homed && now.z_referenced ? look::normal : look::warning);
    if (!now.square.empty() && p.columns() >= 60) {
        label("Square", "");
        line(now.square);
    }
    label("Step", "Step");
    std::size_t at = indent;
    bool listed = false;
    for (const mm s : setup_.increments) {
        const bool is = s == now.step;
        listed = listed || is;
        at = p.put(at, row, is ? fmt::format("[{}]", io::to_decimal(s)) : fmt::format(" {} ", io::to_decimal(s)),
                   is ? look::strong : look::faint);
    }
    if (!listed) at = p.put(at, row, fmt::format("[{}]", io::to_decimal(now.step)), look::strong);
    p.put(at, row++, " mm");
    label("Speed", "Speed");
    line(fmt::format("{} mm/s, runs on {} mm at most", io::to_decimal(now.speed, 1), io::to_decimal(now.bound, 1)));
    if (!now.single_steps.empty()) lines_of(fmt::format("single steps only: {}", now.single_steps), look::warning);
    if (setup_.job) {
        label("Job", "Job");
        line(job_line(), look::strong);
    }
    label("Limits", "Lim.");
    line(fmt::format("X {}–{}  Y {}–{}  Z {}–{}", io::to_decimal(now.low[0], 1), io::to_decimal(now.high[0], 1),
                     io::to_decimal(now.low[1], 1), io::to_decimal(now.high[1], 1), io::to_decimal(now.low[2], 1),
                     io::to_decimal(now.high[2], 1)));

    std::size_t bottom = p.rows();
    if (const auto* l = std::get_if<typed_line>(&over_)) {
        if (bottom > 0) l->field.paint(p.part(1, --bottom, {p.columns(), 1}), 0, l->prompt);
    } else if (const auto why = tui::wrapped(refused_, p.columns() - 2); bottom >= row + why.size())
        for (auto part = why.rbegin(); part != why.rend(); ++part) p.put(1, --bottom, *part, look::warning);
    if (setup_.job && bottom > row + 4) {
        // As wide as the canvas is beside its height: a cell has two by four dots.
        const drawing::rectangle& c = setup_.job->canvas;
        const double columns = static_cast<double>(bottom - row - 1) * 2 * c.width() / std::max(c.height(), 1.0);
        const auto wide = static_cast<std::size_t>(
            std::clamp(std::ceil(columns), 4.0, std::max(4.0, static_cast<double>(p.columns() / 2))));
        p.rule(row);
        paint_map(p.part(1, row + 1, {wide, bottom - row - 1}), *setup_.job, in_hand_, drawn_);
        p = p.part(wide + 2, 0, p.size());
    }
    // The newest message whole, and as many before it as there is room for.
    std::vector<std::pair<std::string, look>> said;
    for (const panel_message& m : now.messages) {
        const look as = m.kind == panel_message::level::fault     ? look::bad
                        : m.kind == panel_message::level::warning ? look::warning
                                                                  : look::normal;
        for (std::string& part : tui::wrapped(m.text, p.columns() - 2)) said.emplace_back(std::move(part), as);
        for (const std::string& step : m.steps)
            for (std::string& part : tui::wrapped(step, p.columns() - 4))
                said.emplace_back("  " + std::move(part), look::normal);
    }
    if (said.empty() || bottom < row + 2) return;
    p.rule(row++);
    const std::size_t room = bottom - row, from = said.size() > room ? said.size() - room : 0;
    for (std::size_t i = from; i < said.size(); ++i) p.put(1, row++, said[i].first, said[i].second);
}

inline tui::text_grid jog_page::paint(tui::grid_size size) const {
    if (const auto* h = std::get_if<help>(&over_))
        return tui::help_frame(size, "kjog: keys", tui::help_of(bindings()), footer(), h->first);
    return tui::framed(size, {"kjog", setup_.machine_name, footer(), least}, [&](tui::pane p) {
        const auto* q = std::get_if<question>(&over_);
        if (q == nullptr) return paint_panel(p);
        // With its rule, and half of a usual window where it is short, so that what is behind it stays in its place.
        const std::size_t rows = std::min(p.rows(), std::max<std::size_t>(q->text.height(p.columns()) + 1, 10));
        paint_panel(p.part(0, 0, {p.columns(), p.rows() - rows}));
        p.rule(p.rows() - rows);
        q->text.paint(p.below(p.rows() - rows + 1));
    });
}

static_assert(tui::page<jog_page>);

} // namespace kf::jog
