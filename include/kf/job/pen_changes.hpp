// SPDX-License-Identifier: MIT
#pragma once
/// What comes before the first stroke of a layer: the change to its pen, what its name asks for, and how the pen draws.
/// job/compose writes it, job/decompose takes it away again.

#include <kf/drawing/layer_control.hpp>
#include <kf/drawing/pens.hpp>
#include <kf/job/grid.hpp>
#include <kf/job/operation.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::job {

class pen_changes {
    std::string holder_;                               // the pen that is in the tool
    drawing::pen draws_with_;                          // as it was selected, without its delay
    std::optional<std::pair<int, std::string>> layer_; // the last one, by number and name

    static void put_on_grid(drawing::pen& p) noexcept {
        for (std::optional<mm_per_s>* speed : {&p.feed, &p.plunge})
            if (*speed) *speed = on_grid(**speed);
        for (double* value : {&p.height, &p.height_percent, &p.feed_percent, &p.delay, &p.offset.x, &p.offset.y})
            *value = on_grid(*value);
    }

  public:
    /// The operations before the first stroke of the next layer, which is one of these pens' or no one's.
    [[nodiscard]] std::vector<operation> enter(const drawing::layer& l, const std::vector<drawing::pen>& pens) {
        std::vector<operation> out;
        drawing::layer_control control = drawing::read_layer_control(l.name);
        const bool changes_pen = control.changes_pen();
        // The colours of one group are layers of one name: what comes before it comes once.
        if (std::exchange(layer_, std::pair(l.number, l.name)) == std::pair(l.number, l.name)) {
            control.pause = false;
            control.delay = 0;
        }
        const auto own = std::find_if(pens.begin(), pens.end(), [&](const drawing::pen& p) { return p.name == l.pen; });
        drawing::pen p = own != pens.end() ? *own : drawing::pen{};
        const bool first = holder_.empty(), changes = own != pens.end() && holder_ != own->name;
        bool paused = false;
        if (changes) {
            using way = drawing::pen_change::way;
            const std::string& text = p.change.text;
            if (p.change.how == way::macro) out.emplace_back(call_macro{text});
            if (p.change.how == way::message) out.emplace_back(show_message{text});
            // The first one is in the holder before the job begins.
            if (p.change.how == way::pause && !first) {
                out.emplace_back(await_person{text.empty() ? drawing::as_message("pen " + own->name) : text});
                paused = true;
            }
            holder_ = own->name;
        }
        if (control.pause && !paused)
            out.emplace_back(await_person{drawing::as_message("layer " + drawing::name_of(l))});
        if (control.feed_percent) {
            p.feed.reset();
            p.feed_percent = *control.feed_percent;
        }
        p.height_percent = control.height_percent.value_or(p.height_percent);
        const seconds delay = (changes ? p.delay : 0) + control.delay;
        p.delay = 0;
        p.change = {}; // it stands before this
        if (own == pens.end() && changes_pen) p.name = drawing::name_of(l);
        put_on_grid(p);
        if (p == draws_with_ && delay <= 0) return out;
        draws_with_ = p;
        p.delay = delay;
        put_on_grid(p);
        out.emplace_back(select_pen{std::move(p)});
        return out;
    }
    /// What a line of a job has for a speed when somebody says one for the whole drawing; none: the pen's own.
    [[nodiscard]] std::optional<mm_per_s> feed(std::optional<mm_per_s> of_all) const noexcept {
        if (!of_all || draws_with_.feed) return std::nullopt;
        return on_grid(*of_all * draws_with_.feed_percent / 100);
    }
};

/// Whether an operation is one of those.
[[nodiscard]] inline bool changes_pen(const operation& op) noexcept {
    return std::holds_alternative<select_pen>(op) || std::holds_alternative<await_person>(op) ||
           std::holds_alternative<show_message>(op) || std::holds_alternative<call_macro>(op);
}

} // namespace kf::job
