// SPDX-License-Identifier: MIT
#pragma once
/// Jobs as JSON lines: a header with format and version, then one operation a line, on disk and in pipes. Reading is
/// sans-I/O and holds one line; a bad line is an error with its number. job/job_writer writes them.
/// Spec: kf-job(5).

#include <kf/error.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/near_name.hpp>
#include <kf/io/printable.hpp>
#include <kf/job/operation.hpp>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <expected>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kf::job {

inline constexpr int job_version = 1;
inline constexpr std::string_view job_header = R"({"format":"kf-job","version":1})";

/// What one line may hold, so that no input can take more memory than this says.
struct job_file_limits {
    std::size_t line_bytes = 8u << 20;
    std::size_t points = 200000;
};

namespace detail {

/// The name of a tool or a pump: it may end up in G-code, so it is plain.
inline bool is_word(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

/// Reads the fields of one operation in the words of a job; the first thing wrong stays in `why`.
class field_source {
    io::json_fields fields_;

    void wrong(std::string why) { fields_.wrong({}, std::move(why)); }
    [[nodiscard]] static std::string range(std::string_view field, double min, double max) {
        return fmt::format("\"{}\" must be a number from {} to {}", field, io::to_decimal(min), io::to_decimal(max));
    }
    [[nodiscard]] double number(const boost::json::value& value, std::string_view field, double min, double max) {
        const auto d = io::value_as<double>(value);
        if (d && *d >= min && *d <= max) return *d;
        wrong(range(field, min, max));
        return 0;
    }

  public:
    explicit field_source(const boost::json::object& object)
      : fields_(object, io::json_fields::null::is_wrong) {}

    [[nodiscard]] std::string why() const { return fields_.fault() ? fields_.fault()->what : std::string(); }

    /// No other field than these is allowed: a misspelt one would be lost without a word.
    void only(std::initializer_list<std::string_view> allowed) {
        for (const auto& [key, value] : fields_.object()) {
            const std::string_view text(key.data(), key.size());
            if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) continue;
            const auto near = io::near_names(text, allowed);
            wrong(fmt::format("there is no field \"{}\" here{}", io::printable(text),
                              near.empty() ? "" : fmt::format(", is it \"{}\"?", near.front())));
        }
    }
    [[nodiscard]] const boost::json::value* find(std::string_view field) {
        const auto* value = fields_.find(field);
        if (value == nullptr) wrong(fmt::format("the field \"{}\" is missing", field));
        return value;
    }
    [[nodiscard]] double number(std::string_view field, double min, double max) {
        const auto* value = find(field);
        return value != nullptr ? number(*value, field, min, max) : 0;
    }
    [[nodiscard]] double coordinate(std::string_view field) { return number(field, -largest, largest); }

    [[nodiscard]] std::optional<mm_per_s> feed() {
        const auto* value = fields_.find("feed");
        if (value == nullptr || value->is_null()) return std::nullopt;
        return number(*value, "feed", 0.001, 100000);
    }
    [[nodiscard]] bool flag(std::string_view field) {
        const auto* value = find(field);
        const auto on = value != nullptr ? io::value_as<bool>(*value) : std::nullopt;
        if (!on) wrong(fmt::format("\"{}\" must be true or false", field));
        return on.value_or(false);
    }
    [[nodiscard]] std::string word(std::string_view field) {
        const auto* value = find(field);
        std::string text = value != nullptr ? io::value_as<std::string>(*value).value_or("") : "";
        if (!is_word(text)) wrong(fmt::format("\"{}\" must be a name: 1 to 64 of a-z, A-Z, 0-9, _ and -", field));
        return text;
    }
    [[nodiscard]] std::vector<point> points(std::size_t most) {
        std::vector<point> points;
        const auto* value = find("points");
        if (value == nullptr) return points;
        const auto pairs = io::value_as<const boost::json::array*>(*value);
        if (!pairs || (*pairs)->empty()) return wrong("\"points\" must be [[x,y],...]"), points;
        if ((*pairs)->size() > most)
            return wrong(fmt::format("a polyline has {} points at most; go on in another operation", most)), points;
        points.reserve((*pairs)->size());
        for (const auto& pair : **pairs) {
            const auto refuse = [&](std::string why) { wrong(fmt::format("point {}{}", points.size() + 1, why)); };
            if (!pair.is_array() || pair.get_array().size() != 2) return refuse(" must be [x,y]"), points;
            double xy[2]{};
            for (std::size_t i = 0; i < 2; ++i) {
                const auto d = io::value_as<double>(pair.get_array()[i]);
                if (!d || *d < -largest || *d > largest)
                    return refuse(": " + range(i == 0 ? "x" : "y", -largest, largest)), points;
                xy[i] = *d;
            }
            points.push_back({xy[0], xy[1]});
        }
        return points;
    }

    static constexpr double largest = 1e6; // mm: a kilometre, far from every rounding
};

/// The operation of a parsed line, or why it is none.
inline std::expected<operation, std::string> to_operation(const boost::json::object& object, std::size_t most_points) {
    field_source f(object);
    const auto op = io::value_at<std::string_view>(object, "op");
    if (!op) return std::unexpected("the field \"op\" is missing");
    const std::string_view name = *op;
    const auto done = [&](operation o) -> std::expected<operation, std::string> {
        if (!f.why().empty()) return std::unexpected(fmt::format("{}: {}", name, f.why()));
        return o;
    };
    const auto plain = [&](operation o) {
        f.only({"op"});
        return done(std::move(o));
    };
    if (name == "draw_polyline") {
        f.only({"op", "points", "feed"});
        draw_polyline o{f.points(most_points), f.feed()};
        return done(std::move(o));
    }
    if (name == "rapid_xy") {
        f.only({"op", "x", "y"});
        return done(rapid_xy{{f.coordinate("x"), f.coordinate("y")}});
    }
    if (name == "tool_up") return plain(tool_up{});
    if (name == "tool_down") return plain(tool_down{});
    if (name == "linear_move") {
        f.only({"op", "x", "y", "feed"});
        return done(linear_move{{f.coordinate("x"), f.coordinate("y")}, f.feed()});
    }
    if (name == "draw_arc") {
        f.only({"op", "x", "y", "i", "j", "cw", "feed"});
        return done(draw_arc{{f.coordinate("x"), f.coordinate("y")},
                             {f.coordinate("i"), f.coordinate("j")},
                             f.flag("cw") ? turn::clockwise : turn::counter_clockwise,
                             f.feed()});
    }
    if (name == "home_xy") return plain(home_xy{});
    if (name == "select_tool") {
        f.only({"op", "tool"});
        return done(select_tool{f.word("tool")});
    }
    if (name == "set_ink_mix") {
        f.only({"op", "c", "m", "y"});
        return done(set_ink_mix{f.number("c", 0, 1), f.number("m", 0, 1), f.number("y", 0, 1)});
    }
    if (name == "spray_on") return plain(spray_on{});
    if (name == "spray_off") return plain(spray_off{});
    if (name == "purge") {
        f.only({"op", "volume_ml"});
        return done(purge{f.number("volume_ml", 0, 1000)});
    }
    if (name == "refill_pump" || name == "prime_line") {
        f.only({"op", "pump"});
        std::string pump = f.word("pump");
        return done(name == "prime_line" ? operation(prime_line{std::move(pump)})
                                         : operation(refill_pump{std::move(pump)}));
    }
    const auto near = io::near_names(name, operation_names);
    return std::unexpected(fmt::format("there is no operation \"{}\"{}", io::printable(name),
                                       near.empty() ? "" : fmt::format(", is it \"{}\"?", near.front())));
}

/// How many fields the object of a line has as it is written; the parser keeps only the last of two with one name.
inline std::size_t written_fields(std::string_view json) noexcept {
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
        else if (c == ':' && depth == 1)
            ++fields;
    }
    return fields;
}

/// Nothing when the object is a header that we can follow, else why not.
inline std::string header_fault(const boost::json::object& object) {
    field_source f(object);
    if (io::value_at<std::string_view>(object, "format") != "kf-job")
        return fmt::format("the first line must be the header {}", job_header);
    const double version = f.number("version", 1, 1000000);
    if (f.why().empty() && version != job_version)
        return fmt::format("this is a job of version {}, and we read version {}", io::to_decimal(version), job_version);
    f.only({"format", "version", "meta"});
    return f.why();
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
    bool finished_ = false, header_seen_ = false;
    std::optional<error> broken_;
    std::unique_ptr<boost::json::parser> parser_; // can't be moved by itself

    static boost::json::parse_options parse_options() {
        boost::json::parse_options options;
        options.max_depth = 8;
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
        if (value.get_object().size() != detail::written_fields(line)) return wrong("a field stands twice");
        if (!header_seen_) {
            if (std::string why = detail::header_fault(value.get_object()); !why.empty()) return wrong(std::move(why));
            header_seen_ = true;
            return std::nullopt;
        }
        auto op = detail::to_operation(value.get_object(), limits_.points);
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

    /// The next operation; nothing when it needs more bytes, or, after finish(), when the job is at its end.
    [[nodiscard]] result<std::optional<step>> next() {
        if (broken_) return std::unexpected(*broken_);
        try {
            while (const auto line = take_line()) {
                if (line->size() > limits_.line_bytes) return wrong("the line is too long");
                const bool blank = line->find_first_not_of(" \t") == std::string_view::npos;
                if (blank && header_seen_) continue;
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
        if (finished_ && !header_seen_) {
            ++line_;
            return wrong(fmt::format("the job is empty; its first line must be {}", job_header));
        }
        return std::nullopt;
    }
};

/// Pulls operations out of a source of bytes: a callable that returns result<std::string_view>, empty at the end.
template<class Chunks>
class job_source {
    Chunks chunks_;
    job_reader reader_;
    bool ended_ = false;

  public:
    explicit job_source(Chunks chunks, std::string name = "job", job_file_limits limits = {})
      : chunks_(std::move(chunks))
      , reader_(std::move(name), limits) {}

    [[nodiscard]] result<std::optional<step>> operator()() {
        for (;;) {
            KF_TRY(auto taken, reader_.next());
            if (taken || ended_) return taken;
            KF_TRY(const std::string_view bytes, chunks_());
            if (bytes.empty()) {
                ended_ = true;
                reader_.finish();
            } else
                reader_.feed(bytes);
        }
    }
};

/// A source of operations over a list in memory, which has to outlive it.
[[nodiscard]] inline auto operations_of(std::span<const operation> list) {
    return [list, taken = std::size_t{0}]() mutable -> result<std::optional<step>> {
        if (taken == list.size()) return std::nullopt;
        const operation& op = list[taken++];
        return step{taken, op};
    };
}

} // namespace kf::job
