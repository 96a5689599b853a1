// SPDX-License-Identifier: MIT
#pragma once
/// Bytes become operations, line by line: sans-I/O, one line in memory, a bad line is an error with its number.
/// job/job_file pulls; a header is job/job_header, a line job/operation_line.

#include <kf/error.hpp>
#include <kf/job/job_header.hpp>
#include <kf/job/operation.hpp>
#include <kf/job/operation_line.hpp>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::job {

/// What one line may hold, so that no input can take more memory than this says.
struct job_file_limits {
    std::size_t line_bytes = 8u << 20;
    std::size_t points = 200000;
};

namespace detail {

/// How many fields the object of a line has as it is written, those of objects in it too when they are deep enough; the
/// parser keeps only the last of two with one name.
inline std::size_t written_fields(std::string_view json, int deepest) noexcept {
    std::size_t fields = 0;
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (quoted) {
            if (c == '\\')
                ++i;
            else
                quoted = c != '"';
        } else if (c == '"')
            quoted = true;
        else if (c == '{' || c == '[')
            ++depth;
        else if (c == '}' || c == ']')
            --depth;
        else if (c == ':' && depth <= deepest)
            ++fields;
    }
    return fields;
}

/// The same of what was kept.
inline std::size_t kept_fields(const boost::json::value& value) {
    std::size_t fields = 0;
    if (const auto* object = value.if_object())
        for (const auto& [key, inner] : *object) fields += 1 + kept_fields(inner);
    else if (const auto* list = value.if_array())
        for (const auto& inner : *list) fields += kept_fields(inner);
    return fields;
}

} // namespace detail

/// Bytes in, operations out. Feed any pieces, take operations until there is none, feed more; finish() says that no
/// more comes. After an error only that error comes out.
class job_reader {
    std::string source_;
    job_file_limits limits_;
    std::string buffer_;
    std::size_t begin_ = 0;   // of the first line that was not taken
    std::size_t scanned_ = 0; // no newline before this
    std::size_t line_ = 0, operations_ = 0;
    bool finished_ = false;
    std::optional<job_header> header_;
    std::optional<error> broken_;
    std::unique_ptr<boost::json::parser> parser_; // can't be moved by itself

    static constexpr int max_depth = 8;
    static boost::json::parse_options parse_options() {
        boost::json::parse_options options;
        options.max_depth = max_depth;
        return options;
    }
    std::unexpected<error> wrong(std::string why) {
        broken_ = error{.code = errc::malformed,
                        .what = fmt::format("{}: line {} is wrong", source_, line_),
                        .cause = std::move(why),
                        .command = source_,
                        .steps = {"man 5 kf-job  (the format)"}};
        return std::unexpected(*broken_);
    }
    /// The next line without its end; nothing when more bytes are needed or all are taken.
    std::optional<std::string_view> take_line() {
        const std::size_t end = buffer_.find('\n', scanned_);
        const bool last = end == std::string::npos;
        if (last && (!finished_ || begin_ == buffer_.size())) {
            scanned_ = buffer_.size();
            return std::nullopt;
        }
        const std::size_t stop = last ? buffer_.size() : end;
        std::string_view line = std::string_view(buffer_).substr(begin_, stop - begin_);
        begin_ = scanned_ = last ? stop : stop + 1;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line_ == 0 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3); // some editors begin a text so
        ++line_;
        return line;
    }
    result<std::optional<step>> parse(std::string_view line) {
        unsigned char scratch[4096];
        boost::json::monotonic_resource memory(scratch, sizeof scratch);
        parser_->reset(&memory);
        boost::json::error_code code;
        parser_->write(line.data(), line.size(), code);
        if (code) {
            parser_->reset(); // what it began lies in `memory`
            return wrong(fmt::format("it is not JSON: {}", code.message()));
        }
        const boost::json::value value = parser_->release();
        if (!value.is_object()) return wrong("a line is one JSON object");
        constexpr const char* twice = "a field stands twice";
        if (!header_) {
            if (detail::kept_fields(value) != detail::written_fields(line, max_depth)) return wrong(twice);
            auto header = read_job_header(value.get_object());
            if (!header) return wrong(std::move(header).error());
            header_ = *std::move(header);
            return std::nullopt;
        }
        if (value.get_object().size() != detail::written_fields(line, 1)) return wrong(twice);
        auto op = to_operation(value.get_object(), *header_, limits_.points);
        if (!op) return wrong(std::move(op).error());
        return step{++operations_, *std::move(op)};
    }

  public:
    /// `source` is the name that errors give: a path, "standard input".
    explicit job_reader(std::string source = "job", job_file_limits limits = {})
      : source_(std::move(source))
      , limits_(limits)
      , parser_(std::make_unique<boost::json::parser>(boost::json::storage_ptr(), parse_options())) {}

    void feed(std::string_view bytes) {
        buffer_.erase(0, begin_);
        scanned_ -= begin_;
        begin_ = 0;
        buffer_ += bytes;
    }
    void finish() noexcept { finished_ = true; }
    /// Nothing before its line is read.
    [[nodiscard]] const std::optional<job_header>& header() const noexcept { return header_; }

    /// The next operation; nothing when it needs more bytes, or, after finish(), when the job is at its end.
    [[nodiscard]] result<std::optional<step>> next() {
        if (broken_) return std::unexpected(*broken_);
        try {
            while (const auto line = take_line()) {
                if (line->size() > limits_.line_bytes) return wrong("the line is too long");
                const bool blank = line->find_first_not_of(" \t") == std::string_view::npos;
                if (blank && header_) continue;
                KF_TRY(auto taken, parse(*line));
                if (taken) return taken;
            }
        } catch (const std::bad_alloc&) {
            return wrong("there is not enough memory for this line");
        }
        if (buffer_.size() - begin_ > limits_.line_bytes) {
            ++line_;
            return wrong("the line is too long");
        }
        if (finished_ && !header_) {
            ++line_;
            return wrong(fmt::format("the job is empty; its first line must be {}", plain_job_header));
        }
        return std::nullopt;
    }
};

} // namespace kf::job
