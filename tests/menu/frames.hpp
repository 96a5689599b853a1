// SPDX-License-Identifier: MIT
#pragma once
/// Frames as golden files: NAME-COLUMNSxROWS.txt in tests/menu/frames, each line with its looks named, and
/// NAME-spoken.txt, as a person hears it.
/// KF_WRITE_FRAMES=1 writes them anew; what then differs is read before it is committed.

#include <kf/io/atomic_file.hpp>
#include <kf/tui/framed_page.hpp>
#include <kf/tui/spoken.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <string>
#include <vector>

namespace menu_test {

inline constexpr kf::tui::grid_size frame_sizes[] = {{80, 24}, {60, 20}, {40, 20}, {120, 40}};

inline void check_golden(const std::string& name, const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    const auto file = KF_TESTS_DIR "/menu/frames/" + name + ".txt";
    if (std::getenv("KF_WRITE_FRAMES") != nullptr) BOOST_REQUIRE(kf::io::write_file(file, text).has_value());
    const auto golden = kf::io::read_file(file);
    BOOST_REQUIRE_MESSAGE(golden.has_value(), "there is no " << file);
    BOOST_TEST(text == *golden, file << " is\n" << *golden << "\nand not\n" << text);
}

inline void check_frame(const std::string& name, kf::tui::grid_size size, const kf::tui::text_grid& frame) {
    check_golden(name + "-" + std::to_string(size.columns) + "x" + std::to_string(size.rows),
                 kf::tui::marked_lines(frame));
    // No line is wider than the window, in either alphabet.
    for (const auto& line : kf::tui::lines(frame)) BOOST_TEST(kf::tui::width_of(line) <= size.columns);
    for (const auto& line : kf::tui::lines(kf::tui::in_ascii(frame))) BOOST_TEST(line.size() <= size.columns);
}

template<class Page>
void check_frames(const std::string& name, const Page& page) {
    for (const auto size : frame_sizes) check_frame(name, size, page.paint(size));
    check_golden(name + "-spoken", kf::tui::spoken_lines(page.paint({109, 120}), true));
}

inline kf::tui::key typed(char32_t c) { return {.text = c}; }
inline kf::tui::key pressed(kf::tui::key_code code) { return {.code = code}; }
template<class Page>
void type(Page& page, std::string_view text) {
    for (const char c : text) (void)page.take(typed(static_cast<unsigned char>(c)));
}

} // namespace menu_test
