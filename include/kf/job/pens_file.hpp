// SPDX-License-Identifier: MIT
#pragma once
/// A list of pens, YAML or JSON, with the layers and colours that each draws: what --pens FILE reads. Every fault is
/// told with its line. Spec: kplot(1), PENS.

#include <kf/drawing/pens.hpp>
#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>
#include <kf/job/field_source.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::job {

namespace detail {

class pens_reader {
    std::string source_;
    std::vector<std::string> faults_;

    static std::size_t line_of(const YAML::Node& node) {
        return static_cast<std::size_t>(std::max(node.Mark().line, -1) + 1);
    }
    void wrong(const YAML::Node& node, std::string why) {
        faults_.push_back(fmt::format("{}:{}: {}", source_, line_of(node), why));
    }
    static std::optional<std::string> word(const YAML::Node& node) {
        return node.IsScalar() && !node.Scalar().empty() ? std::optional(node.Scalar()) : std::nullopt;
    }
    double number(const char* key, const YAML::Node& node, double least, double most, const char* unit) {
        const auto value = node.IsScalar() ? io::parse_decimal(node.Scalar()) : std::nullopt;
        if (value && *value >= least && *value <= most) return *value;
        wrong(node, fmt::format("{} takes a number from {} to {} {}", key, io::to_decimal(least), io::to_decimal(most),
                                unit));
        return least;
    }
    /// "#abc" and "#AABBCC" as "#aabbcc".
    static std::optional<std::string> plain_colour(std::string text) {
        for (char& c : text)
            if (c >= 'A' && c <= 'F') c = static_cast<char>(c + ('a' - 'A'));
        if (text.size() == 4) text = {text[0], text[1], text[1], text[2], text[2], text[3], text[3]};
        return is_colour(text) ? std::optional(text) : std::nullopt;
    }
    std::vector<std::string> words(const char* key, const YAML::Node& name, const YAML::Node& node, bool colours) {
        std::vector<std::string> out;
        const auto add = [&](const YAML::Node& one) {
            const auto text = word(one);
            const auto taken = text && colours ? plain_colour(*text) : text;
            if (taken) return out.push_back(*taken);
            wrong(one.IsNull() ? name : one,
                  colours ? std::string("a colour is written \"#rrggbb\", with its quotes")
                          : fmt::format("{} takes a name or a number of a layer, or a list of them", key));
        };
        if (!node.IsSequence())
            add(node);
        else if (node.size() == 0)
            wrong(node, fmt::format("{} is an empty list", key));
        else
            for (const auto& one : node) add(one);
        return out;
    }
    drawing::pen_change change(const YAML::Node& node) {
        using way = drawing::pen_change::way;
        const auto& known = drawing::pen_change_words;
        const bool with_text = node.IsMap() && node.size() == 1;
        const YAML::Node how = with_text ? node.begin()->first : node;
        const auto found = std::find(known.begin(), known.end(), word(how).value_or(""));
        drawing::pen_change out;
        if (found == known.end()) {
            wrong(node, "between is nothing, pause, {pause: TEXT}, {message: TEXT} or {macro: NAME}");
            return out;
        }
        out.how = static_cast<way>(found - known.begin());
        if (with_text) out.text = word(node.begin()->second).value_or("");
        const bool plain = out.how == way::nothing || (out.how == way::pause && !with_text);
        const bool good = plain                   ? !with_text
                          : out.how == way::macro ? drawing::is_macro_name(out.text)
                                                  : drawing::is_message(out.text);
        if (!good)
            wrong(node, out.how == way::macro     ? "macro takes the name of a G-code macro: a-z, A-Z, 0-9 and _"
                        : out.how == way::nothing ? "nothing takes no text"
                                                  : "a text is 1 to 120 printable ASCII characters of one line, "
                                                    "without ; \" # *");
        return out;
    }
    void field(drawing::pen_choice& c, const std::string& key, const YAML::Node& name, const YAML::Node& value) {
        drawing::pen& p = c.pen;
        static constexpr std::string_view keys[] = {"name",         "layers",           "colours",
                                                    "feed_mm_s",    "plunge_feed_mm_s", "height_mm",
                                                    "xy_offset_mm", "delay_s",          "between"};
        if (key == "name") {
            p.name = word(value).value_or("");
            const bool plain = std::all_of(p.name.begin(), p.name.end(),
                                           [](char ch) { return static_cast<unsigned char>(ch) >= ' ' && ch != 0x7f; });
            constexpr std::size_t longest = 100;
            if (p.name.empty() || !plain || p.name.size() > longest)
                wrong(value, fmt::format("name takes one line of 1 to {} bytes", longest));
        } else if (key == "layers" || key == "layer")
            c.layers = words("layers", name, value, false);
        else if (key == "colours" || key == "colors" || key == "colour" || key == "color") {
            c.colours = words("colours", name, value, true);
            if (c.colours.size() == 1) p.colour = c.colours.front();
        } else if (key == "feed_mm_s")
            p.feed = number("feed_mm_s", value, 0.01, 2000, "mm/s");
        else if (key == "plunge_feed_mm_s")
            p.plunge = number("plunge_feed_mm_s", value, 0.01, 2000, "mm/s");
        else if (key == "height_mm")
            p.height = number("height_mm", value, -1000, 1000, "mm");
        else if (key == "delay_s")
            p.delay = number("delay_s", value, 0, 3600, "s");
        else if (key == "between")
            p.change = change(value);
        else if (key == "xy_offset_mm") {
            if (value.IsSequence() && value.size() == 2)
                p.offset = {number("xy_offset_mm", value[0], -150, 150, "mm"),
                            number("xy_offset_mm", value[1], -150, 150, "mm")};
            else
                wrong(value, "xy_offset_mm takes [x, y]");
        } else {
            const auto near = io::near_names(key, keys);
            wrong(name, fmt::format("a pen has no {}{}", io::printable(key),
                                    near.empty() ? fmt::format("; it has {}", fmt::join(keys, ", "))
                                                 : fmt::format(", is it {}?", near.front())));
        }
    }
    void pen(const YAML::Node& item, std::vector<drawing::pen_choice>& list) {
        if (!item.IsMap()) return wrong(item, "a pen is a mapping, as {name: red, layers: [1]}");
        drawing::pen_choice c{.line = line_of(item)};
        const std::size_t faults_before = faults_.size();
        std::vector<std::string> seen;
        for (const auto& pair : item) {
            const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "?";
            if (std::find(seen.begin(), seen.end(), key) != seen.end())
                wrong(pair.first, fmt::format("{} is here twice", io::printable(key)));
            else
                field(c, key, pair.first, pair.second);
            seen.push_back(key);
        }
        if (std::find(seen.begin(), seen.end(), "name") == seen.end()) wrong(item, "a pen has a name");
        if (faults_.size() != faults_before) return;
        for (const drawing::pen_choice& other : list) {
            if (other.pen.name == c.pen.name)
                wrong(item,
                      fmt::format("pen {} is here twice; first on line {}", io::printable(c.pen.name), other.line));
            if (other.takes_the_rest() && c.takes_the_rest())
                wrong(item,
                      fmt::format("two pens without layers and colours: that of line {} draws the rest", other.line));
        }
        list.push_back(std::move(c));
    }

  public:
    explicit pens_reader(std::string source)
      : source_(std::move(source)) {}

    result<std::vector<drawing::pen_choice>> operator()(std::string_view text) {
        constexpr std::size_t most = 256;
        std::vector<drawing::pen_choice> list;
        try {
            const YAML::Node root = YAML::Load(std::string(text));
            if (!root.IsSequence() || root.size() == 0 || root.size() > most)
                wrong(root, fmt::format("a list of 1 to {} pens is expected, as - {{name: red, layers: [1]}}", most));
            else
                for (const auto& item : root) pen(item, list);
        } catch (const YAML::Exception& e) {
            faults_.push_back(fmt::format("{}:{}: {}", source_, std::max(e.mark.line, -1) + 1,
                                          text.find('#') == std::string_view::npos
                                              ? e.msg
                                              : e.msg + "; a # begins a comment: a colour is written in quotes"));
        }
        if (faults_.empty()) return list;
        return kf::fail({errc::malformed,
                         faults_.size() == 1 ? fmt::format("{} has an error", source_)
                                             : fmt::format("{} has {} errors", source_, faults_.size()),
                         fmt::format("{}", fmt::join(faults_, "\n")),
                         source_,
                         {"correct the lines named above", "man kplot  (PENS: the form of the list)"}});
    }
};

} // namespace detail

/// errc::malformed tells every fault; `source` is the list's name there.
[[nodiscard]] inline result<std::vector<drawing::pen_choice>> read_pens(std::string_view text, std::string source) {
    return detail::pens_reader(std::move(source))(text);
}

} // namespace kf::job
