// SPDX-License-Identifier: MIT
#pragma once
/// A JSON file that people edit: errors say line and column, and what is written back is what Python's
/// json.dump(indent=2, sort_keys=True) writes, because the Python original shares the file. Only a number keeps the
/// digits that it has: a double holds few of them. Format: RFC 8259.

#include <kf/error.hpp>
#include <kf/sink/utf8.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kf::board {

/// A parsed file and where each of its values began. A path is the keys from the root on: {"devices", "octopus",
/// "name"}; an array's elements are "0", "1", ...
class json_document {
  public:
    using path = std::vector<std::string>;

    /// `file` is the name that errors give. Refuses what is not JSON, and a key that stands twice.
    [[nodiscard]] static result<json_document> parse(std::string_view text, std::string file);

    /// To read from.
    [[nodiscard]] const boost::json::value& root() const noexcept { return root_; }
    /// To write again with python_json(): `root`, with each number as the text that stands in the file.
    [[nodiscard]] const boost::json::value& as_written() const noexcept { return as_written_; }

    /// The text of the number at `where`, a place of the file.
    [[nodiscard]] std::string_view number_text(const path& where) const {
        const auto found = offsets_.find(where);
        return found == offsets_.end() ? std::string_view() : scalar_token(found->second);
    }

    /// errc::malformed at the value of `where`, or at the nearest value around it that is there.
    [[nodiscard]] std::unexpected<error> fail_at(path where, const std::string& what) const {
        std::string label;
        for (const auto& key : where) label += (label.empty() ? "" : ".") + key;
        auto found = offsets_.find(where);
        while (found == offsets_.end() && !where.empty()) {
            where.pop_back();
            found = offsets_.find(where);
        }
        return fail_at_offset(found == offsets_.end() ? 0 : found->second, label.empty() ? what : label + " " + what);
    }

  private:
    json_document(std::string_view text, std::string file)
      : text_(text)
      , file_(std::move(file)) {}

    [[nodiscard]] std::unexpected<error> fail_at_offset(std::size_t offset, const std::string& what) const {
        const std::string_view before = std::string_view(text_).substr(0, offset);
        const auto line = 1 + std::ranges::count(before, '\n');
        const auto begun = [](char c) { return !goes_on(c); };
        const auto column = 1 + std::ranges::count_if(before.substr(before.rfind('\n') + 1), begun); // npos + 1: line 1
        return kf::fail(error{errc::malformed,
                              fmt::format("{} is wrong at line {}, column {}: {}", file_, line, column, what),
                              "it was edited by hand, or another program wrote it; it was left as it is",
                              file_,
                              {fmt::format("correct it: nano +{},{} {}", line, column, file_)}});
    }

    [[nodiscard]] result<void> index(std::size_t& at, path& here, boost::json::value* value);
    [[nodiscard]] result<void> index_members(std::size_t& at, path& here, boost::json::value* value);
    [[nodiscard]] std::string_view string_token(std::size_t& at) const noexcept;
    [[nodiscard]] std::string_view scalar_token(std::size_t at) const noexcept {
        return std::string_view(text_).substr(at, std::min(text_.find_first_of(",]} \t\r\n", at), text_.size()) - at);
    }
    void skip_space(std::size_t& at) const noexcept {
        while (at < text_.size() && std::string_view(" \t\r\n").find(text_[at]) != std::string_view::npos) ++at;
    }

    std::string text_;
    std::string file_;
    boost::json::value root_, as_written_;
    std::map<path, std::size_t> offsets_;
};

/// As Python writes it: two blanks a level, sorted keys, ASCII only, a newline at the end.
[[nodiscard]] std::string python_json(const boost::json::value& value);

namespace detail {

/// A number as text is a string that no parser gives: it begins with a byte that UTF-8 has not.
inline constexpr char number_mark = '\xFF';

/// The value below `key`, or the element, if there is one.
[[nodiscard]] inline boost::json::value* member(boost::json::value* in, bool of_object, const std::string& key,
                                                std::size_t element) {
    if (in == nullptr) return nullptr;
    if (of_object) return in->is_object() ? in->get_object().if_contains(key) : nullptr;
    return in->is_array() ? in->get_array().if_contains(element) : nullptr;
}

} // namespace detail

inline result<json_document> json_document::parse(std::string_view text, std::string file) {
    json_document document(text, std::move(file));
    boost::json::stream_parser parser;
    boost::json::error_code ec;
    std::size_t n = 0;
    try {
        n = parser.write_some(text.data(), text.size(), ec);
        if (!ec && n < text.size()) return document.fail_at_offset(n, "nothing may follow the last brace");
        if (!ec) parser.finish(ec);
        if (ec)
            return document.fail_at_offset(n, ec == boost::json::error::incomplete
                                                  ? "the file ends too early"
                                                  : "this is not JSON (" + ec.message() + ")");
        document.root_ = parser.release();
        document.as_written_ = document.root_;
    } catch (const std::exception& e) { // bad_alloc
        return document.fail_at_offset(n, e.what());
    }
    std::size_t at = 0;
    path here;
    KF_CHECK(document.index(at, here, &document.as_written_));
    return document;
}

/// Walks text that is known to be JSON, of a depth that the parser bounds, and `value` beside it. Of a key that stands
/// twice, which is refused when the second one is reached, the value is the second's: the first may have no value.
inline result<void> json_document::index(std::size_t& at, path& here, boost::json::value* value) {
    skip_space(at);
    offsets_.emplace(here, at);
    if (text_[at] == '{' || text_[at] == '[') return index_members(at, here, value);
    if (text_[at] == '"') {
        (void)string_token(at);
        return {};
    }
    const auto token = scalar_token(at);
    at += token.size();
    if (value == nullptr || !value->is_number()) return {};
    auto& text = value->emplace_string();
    text.push_back(detail::number_mark);
    text.append(token);
    return {};
}

inline result<void> json_document::index_members(std::size_t& at, path& here, boost::json::value* value) {
    const bool object = text_[at] == '{';
    ++at;
    for (std::size_t element = 0;; ++element) {
        skip_space(at);
        if (text_[at] == ',') {
            ++at;
            skip_space(at);
        }
        if (text_[at] == '}' || text_[at] == ']') break;
        std::string key = std::to_string(element);
        const std::size_t key_at = at;
        if (object) {
            boost::json::error_code ec;
            const auto decoded = boost::json::parse(string_token(at), ec);
            if (!ec && decoded.is_string()) key = std::string_view(decoded.get_string());
            skip_space(at);
            ++at; // the colon
        }
        here.push_back(key);
        if (offsets_.contains(here)) return fail_at_offset(key_at, "\"" + key + "\" stands twice");
        KF_CHECK(index(at, here, detail::member(value, object, key, element)));
        here.pop_back();
    }
    ++at;
    return {};
}

inline std::string_view json_document::string_token(std::size_t& at) const noexcept {
    const std::size_t begin = at++;
    while (text_[at] != '"') at += text_[at] == '\\' ? 2 : 1;
    ++at;
    return std::string_view(text_).substr(begin, at - begin);
}

namespace detail {

inline void put_utf16(std::string& out, std::uint32_t unit) { out += fmt::format("\\u{:04x}", unit); }

/// What is no UTF-8, as a USB string may be, becomes U+FFFD.
inline void put_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const utf8_character read = first_character(text);
        const char32_t point = read.valid ? read.code : U'\uFFFD';
        text.remove_prefix(read.bytes);
        constexpr std::string_view special = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
        if (const auto at = point < 0x80 ? special.find(static_cast<char>(point)) : std::string_view::npos;
            at != std::string_view::npos) {
            out += '\\';
            out += letters[at];
        } else if (point >= 0x20 && point < 0x7F) {
            out += static_cast<char>(point);
        } else if (point < 0x10000) {
            put_utf16(out, point);
        } else {
            put_utf16(out, 0xD800 + ((point - 0x10000) >> 10));
            put_utf16(out, 0xDC00 + ((point - 0x10000) & 0x3FF));
        }
    }
    out += '"';
}

inline void put_value(std::string& out, const boost::json::value& value, std::size_t level) {
    const auto indent = [&](std::size_t n) { out += "\n" + std::string(2 * n, ' '); };
    switch (value.kind()) {
    case boost::json::kind::null: out += "null"; break;
    case boost::json::kind::bool_: out += value.get_bool() ? "true" : "false"; break;
    case boost::json::kind::int64: out += fmt::format("{}", value.get_int64()); break;
    case boost::json::kind::uint64: out += fmt::format("{}", value.get_uint64()); break;
    case boost::json::kind::double_: {
        const std::string number = fmt::format("{}", value.get_double());
        out += number + (number.find_first_of(".e") == std::string::npos ? ".0" : "");
        break;
    }
    case boost::json::kind::string: {
        const std::string_view text = value.get_string();
        if (text.starts_with(number_mark))
            out += text.substr(1);
        else
            put_string(out, text);
        break;
    }
    case boost::json::kind::array: {
        const auto& array = value.get_array();
        out += '[';
        for (std::size_t i = 0; i < array.size(); ++i) {
            if (i > 0) out += ',';
            indent(level + 1);
            put_value(out, array[i], level + 1);
        }
        if (!array.empty()) indent(level);
        out += ']';
        break;
    }
    case boost::json::kind::object: {
        std::map<std::string_view, const boost::json::value*> sorted;
        for (const auto& member : value.get_object()) sorted.emplace(member.key(), &member.value());
        out += '{';
        bool first = true;
        for (const auto& [key, member] : sorted) {
            if (!first) out += ',';
            first = false;
            indent(level + 1);
            put_string(out, key);
            out += ": ";
            put_value(out, *member, level + 1);
        }
        if (!first) indent(level);
        out += '}';
        break;
    }
    }
}

} // namespace detail

inline std::string python_json(const boost::json::value& value) {
    std::string out;
    detail::put_value(out, value, 0);
    return out + '\n';
}

} // namespace kf::board
