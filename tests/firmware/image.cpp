// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"
#include "text_files.hpp"

#include <kf/firmware/image.hpp>
#include <kf/sim/stand_in_image.hpp>

#include <boost/test/unit_test.hpp>

namespace image_test {

using namespace kf::firmware;
using kf::io::byte_view;
using kf::io::bytes;

bytes of(std::string_view text) { return {text.begin(), text.end()}; }

void put_words(bytes& out, std::initializer_list<std::uint32_t> words) {
    for (const std::uint32_t w : words)
        for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(w >> shift));
}

/// One block by the UF2 specification.
bytes uf2_block(std::uint32_t address, std::uint32_t n, std::uint32_t total, std::string_view payload,
                std::uint32_t flags = 0x2000) {
    bytes b;
    put_words(
        b, {0x0A324655, 0x9E5D5157, flags, address, static_cast<std::uint32_t>(payload.size()), n, total, 0xe48bff56});
    b.insert(b.end(), payload.begin(), payload.end());
    b.resize(508);
    put_words(b, {0x0AB16F30});
    return b;
}

bytes operator+(bytes a, const bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

void put_program_header(bytes& out, std::uint32_t type, std::uint32_t offset, std::uint32_t physical,
                        std::uint32_t size) {
    put_words(out, {type, offset, 0x20000000, physical, size, size + 100, 7, 4});
}

/// Three program headers: code, a stack without bytes, data whose home in flash comes 2 bytes after the code.
bytes small_elf() {
    bytes e{0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 40, 0};
    put_words(e, {1, 0x8008001, 52, 0, 0});
    for (const int b : {52, 0, 32, 0, 3, 0, 0, 0, 0, 0, 0, 0}) e.push_back(static_cast<std::uint8_t>(b));
    put_program_header(e, 1, 148, 0x8008000, 6);
    put_program_header(e, 1, 0, 0x2001fe00, 0);
    put_program_header(e, 1, 154, 0x8008008, 4);
    return e + of("codingDATA");
}

template<class T>
std::string what_of(const kf::result<T>& r) {
    BOOST_REQUIRE(!r);
    BOOST_TEST((r.error().code == kf::errc::malformed));
    return r.error().what;
}

BOOST_AUTO_TEST_SUITE(firmware_image)

BOOST_AUTO_TEST_CASE(uf2_blocks_become_one_segment) {
    const auto segments = parse_uf2(uf2_block(0x10000000, 0, 3, "second stage") + uf2_block(0x1000000c, 1, 3, "app") +
                                    uf2_block(0x20000000, 2, 3, "not for the flash", 0x1));
    BOOST_REQUIRE(segments);
    BOOST_REQUIRE(segments->size() == 1u);
    BOOST_TEST(segments->at(0).address == 0x10000000u);
    BOOST_TEST((segments->at(0).data == of("second stageapp")));
}

BOOST_AUTO_TEST_CASE(a_damaged_uf2_is_refused) {
    const auto good = uf2_block(0x10000000, 0, 2, "one") + uf2_block(0x10000100, 1, 2, "two");
    BOOST_TEST(parse_uf2(good).has_value());
    auto cut = good;
    cut.resize(1000);
    BOOST_TEST(what_of(parse_uf2(cut)) == "a .uf2 file has blocks of 512 bytes, this one has 1000 bytes");
    cut.resize(512);
    BOOST_TEST(what_of(parse_uf2(cut)) == "block 0 of the .uf2 file says that it is 0 of 2, the file has 1");
    auto marked = good;
    marked[512 + 508] ^= 1;
    BOOST_TEST(what_of(parse_uf2(marked)) == "block 1 of the .uf2 file has no UF2 mark");
    auto longer = good;
    longer[16] = 0xff;
    longer[17] = 0xff;
    BOOST_TEST(what_of(parse_uf2(longer)) == "block 0 of the .uf2 file claims 65535 bytes");
    BOOST_TEST(what_of(parse_uf2(uf2_block(0x10000000, 0, 2, "one") + uf2_block(0x10000001, 1, 2, "two"))) ==
               "two parts of the image both claim 0x10000001");
    BOOST_TEST(!parse_uf2({}).has_value());
}

BOOST_AUTO_TEST_CASE(intel_hex_reaches_past_64_kib) {
    const auto segments = parse_intel_hex(of(":040000000C9400015B\r\n:0400040041565221EE\r\n:020000021000EC\r\n"
                                             ":04000000686967685C\r\n:00000001FF\r\n"));
    BOOST_REQUIRE(segments);
    BOOST_REQUIRE(segments->size() == 2u);
    BOOST_TEST((segments->at(0) == segment{0, {0x0c, 0x94, 0x00, 0x01, 'A', 'V', 'R', '!'}}));
    BOOST_TEST((segments->at(1) == segment{0x10000, of("high")}));
    const auto linear = parse_intel_hex(of(":020000040800F2\n:048000004142434472\n:00000001FF\n"));
    BOOST_REQUIRE(linear);
    BOOST_TEST((linear->at(0) == segment{0x8008000, of("ABCD")}));
}

BOOST_AUTO_TEST_CASE(a_damaged_hex_file_is_refused_with_its_line) {
    BOOST_TEST(what_of(parse_intel_hex(of(":040000000C9400015B\n:0400040041565221EF\n:00000001FF\n"))) ==
               "line 2 of the .hex file has a wrong checksum");
    BOOST_TEST(what_of(parse_intel_hex(of(":040000000C9400015B\n"))) ==
               "the .hex file has no end record: it is cut off");
    BOOST_TEST(what_of(parse_intel_hex(of(":050000000C9400015A\n:00000001FF\n"))) ==
               "line 1 of the .hex file is not as long as it says");
    BOOST_TEST(what_of(parse_intel_hex(of(":04000000XX9400015B\n"))) == "line 1 of the .hex file is no record");
    BOOST_TEST(what_of(parse_intel_hex(of(":00000001FF\n:040000000C9400015B\n"))) ==
               "line 2 of the .hex file comes after the end record");
}

BOOST_AUTO_TEST_CASE(elf_segments_lie_where_they_are_flashed_and_small_gaps_are_zeros) {
    const auto segments = parse_elf(small_elf());
    BOOST_REQUIRE(segments);
    BOOST_REQUIRE(segments->size() == 1u);
    BOOST_TEST((segments->at(0) == segment{0x8008000, of(std::string_view("coding\0\0DATA", 12))}));
}

BOOST_AUTO_TEST_CASE(an_elf_cut_anywhere_is_refused_and_never_read_past_its_end) {
    const auto whole = small_elf();
    for (std::size_t n = 0; n < whole.size(); ++n) {
        const bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
        BOOST_TEST(!parse_elf(part).has_value(), n);
    }
    auto far = whole;
    far[52 + 4 + 3] = 0xff; // the offset of the first segment
    BOOST_TEST(what_of(parse_elf(far)) == "the .elf file is cut off or damaged");
}

BOOST_AUTO_TEST_CASE(the_kind_is_seen_in_the_bytes_not_in_the_name) {
    BOOST_TEST((kind_of(small_elf()) == image_kind::elf));
    BOOST_TEST((kind_of(uf2_block(0, 0, 1, "x")) == image_kind::uf2));
    BOOST_TEST((kind_of(of(":00000001FF\n")) == image_kind::elf_hex));
    BOOST_TEST((kind_of(of(":::: not hex")) == image_kind::bin));
    BOOST_TEST((kind_of({}) == image_kind::bin));
}

BOOST_AUTO_TEST_CASE(a_pinned_image_is_its_bytes_and_their_hash) {
    const kf::test::temporary_folder dir;
    put_file(dir.path() / "klipper.bin", "abc");
    const auto im = load_image(dir.path() / "klipper.bin", 0x8008000);
    BOOST_REQUIRE(im);
    // FIPS 180-2, appendix B.1
    BOOST_TEST(im->sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST((im->bytes == of("abc")));
    BOOST_TEST(im->start() == 0x8008000u);
    BOOST_TEST(im->size() == 3u);
    BOOST_TEST(!im->dictionary.has_value());
    BOOST_TEST(still_is(*im, dir.path() / "klipper.bin").has_value());
    put_file(dir.path() / "klipper.bin", "abd");
    const auto changed = still_is(*im, dir.path() / "klipper.bin");
    BOOST_REQUIRE(!changed);
    BOOST_TEST((changed.error().code == kf::errc::mismatch));
    BOOST_TEST((im->bytes == of("abc")));
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_no_image) {
    const kf::test::temporary_folder dir;
    put_file(dir.path() / "klipper.bin", "");
    BOOST_TEST(what_of(load_image(dir.path() / "klipper.bin", 0x8008000)) == "the image holds no bytes for the flash");
}

BOOST_AUTO_TEST_CASE(a_bin_without_a_place_says_so) {
    const auto im = pin_image(of("abc"), "klipper.bin", {});
    BOOST_REQUIRE(im);
    BOOST_TEST(!im->address_known);
}

BOOST_AUTO_TEST_CASE(the_vector_table_is_read_where_the_application_starts) {
    bytes flat(0x100, 0xb2);
    put_words(flat, {0x20042000, 0x10000159, 0});
    const auto im = pin_image(uf2_block(0x10000000, 0, 2, std::string_view(reinterpret_cast<char*>(flat.data()), 256)) +
                                  uf2_block(0x10000100, 1, 2, std::string_view("\x00\x20\x04\x20\x59\x01\x00\x10", 8)),
                              "klipper.uf2", {});
    BOOST_REQUIRE(im);
    BOOST_TEST((vectors(*im, 0x10000100) == vector_words{0x20042000, 0x10000159}));
    BOOST_TEST(!vectors(*im, 0x10000104).has_value());
    BOOST_TEST(!vectors(*im, 0x8000000).has_value());
}

BOOST_AUTO_TEST_CASE(the_dictionary_is_found_in_every_container) {
    const kf::sim::image_recipe recipe{.mcu = "rp2040", .version = "v0.13.0-7-gabcdef0", .app_start = 0x10000100};
    for (const auto& file : {kf::sim::make_image(recipe), kf::sim::make_uf2(recipe), kf::sim::make_hex(recipe),
                             kf::sim::make_elf(recipe)}) {
        const auto im = pin_image(file, "x", 0x10000100);
        BOOST_REQUIRE(im);
        BOOST_TEST_CONTEXT(extension(im->kind)) {
            BOOST_REQUIRE(im->dictionary.has_value());
            BOOST_TEST(im->dictionary->app == "Klipper");
            BOOST_TEST(im->dictionary->version == "v0.13.0-7-gabcdef0");
            BOOST_TEST(im->dictionary->mcu == "rp2040");
        }
    }
}

BOOST_AUTO_TEST_CASE(an_elf_says_where_its_bin_was_linked_only_if_the_bin_is_its_own) {
    const auto elf = pin_image(small_elf(), "klipper.elf", {});
    auto own = pin_image(of(std::string_view("coding\0\0DATA", 12)), "klipper.bin", 0x8000000);
    auto other = pin_image(of(std::string_view("coding\0\0DATa", 12)), "klipper.bin", 0x8000000);
    BOOST_REQUIRE((elf && own && other));
    locate(*own, *elf);
    locate(*other, *elf);
    BOOST_TEST(own->linked_at.value_or(0) == 0x8008000u);
    BOOST_TEST(!other->linked_at.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace image_test
