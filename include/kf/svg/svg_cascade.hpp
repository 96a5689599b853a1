// SPDX-License-Identifier: MIT
#pragma once
/// Which declarations apply to an element, weakest first: presentation attributes, the rules of <style> by weight and
/// order, style="", then what is !important in the same order. CSS 2.1, 6.4; SVG 1.1, 6.4.

#include <kf/svg/svg_document.hpp>
#include <kf/svg/svg_selector.hpp>
#include <kf/svg/svg_sheet.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kf::svg {

namespace detail {

[[nodiscard]] inline bool has_word(std::string_view list, std::string_view word) noexcept {
    for (std::size_t at = list.find(word); at != list.npos && !word.empty(); at = list.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || is_svg_space(list[at - 1])) && (end == list.size() || is_svg_space(list[end]))) return true;
    }
    return false;
}

[[nodiscard]] inline bool passes(svg_node n, const svg_attribute_test& test) noexcept {
    for (const pugi::xml_attribute a : n.attributes()) {
        if (std::string_view(a.name()) != test.name) continue;
        const std::string_view is = a.value(), want = test.value;
        switch (test.how) {
        case 0: return true;
        case '=': return is == want;
        case '~': return has_word(is, want);
        case '|': return is == want || (is.starts_with(want) && is.substr(want.size()).starts_with('-'));
        case '^': return !want.empty() && is.starts_with(want);
        case '$': return !want.empty() && is.ends_with(want);
        default: return !want.empty() && is.find(want) != is.npos;
        }
    }
    return false;
}

} // namespace detail

class svg_cascade {
  public:
    /// The sheet's texts have to outlive the cascade. Call order() after the last one.
    void add(svg_sheet sheet) {
        for (svg_rule& r : sheet.rules) rules_.push_back(std::move(r));
    }
    void order();

    /// Calls set(name, value) for each declaration, weakest first. Attributes are not among them.
    template<class Set>
    void for_each(svg_node n, std::string_view style, Set set);

  private:
    [[nodiscard]] bool matches(svg_node n, const svg_selector& s);
    [[nodiscard]] bool is(svg_node n, const svg_compound& c);
    [[nodiscard]] bool stands(svg_node n, const svg_position_test& test);
    [[nodiscard]] int index_of(svg_node n);

    std::vector<svg_rule> rules_ = {};
    // Rules by what their subject has to have, so that a thousand classes are not tried on every element.
    std::unordered_map<std::string_view, std::vector<std::size_t>> by_id_ = {}, by_class_ = {}, by_tag_ = {};
    std::vector<std::size_t> others_ = {}, found_ = {};
    svg_node counted_ = {};
    int count_ = 0;
};

inline void svg_cascade::order() {
    std::stable_sort(rules_.begin(), rules_.end(),
                     [](const svg_rule& a, const svg_rule& b) { return a.selector.weight < b.selector.weight; });
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        const svg_compound& subject = rules_[i].selector.compounds.back();
        if (!subject.id.empty())
            by_id_[subject.id].push_back(i);
        else if (!subject.classes.empty())
            by_class_[subject.classes.front()].push_back(i);
        else if (!subject.tag.empty())
            by_tag_[subject.tag].push_back(i);
        else
            others_.push_back(i);
    }
}

/// From 1; counted on from the last question, as a walk asks for one child after the other.
inline int svg_cascade::index_of(svg_node n) {
    if (counted_ && previous_element(n) == counted_)
        ++count_;
    else if (counted_ != n) {
        count_ = 1;
        for (svg_node p = previous_element(n); p; p = previous_element(p)) ++count_;
    }
    counted_ = n;
    return count_;
}

inline bool svg_cascade::stands(svg_node n, const svg_position_test& test) {
    const auto alone_in = [&](auto step) {
        const std::string_view name = n.name();
        for (svg_node other = step(n); other; other = step(other))
            if (name == other.name()) return false;
        return true;
    };
    switch (test.which) {
    case svg_position::root: return !parent_element(n);
    case svg_position::first_child: return !previous_element(n);
    case svg_position::last_child: return !next_element(n);
    case svg_position::only_child: return !previous_element(n) && !next_element(n);
    case svg_position::first_of_type: return alone_in(previous_element);
    case svg_position::last_of_type: return alone_in(next_element);
    case svg_position::empty: return !n.first_child();
    case svg_position::nth_child: break;
    }
    const int off = index_of(n) - test.b;
    return test.a == 0 ? off == 0 : off % test.a == 0 && off / test.a >= 0;
}

inline bool svg_cascade::is(svg_node n, const svg_compound& c) {
    if (!n || c.never || (!c.tag.empty() && c.tag != n.name())) return false;
    if (!c.id.empty() && c.id != attribute(n, "id")) return false;
    for (const std::string_view name : c.classes)
        if (!detail::has_word(attribute(n, "class"), name)) return false;
    for (const svg_attribute_test& test : c.attributes)
        if (!detail::passes(n, test)) return false;
    for (const svg_position_test& test : c.positions)
        if (!stands(n, test)) return false;
    for (const svg_compound& other : c.nots)
        if (is(n, other)) return false;
    return true;
}

/// From the subject outwards. Between two blanks there is a run of steps that leave no choice; for each run the
/// nearest place is as good as any, so nothing has to be tried twice.
inline bool svg_cascade::matches(svg_node n, const svg_selector& s) {
    std::size_t end = s.compounds.size();
    for (bool subject = true; end > 0; subject = false) {
        std::size_t begin = end - 1;
        while (begin > 0 && s.compounds[begin].combinator != ' ') --begin;
        for (;; n = parent_element(n)) {
            if (!n) return false;
            svg_node at = n;
            bool fits = true;
            for (std::size_t i = end; fits && i-- > begin;) {
                fits = is(at, s.compounds[i]);
                if (fits && i > begin)
                    at = s.compounds[i].combinator == '>' ? parent_element(at) : previous_element(at);
            }
            if (fits) {
                n = parent_element(at);
                break;
            }
            if (subject) return false;
        }
        end = begin;
    }
    return true;
}

template<class Set>
void svg_cascade::for_each(svg_node n, std::string_view style, Set set) {
    bool important = false;
    const auto pass = [&](bool which) {
        const auto one = [&](const svg_declaration& d) {
            important = important || d.important;
            if (d.important == which) set(d.name, d.value);
        };
        for (const std::size_t i : found_) for_each_declaration(rules_[i].declarations, one);
        for_each_declaration(style, one);
    };
    found_.clear();
    if (!rules_.empty()) {
        const auto look = [&](const std::vector<std::size_t>& some) {
            for (const std::size_t i : some)
                if (matches(n, rules_[i].selector)) found_.push_back(i);
        };
        const auto look_for = [&](const auto& table, std::string_view key) {
            if (const auto found = table.find(key); found != table.end()) look(found->second);
        };
        look(others_);
        look_for(by_tag_, n.name());
        if (const std::string_view id = attribute(n, "id"); !id.empty()) look_for(by_id_, id);
        for (std::string_view classes = trimmed(attribute(n, "class")); !classes.empty();) {
            const std::size_t end = std::min(classes.find_first_of(" \t\r\n\f"), classes.size());
            look_for(by_class_, classes.substr(0, end));
            classes = trimmed(classes.substr(end));
        }
        std::sort(found_.begin(), found_.end());
        found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    }
    pass(false);
    if (important) pass(true);
}

} // namespace kf::svg
