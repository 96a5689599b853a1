// SPDX-License-Identifier: MIT
// The vernier of kcal pattern backlash-test, drawn by a machine with backlash and read in the picture of its ink:
// pixels only, by the tooth of the one comb that stands over one of the other.
#include "sheet_on_a_wrong_machine.hpp"

#include <kf/cal/patterns/combs.hpp>
#include <kf/sim/ink_image.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace vernier_picture_test {

using namespace kf;

constexpr double pixels_per_mm = 40;
constexpr sim::paper paper{60, 60};
constexpr drawing::point middle{20, 30}; ///< of the machine: where the pattern's 0, 0 lies

/// The layers whose names begin with `which`, on a machine that loses `backlash`.
preview::coverage picture(const std::string& which, mm backlash) {
    sim::mechanics m;
    m.backlash = {backlash, backlash};
    test::sheet_on_a_wrong_machine sheet(m);
    const cal::figure f = cal::backlash_test({1, 20}, 3, 1);
    for (const auto& layer : f.layers) {
        if (!layer.name.starts_with(which)) continue;
        // Combs along Y begin lower on the sheet: their zero comes to the middle, too.
        const mm down = which == "Y" ? 30 + 3 : 0, right = which == "Y" ? -5 : 0;
        for (const drawing::polyline& line : layer.lines) {
            const auto at = [&](drawing::point p) {
                return drawing::point{middle.x + p.x - right, middle.y - (p.y - down)};
            };
            sheet.go(at(line.front()).x, at(line.front()).y);
            for (std::size_t i = 1; i < line.size(); ++i) sheet.draw_to(at(line[i]).x, at(line[i]).y);
        }
    }
    return sim::ink_raster(sheet.ink(), paper, pixels_per_mm, 0.3);
}

/// Middles of the dark runs along a row or a column of pixels, in mm of the machine.
std::vector<mm> teeth(const std::function<int(std::size_t)>& darkness, std::size_t pixels) {
    std::vector<mm> out;
    std::size_t begin = 0;
    bool dark = false;
    for (std::size_t i = 0; i < pixels; ++i) {
        const bool now = darkness(i) > 127;
        if (now && !dark) begin = i;
        if (!now && dark) out.push_back((static_cast<double>(begin + i) / 2) / pixels_per_mm);
        dark = now;
    }
    return out;
}
/// Along X at a height of the machine, or along Y at an X.
std::vector<mm> teeth_along_x(const preview::coverage& c, mm y) {
    const auto row = static_cast<std::size_t>((paper.height - y) * pixels_per_mm);
    return teeth([&](std::size_t i) { return c.at(i, row); }, c.size().width);
}
std::vector<mm> teeth_along_y(const preview::coverage& c, mm x) {
    const auto column = static_cast<std::size_t>(x * pixels_per_mm);
    return teeth([&](std::size_t i) { return c.at(column, i); }, c.size().height); // downwards, as the canvas counts
}

/// Which tooth of the vernier stands over one of the comb.
int meeting(const std::vector<mm>& main, const std::vector<mm>& second) {
    BOOST_REQUIRE_EQUAL(main.size(), 40u);
    BOOST_REQUIRE_EQUAL(second.size(), 21u);
    int best = 0;
    mm least = 1;
    for (std::size_t k = 0; k < second.size(); ++k)
        for (const mm at : main)
            if (const mm apart = std::fabs(second[k] - at); apart < least) {
                least = apart;
                best = static_cast<int>(k);
            }
    return best;
}

BOOST_AUTO_TEST_SUITE(vernier_in_a_picture)

BOOST_AUTO_TEST_CASE(a_comb_and_its_vernier_show_the_backlash_along_x) {
    for (const mm backlash : {0.0, 0.05, 0.15, 0.35}) {
        const preview::coverage c = picture("X", backlash);
        // The comb is below the line, its vernier above it; 2 mm from it both spines are still farther off.
        const int tooth = meeting(teeth_along_x(c, middle.y - 2), teeth_along_x(c, middle.y + 2));
        BOOST_TEST(tooth % 20 == static_cast<int>(std::lround(backlash / 0.05)), "backlash " << backlash);
    }
}

BOOST_AUTO_TEST_CASE(and_along_y) {
    for (const mm backlash : {0.0, 0.15, 0.4}) {
        const preview::coverage c = picture("Y", backlash);
        const int tooth = meeting(teeth_along_y(c, middle.x + 2), teeth_along_y(c, middle.x - 2));
        BOOST_TEST(tooth % 20 == static_cast<int>(std::lround(backlash / 0.05)), "backlash " << backlash);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace vernier_picture_test
