// SPDX-License-Identifier: MIT
#include <kf/tui/framed_page.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace framed_page_test {

using namespace kf::tui;

enum class act { stop, leave };

struct counter_page {
    using command = act;
    int n = 7;
    [[nodiscard]] binding_table<act> bindings() const {
        return {{{U'!'}, act::stop, "!", "STOP", "stops everything that moves, at once and whatever waits", 0},
                {{U'Q'}, act::leave, "Q", "quit", "leaves", 0}};
    }
    [[nodiscard]] text_grid paint(grid_size size) const {
        return framed(size, {"counter", "simulated", footer_of(bindings()), {20, 6}},
                      [&](pane p) { p.put(1, 0, "n " + std::to_string(n)); });
    }
};
static_assert(page<counter_page>);

std::string shown(grid_size size) {
    std::string out;
    for (const auto& l : marked_lines(counter_page{}.paint(size))) out += l + "\n";
    return out;
}

BOOST_AUTO_TEST_CASE(a_frame_has_a_heading_a_body_and_the_keys) {
    BOOST_TEST(shown({30, 6}) == "<heading> counter            simulated </>\n n 7\n\n\n"
                                 "<faint>──────────────────────────────</>\n<key>!</> STOP  <key>Q</> quit\n");
    BOOST_TEST(shown({20, 6}).starts_with("<heading> counter  simulated </>\n"));
}

BOOST_AUTO_TEST_CASE(a_window_that_is_too_small_says_so_and_keeps_the_way_to_stop) {
    BOOST_TEST(shown({19, 6}).starts_with("<warn>too small: 19×6, n…</>\n<key>!</> STOP  <key>Q</> quit\n"));
    BOOST_TEST(shown({80, 5}).starts_with("<warn>too small: 80×5, needs 20×6</>\n<key>!</> STOP"));
    BOOST_TEST(shown({14, 1}) == "<key>!</> STOP  <key>Q</> quit\n");
    BOOST_TEST(shown({1, 1}) == "<key>!</>\n");
    BOOST_TEST(shown({0, 0}) == "");
}

BOOST_AUTO_TEST_CASE(a_frame_is_as_large_as_it_was_asked_for) {
    for (std::size_t columns = 0; columns < 90; columns += 7)
        for (std::size_t rows = 0; rows < 30; ++rows) {
            const grid_size size{columns, rows};
            BOOST_REQUIRE((counter_page{}.paint(size).size() == size));
        }
}

BOOST_AUTO_TEST_CASE(the_help_is_made_of_the_rows_and_wraps) {
    const counter_page p;
    const auto g = help_frame({32, 8}, "keys", help_of(p.bindings()), {{"Esc", "back", 0}});
    std::string out;
    for (const auto& l : lines(g)) out += l + "\n";
    BOOST_TEST(out == " keys\n !  stops everything that\n    moves, at once and whatever\n    waits\n Q  leaves\n\n"
                      "────────────────────────────────\nEsc back\n");
}

} // namespace framed_page_test
