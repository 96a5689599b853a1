// SPDX-License-Identifier: MIT
#include "job_input.hpp"

#include "plotter_site.hpp"

#include <kf/io/near_name.hpp>
#include <kf/job/compose.hpp>
#include <kf/svg/svg.hpp>

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace kf::kplot {
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

bool looks_like_svg(std::string_view begin, const std::string& operand) {
    if (begin.starts_with("\xef\xbb\xbf")) begin.remove_prefix(3);
    if (begin.starts_with("\x1f\x8b") || begin.starts_with("\xff\xfe") || begin.starts_with("\xfe\xff")) return true;
    const auto first = begin.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && begin[first] == '<') return true;
    std::string ending = fs::path(operand).extension().string();
    for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return ending == ".svg" || ending == ".svgz";
}

/// What a file is that is neither an SVG nor a job; empty when it may be a job.
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
        return "G-code";
    return {};
}

result<job::compose_options> compose_options(const cli::invocation& in, const machine::machine& m) {
    job::compose_options o;
    o.home = !in.has("no-home");
    o.tool = in.get("tool").value_or(m.tools.front().name);
    if (in.has("feed")) {
        KF_TRY(const double feed, number_option(in, "feed", 0, 0.001, 100000));
        o.feed = feed;
    }
    if (machine::find_tool(m, o.tool) == nullptr) {
        std::vector<std::string> known;
        for (const auto& t : m.tools) known.push_back(t.name);
        return kf::fail({errc::usage, fmt::format("this machine has no tool \"{}\"", o.tool),
                         fmt::format("machine.yaml has {}", fmt::join(known, ", ")), "--tool " + o.tool});
    }
    return o;
}

/// Keeps the layers that --layer names, by number or by name.
result<void> choose_layers(const cli::invocation& in, drawing::drawing& d) {
    const auto wanted = in.options.find("layer");
    if (wanted == in.options.end()) return {};
    std::vector<std::string> names;
    for (const auto& l : d.layers) names.push_back(l.name.empty() ? fmt::format("{}", l.number) : l.name);
    for (const std::string& w : wanted->second)
        if (std::none_of(d.layers.begin(), d.layers.end(),
                         [&](const drawing::layer& l) { return l.name == w || fmt::format("{}", l.number) == w; })) {
            const auto near = io::near_names(w, names);
            return kf::fail({errc::not_found, fmt::format("the drawing has no layer \"{}\"", w),
                             names.empty() ? "it has no layer with lines"
                                           : fmt::format("it has {}{}", fmt::join(names, ", "),
                                                         near.empty() ? "" : "; is it " + near.front() + "?"),
                             "--layer " + w});
        }
    std::erase_if(d.layers, [&](const drawing::layer& l) {
        return std::none_of(wanted->second.begin(), wanted->second.end(),
                            [&](const std::string& w) { return l.name == w || fmt::format("{}", l.number) == w; });
    });
    return {};
}

result<svg::svg_options> svg_options(const cli::invocation& in) {
    svg::svg_options o;
    KF_TRY(o.tolerance_mm, number_option(in, "tolerance", 0.01, 0.0001, 10));
    const std::string invisible = in.get("invisible").value_or("skip");
    if (invisible != "skip" && invisible != "draw")
        return kf::fail({errc::usage, "--invisible is skip or draw", {}, "--invisible " + invisible});
    if (invisible == "draw") o.invisible = svg::svg_invisible::draw;
    return o;
}

/// With --strict, the paper shows what the drawing shows or stays white.
result<void> check_faithful(const cli::invocation& in, const drawing::drawing& d, const std::string& name) {
    if (!in.has("strict") || drawing::is_faithful(d)) return {};
    const auto faults = std::count_if(d.notes.begin(), d.notes.end(),
                                      [](const drawing::note& n) { return n.kind != drawing::note_kind::told; });
    return kf::fail({errc::refused,
                     fmt::format("--strict: {} of what was told would not be drawn as it is seen", faults),
                     {},
                     name,
                     {"change the drawing where the lines above say", "or leave out --strict"}});
}

result<void> spool_drawing(cli::invocation& in, const machine::machine& m, std::string_view text,
                           run::job_spool& spool) {
    KF_TRY(const auto reading, svg_options(in));
    KF_TRY(const auto options, compose_options(in, m));
    auto read = svg::read_svg(text, reading);
    if (!read) {
        error e = std::move(read).error();
        e.command = spool.name();
        return kf::fail(std::move(e));
    }
    for (const drawing::note& n : read->notes) in.out.warn(fmt::format("{}:{}: {}", spool.name(), n.line, n.text));
    KF_CHECK(check_faithful(in, *read, spool.name()));
    KF_CHECK(choose_layers(in, *read));
    if (drawing::line_count(*read) == 0) {
        error nothing{errc::malformed, "the drawing has nothing that a pen can draw", {}, spool.name()};
        if (!read->notes.empty() && reading.invisible == svg::svg_invisible::skip)
            nothing.steps = {"--invisible draw  (also draws what is transparent, white or without stroke)"};
        return kf::fail(std::move(nothing));
    }
    job::drawing_source operations(*read, options);
    std::string lines;
    job::append_job_header(lines);
    for (;;) {
        KF_TRY(const auto taken, operations());
        if (!taken) break;
        KF_CHECK(job::append_operation(lines, taken->op));
        if (lines.size() < (std::size_t{64} << 10)) continue;
        KF_CHECK(spool.write(lines));
        lines.clear();
    }
    return spool.write(lines);
}

} // namespace

std::vector<cli::option_row> drawing_options() {
    return {{"tool", "NAME", "the tool that draws an SVG (the first of machine.yaml)"},
            {"layer", "NAME", "draw only this layer of an SVG, by name or number; may be repeated"},
            {"feed", "MM_S", "drawing speed of an SVG in mm/s (the tool's)"},
            {"tolerance", "MM", "how far a line may be from a curve of an SVG (0.01)"},
            {"strict", "", "refuse an SVG that would not be drawn as it is seen"},
            {"invisible", "WHAT", "skip or draw what an SVG has and nobody can see (skip)"},
            {"no-home", "", "an SVG's job does not begin with homing X and Y"}};
}

result<run::job_spool> read_job(cli::invocation& in, const machine::machine& m, const std::string& operand) {
    KF_TRY(const byte_source source, byte_source::open(operand));
    std::error_code ec;
    fs::path folder = fs::temp_directory_path(ec);
    if (ec) folder = "/tmp";
    KF_TRY(auto spool, run::job_spool::make(folder, source.name()));
    std::vector<char> piece(std::size_t{64} << 10);
    KF_TRY(std::string_view taken, source.read(piece));
    if (!looks_like_svg(taken, operand)) {
        if (const auto kind = other_kind(taken); !kind.empty())
            return kf::fail({errc::malformed,
                             fmt::format("{} is {}, not a drawing", source.name(), kind),
                             "kplot draws an SVG, or a job as kplot import writes it",
                             source.name(),
                             {}});
        while (!taken.empty()) {
            KF_CHECK(spool.write(taken));
            KF_TRY(taken, source.read(piece));
        }
        return spool;
    }
    std::string text;
    while (!taken.empty()) {
        text += taken;
        if (text.size() > largest_drawing)
            return kf::fail({errc::malformed, source.name() + " is larger than 512 MiB", {}, source.name()});
        KF_TRY(taken, source.read(piece));
    }
    KF_CHECK(spool_drawing(in, m, text, spool));
    return spool;
}

void tell_warnings(cli::invocation& in, const run::job_summary& summary) {
    for (const auto& w : summary.warnings)
        in.out.warn(w.count == 1
                        ? fmt::format("operation {}: {}", w.first_operation, w.what)
                        : fmt::format("{} times, first at operation {}: {}", w.count, w.first_operation, w.what));
}

result<void> stdout_is_free(const cli::invocation& in) {
    if (!in.json || in.get("output").value_or("-") != "-") return {};
    return kf::fail({errc::usage, "--json and the result both want standard output", {}, "--json", {"add -o FILE"}});
}

result<text_output> text_output::open(const cli::invocation& in) {
    text_output out(in.results);
    if (const auto file = in.get("output"); file && *file != "-") {
        KF_TRY(auto opened, io::output_file::open(*file));
        out.file_.emplace(std::move(opened));
    }
    return out;
}

result<void> text_output::write(std::string_view text) {
    if (file_) return file_->write(text);
    if (!results_.write(text)) return kf::fail(io::system_error("cannot write to standard output", results_.lost()));
    return {};
}

result<void> text_output::close() {
    if (file_) return file_->commit();
    if (!results_.flush()) return kf::fail(io::system_error("cannot write to standard output", results_.lost()));
    return {};
}

} // namespace kf::kplot
