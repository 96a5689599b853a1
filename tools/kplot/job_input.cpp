// SPDX-License-Identifier: MIT
#include "job_input.hpp"

#include "../plotter/plotter_site.hpp"
#include "../plotter/text_output.hpp"
#include "drawing_input.hpp"
#include "pen_filters.hpp"

#include <kf/hpgl/hpgl_scanner.hpp>
#include <kf/io/ascii.hpp>
#include <kf/job/job_writer.hpp>

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

namespace kf::kplot {

using namespace plotting;
namespace {

constexpr std::size_t largest_drawing = std::size_t{512} << 20;

/// Standard input or a file, as it comes.
class byte_source {
    io::unique_fd own_;
    int fd_ = STDIN_FILENO;
    std::string name_;

  public:
    static result<byte_source> open(const std::string& operand) {
        byte_source s;
        s.name_ = operand == "-" ? "standard input" : operand;
        if (operand == "-") return s;
        s.own_ = io::unique_fd(::open(operand.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
        if (!s.own_) {
            const int number = errno;
            KF_CHECK(io::interrupt::check()); // a pipe that nobody opened yet
            error e = io::system_error("cannot open " + operand, number);
            if (number == ENOENT || number == ENOTDIR) e.code = errc::not_found;
            return kf::fail(std::move(e));
        }
        struct stat st{};
        if (::fstat(s.own_.get(), &st) == 0 && S_ISDIR(st.st_mode))
            return kf::fail(errc::usage, operand + " is a directory, not a drawing");
        s.fd_ = s.own_.get();
        return s;
    }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Empty at the end.
    [[nodiscard]] result<std::string_view> read(std::vector<char>& into) const {
        for (;;) {
            KF_CHECK(io::interrupt::check()); // an input without end never returns EINTR
            const ssize_t n = ::read(fd_, into.data(), into.size());
            if (n >= 0) return std::string_view(into.data(), static_cast<std::size_t>(n));
            if (errno != EINTR) return kf::fail(io::system_error("cannot read " + name_));
        }
    }
};

/// Nothing for what may be a job.
std::optional<drawing_kind> kind_of(std::string_view begin, const std::string& operand) {
    if (begin.starts_with("\xef\xbb\xbf")) begin.remove_prefix(3);
    for (const std::string_view sign : {"\x1f\x8b", "\xff\xfe", "\xfe\xff"})
        if (begin.starts_with(sign)) return drawing_kind::svg;
    // Of UTF-16 without a mark one of the first two bytes is 0.
    const auto first = begin.find_first_not_of(std::string_view(" \t\r\n\0", 5));
    if (first != std::string_view::npos && begin[first] == '<') return drawing_kind::svg;
    if (hpgl::looks_like_hpgl(begin)) return drawing_kind::hpgl;
    const std::string ending = io::to_lower(fs::path(operand).extension().string());
    if (ending == ".svg" || ending == ".svgz") return drawing_kind::svg;
    if (ending == ".plt" || ending == ".hpgl" || ending == ".hpg" || ending == ".hgl") return drawing_kind::hpgl;
    return std::nullopt;
}

constexpr const char* gcode_kind = "G-code";

/// What a file is that is neither a drawing nor a job; empty when it may be a job.
std::string other_kind(std::string_view begin) {
    static constexpr std::pair<std::string_view, const char*> signs[] = {{"\x89PNG", "a PNG picture"},
                                                                         {"\xff\xd8\xff", "a JPEG picture"},
                                                                         {"GIF8", "a GIF picture"},
                                                                         {"%PDF", "a PDF"},
                                                                         {"%!PS", "PostScript"},
                                                                         {"PK\x03\x04", "a ZIP archive"},
                                                                         {"\x7f"
                                                                          "ELF",
                                                                          "a program"}};
    for (const auto& [sign, kind] : signs)
        if (begin.starts_with(sign)) return kind;
    if (begin.substr(0, 512).find('\0') != std::string_view::npos) return "no text";
    begin.remove_prefix(std::min(begin.find_first_not_of(" \t\r\n"), begin.size()));
    if (begin.starts_with(';') ||
        (begin.size() > 1 && (begin[0] == 'G' || begin[0] == 'M') && begin[1] >= '0' && begin[1] <= '9'))
        return gcode_kind;
    return {};
}

} // namespace

result<run::whole_job> read_job(cli::invocation& in, const machine::machine& m, const std::string& operand,
                                job_as how) {
    KF_CHECK(check_drawing_options(in));
    KF_TRY(const byte_source source, byte_source::open(operand));
    std::vector<char> piece(std::size_t{64} << 10);
    KF_TRY(std::string_view taken, source.read(piece));
    const auto kind = kind_of(taken, operand);
    if (!kind) {
        if (const auto other = other_kind(taken); !other.empty()) {
            error e{errc::malformed,
                    fmt::format("{} is {}, not a drawing", source.name(), other),
                    "kplot draws an SVG, HP-GL, or a job as kplot import writes it",
                    source.name(),
                    {}};
            if (other == gcode_kind)
                e.steps = {"kplot preview takes G-code by a file's name: save it, kplot preview FILE.gcode"};
            return kf::fail(std::move(e));
        }
        const auto bytes = [&, begun = false]() mutable -> result<std::string_view> {
            if (!std::exchange(begun, true)) return taken;
            return source.read(piece);
        };
        KF_TRY(auto composed, compose_job(in, m, how, bytes, source.name()));
        if (composed) {
            run::whole_job job(*std::move(composed));
            if (in.has("arcs")) job.keep_arcs(arcs_of_job());
            return job;
        }
        std::error_code ec;
        fs::path folder = fs::temp_directory_path(ec);
        if (ec) folder = "/tmp";
        KF_TRY(auto spool, run::job_spool::make(folder, source.name()));
        while (!taken.empty()) {
            KF_CHECK(spool.write(taken));
            KF_TRY(taken, source.read(piece));
        }
        run::whole_job job(std::move(spool));
        if (in.has("arcs")) job.keep_arcs(arcs_of_job());
        return job;
    }
    std::string text;
    while (!taken.empty()) {
        text += taken;
        if (text.size() > largest_drawing)
            return kf::fail({errc::malformed, source.name() + " is larger than 512 MiB", {}, source.name()});
        KF_TRY(taken, source.read(piece));
    }
    KF_TRY(auto composed, compose_drawing(in, m, {*kind, text, source.name()}));
    run::whole_job job(std::move(composed));
    if (in.has("arcs")) job.keep_arcs(arcs_of_drawing(in));
    return job;
}

result<std::string> read_text(const std::string& operand, std::size_t most) {
    KF_TRY(const byte_source source, byte_source::open(operand));
    std::vector<char> piece(std::size_t{64} << 10);
    std::string text;
    for (;;) {
        KF_TRY(const std::string_view taken, source.read(piece));
        if (taken.empty()) return text;
        text += taken;
        if (text.size() > most)
            return kf::fail(
                {errc::malformed, fmt::format("{} is larger than {} MiB", source.name(), most >> 20), {}, operand});
    }
}

result<void> give_job(cli::invocation& in, const run::whole_job& job) {
    // A job that does not group is refused here and not by the next program of the pipe.
    KF_TRY(const auto summary, run::measure_job(job.strokes()));
    KF_TRY(auto out, text_output::open(in));
    KF_TRY(const auto header, job.header());
    KF_CHECK(job::write_job(header, job.operations(), [&](std::string_view text) { return out.write(text); }));
    KF_CHECK(out.close());
    in.out.note(
        fmt::format("{}, {:.1f} mm of ink", counted(summary.measure.strokes, "stroke"), summary.measure.pen_down_mm));
    for (const std::string& line : pen_lines(summary.measure)) in.out.note(line);
    return {};
}

void tell_warnings(cli::invocation& in, const run::job_summary& summary) {
    for (const auto& w : summary.warnings)
        in.out.warn(w.count == 1
                        ? fmt::format("operation {}: {}", w.first_operation, w.what)
                        : fmt::format("{} times, first at operation {}: {}", w.count, w.first_operation, w.what));
}

} // namespace kf::kplot
