// SPDX-License-Identifier: MIT
#include <kf/svg/svg.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace svg_encoding_test {

using namespace kf::svg;
using kf::errc;

// printf '<svg><g id="a"><path stroke="red" d="M0 0H1"/></g></svg>' | gzip -n
const std::string
    packed_svg("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xb3\x29\x2e\x4b\xb7\xb3\x49\x57\xc8\x4c\xb1\x55\x4a\x54"
               "\xb2\xb3\x29\x48\x2c\xc9\x50\x28\x2e\x29\xca\xcf\x4e\xb5\x55\x2a\x4a\x4d\x51\x52\x00\x4a\xf8\x1a"
               "\x28\x18\x78\x18\x2a\xe9\xdb\xd9\xe8\x03\x15\xeb\x83\xb4\x00\x00\x36\x38\x18\xd7\x38\x00\x00\x00",
               72);

/// The name of the only layer.
std::string name_in(std::string_view bytes, const svg_options& options = {}) {
    const auto d = read_svg(bytes, options);
    if (!d) return d.error().what + "; " + d.error().cause;
    BOOST_REQUIRE_EQUAL(d->layers.size(), 1U);
    return d->layers[0].name;
}

std::string drawing_of(std::string_view name) {
    return "<svg width='9' height='9'><g id='" + std::string(name) + "'><path stroke='red' d='M0 0H1'/></g></svg>";
}

template<bool Big>
std::string utf16(std::u16string_view text) {
    std::string out;
    for (const char16_t c : text) {
        const char high = static_cast<char>(c >> 8), low = static_cast<char>(c & 0xFF);
        out += Big ? high : low;
        out += Big ? low : high;
    }
    return out;
}

BOOST_AUTO_TEST_SUITE(svg_encodings)

BOOST_AUTO_TEST_CASE(a_packed_drawing_is_unpacked) { BOOST_TEST(name_in(packed_svg) == "a"); }

BOOST_AUTO_TEST_CASE(a_packed_drawing_that_is_damaged_or_means_gigabytes_is_refused) {
    const std::string whole = packed_svg;
    for (std::size_t bytes = 2; bytes < whole.size(); bytes += 3)
        BOOST_TEST((read_svg(whole.substr(0, bytes)).error().code == errc::malformed));
    std::string wrong = whole;
    wrong[whole.size() - 6] = static_cast<char>(wrong[whole.size() - 6] ^ 1); // of its CRC
    BOOST_TEST(name_in(wrong) == "the file is packed with gzip, and damaged; incorrect data check");
    BOOST_TEST(name_in(whole, {.max_bytes = 10}) == "unpacked, the file is larger than 0 MiB; it is packed with gzip");
    BOOST_TEST((read_svg(whole, {.max_bytes = 10}).error().code == errc::out_of_bounds));
    // Members follow each other, and what is behind the last one is nobody's.
    BOOST_TEST(name_in(whole + "\0\0\0") == "a");
    BOOST_TEST(read_svg(whole + whole).error().what == "line 1, <svg>: a second root element");
}

BOOST_AUTO_TEST_CASE(utf16_is_read_by_its_mark_and_without_one) {
    const std::u16string text = u"<?xml version='1.0' encoding='UTF-16'?><svg width='9' height='9'><g "
                                u"id='gr\u00fcn \u20ac \U0001F58A'><path stroke='red' d='M0 0H1'/></g></svg>";
    const std::string name = "gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x96\x8a";
    BOOST_TEST(name_in("\xff\xfe" + utf16<false>(text)) == name);
    BOOST_TEST(name_in("\xfe\xff" + utf16<true>(text)) == name);
    BOOST_TEST(name_in(utf16<false>(text)) == name);
    BOOST_TEST(name_in(utf16<true>(text)) == name);
    // Half of a pair, at the end and inside.
    BOOST_TEST(name_in("\xff\xfe" + utf16<false>(u"<svg \xD83D")) ==
               "the UTF-16 text is broken at byte 13; half of a character is lost");
    BOOST_TEST(name_in("\xfe\xff" + utf16<true>(u"<svg \xDD8A>")) ==
               "the UTF-16 text is broken at byte 13; half of a character is lost");
    BOOST_TEST(name_in(std::string_view("<\0\0\0s\0\0\0", 8)) == "the SVG is UTF-32 text, which is not read; ");
}

BOOST_AUTO_TEST_CASE(encodings_of_one_byte_are_read_as_they_are_declared) {
    const std::string name = "gr\xc3\xbcn \xe2\x82\xac";
    for (const char* encoding : {"ISO-8859-1", "iso8859-1", "latin1", "windows-1252", "US-ASCII", "CP1252"})
        BOOST_TEST(name_in("<?xml version='1.0' encoding='" + std::string(encoding) + "'?>" +
                           drawing_of("gr\xfcn \x80")) == name);
    // As it says, although it would be UTF-8 too.
    BOOST_TEST(name_in("<?xml version=\"1.0\" encoding=\"latin1\"?>" + drawing_of("\xc3\xbc")) == "\xc3\x83\xc2\xbc");
    BOOST_TEST(name_in("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>" + drawing_of("gr\xc3\xbcn \xe2\x82\xac")) ==
               name);
    // Nothing is said, or not the truth: as old programs wrote it.
    BOOST_TEST(name_in(drawing_of("gr\xfcn \x80")) == name);
    BOOST_TEST(name_in("<?xml version='1.0' encoding='UTF-8'?>" + drawing_of("gr\xfcn \x80")) == name);
}

BOOST_AUTO_TEST_CASE(an_encoding_that_is_not_known_is_refused_by_name) {
    const std::string declared = "<?xml version='1.0' encoding='Shift_JIS'?>";
    BOOST_TEST(name_in(declared + drawing_of("\x90\xd4")) ==
               "the encoding \"Shift_JIS\" is not read; "
               "known are UTF-8, UTF-16, ISO-8859-1, windows-1252 and US-ASCII");
    BOOST_TEST(name_in(declared + drawing_of("red")) == "red"); // the same in each of them
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace svg_encoding_test
