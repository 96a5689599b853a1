// SPDX-License-Identifier: MIT
// Each folder of tests/drawings is a drawing and what has to come of it, without code:
//   in.svg              the drawing
//   out.job             the job that it is, as kf-job(5): select_tool names the layer's number; points to 0.000001 mm
//   notes               what is told, a line a note: "told|lacking|wrong LINE TEXT"; or "refused TEXT" and no out.job
//   out-invisible.job   the job with --invisible draw, where that differs
// A missing out.job is no expectation at all, and fails.

#include <kf/job/compose.hpp>
#include <kf/job/job_file.hpp>
#include <kf/job/job_writer.hpp>
#include <kf/svg/svg.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drawings_test {

using namespace kf::drawing;
using namespace kf::job;
using namespace kf::svg;
namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> folders() {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(KF_TESTS_DIR "/drawings"))
        if (entry.is_directory()) all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    return all;
}

template<class Source>
std::vector<operation> all_of(Source source) {
    std::vector<operation> list;
    for (;;) {
        const auto taken = source();
        BOOST_REQUIRE_MESSAGE(taken, (taken ? "" : taken.error().what));
        if (!*taken) return list;
        // Of version 1, in which the folders are: a layer shows by its tool.
        if (!std::holds_alternative<begin_layer>((*taken)->op)) list.push_back((*taken)->op);
    }
}

std::vector<operation> expected_in(const fs::path& file) {
    std::string text = text_of(file);
    return all_of(job_source(
        [text = std::move(text), given = false]() mutable -> kf::result<std::string_view> {
            return std::exchange(given, true) ? std::string_view{} : std::string_view(text);
        },
        file.string()));
}

std::vector<operation> job_of(const drawing& d) {
    compose_options options{.home = false, .tool = "", .tools = {}, .feed = {}};
    for (const layer& l : d.layers) options.tools.emplace(l.number, std::to_string(l.number));
    return all_of(drawing_source(d, options));
}

std::vector<point> points_of(const operation& op) {
    if (const auto* move = std::get_if<rapid_xy>(&op)) return {move->to};
    if (const auto* line = std::get_if<draw_polyline>(&op)) return line->points;
    return {};
}

std::string as_text(const std::vector<operation>& list) {
    std::string out;
    for (const operation& op : list) BOOST_REQUIRE(append_operation(out, op));
    return out;
}

bool same(const operation& a, const operation& b) {
    const auto p = points_of(a), q = points_of(b);
    if (a.index() != b.index() || p.size() != q.size()) return false;
    if (const auto* tool = std::get_if<select_tool>(&a)) return *tool == std::get<select_tool>(b);
    return std::equal(p.begin(), p.end(), q.begin(), [](const point& s, const point& t) {
        return std::abs(s.x - t.x) < 1e-6 && std::abs(s.y - t.y) < 1e-6;
    });
}

void check_job(const drawing& d, const fs::path& file) {
    const auto expected = expected_in(file), made = job_of(d);
    const bool equal = std::equal(expected.begin(), expected.end(), made.begin(), made.end(), same);
    BOOST_CHECK_MESSAGE(equal, file << " is not what was drawn:\n" << as_text(made));
}

std::string lines_of(const drawing& d) {
    std::ostringstream out;
    for (const note& n : d.notes)
        out << (n.kind == note_kind::told      ? "told "
                : n.kind == note_kind::lacking ? "lacking "
                                               : "wrong ")
            << n.line << ' ' << n.text << '\n';
    return out.str();
}

BOOST_AUTO_TEST_SUITE(job_drawings)

BOOST_AUTO_TEST_CASE(each_folder_is_drawn_as_it_says) {
    const auto all = folders();
    BOOST_TEST(all.size() > 10U);
    for (const fs::path& folder : all) {
        BOOST_TEST_CONTEXT(folder.filename().string()) {
            const std::string svg = text_of(folder / "in.svg"), notes = text_of(folder / "notes");
            BOOST_CHECK_MESSAGE(!svg.empty(), "in.svg is missing");
            const auto d = read_svg(svg);
            if (!d) {
                BOOST_TEST("refused " + d.error().what + "\n" == notes);
                BOOST_CHECK_MESSAGE(!fs::exists(folder / "out.job"), "it is refused, and has an out.job");
                continue;
            }
            BOOST_TEST(lines_of(*d) == notes);
            BOOST_CHECK_MESSAGE(fs::exists(folder / "out.job"),
                                "there is no out.job; it draws:\n" + as_text(job_of(*d)));
            if (fs::exists(folder / "out.job")) check_job(*d, folder / "out.job");
            if (!fs::exists(folder / "out-invisible.job")) continue;
            const auto shown = read_svg(svg, {.invisible = svg_invisible::draw});
            BOOST_REQUIRE(shown);
            check_job(*shown, folder / "out-invisible.job");
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace drawings_test
