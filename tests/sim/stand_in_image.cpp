// SPDX-License-Identifier: MIT
#include "../scripted_link.hpp"

#include <kf/mcu/dictionary.hpp>
#include <kf/sim/stand_in_image.hpp>

#include <boost/test/unit_test.hpp>

namespace stand_in_image_test {

using namespace kf;
using kf::tests::hex;

BOOST_AUTO_TEST_SUITE(stand_in_image)

BOOST_AUTO_TEST_CASE(an_arm_image_has_vectors_inside_of_itself) {
    const io::bytes image = sim::make_image({});
    BOOST_TEST(image.size() == 20480u);
    BOOST_TEST(hex(io::byte_view(image).first(8)) == "0000012001820008");
}

BOOST_AUTO_TEST_CASE(an_image_carries_its_dictionary) {
    sim::image_recipe recipe{"rp2040", "?-20261121_020357-vm", 0x10004000, 44608, "Klipper"};
    const auto d = mcu::find_dictionary(sim::make_image(recipe));
    BOOST_REQUIRE(d.has_value());
    BOOST_TEST(d->app == "Klipper");
    BOOST_TEST(d->mcu == "rp2040");
    BOOST_TEST(d->version == "?-20261121_020357-vm");
}

BOOST_AUTO_TEST_CASE(two_versions_differ_nearly_everywhere_and_one_is_the_same_twice) {
    sim::image_recipe a, b;
    b.version = "v0.13.0-101-gfedcba9";
    BOOST_TEST((sim::make_image(a) == sim::make_image(a)));
    const io::bytes x = sim::make_image(a), y = sim::make_image(b);
    std::size_t same = 0;
    for (std::size_t i = 0; i < x.size(); ++i) same += x[i] == y[i] ? 1u : 0u;
    BOOST_TEST(same < x.size() / 10);
}

BOOST_AUTO_TEST_CASE(uf2_blocks_have_the_magic_the_family_and_the_address) {
    const io::bytes uf2 = sim::make_uf2({"rp2040", "v1", 0x10000100, 20480, "Klipper"});
    BOOST_REQUIRE_EQUAL(uf2.size(), 81u * 512u); // the boot page and 80 pages
    BOOST_TEST(hex(io::byte_view(uf2).first(32)) == "5546320a57515d9e00200000000000100001000000000000"
                                                    "51000000"
                                                    "56ff8be4");
    BOOST_TEST(hex(io::byte_view(uf2).subspan(512 + 12, 4)) == "00010010");
    BOOST_TEST(hex(io::byte_view(uf2).subspan(512 + 32, 8)) == "0000012001030010");
    BOOST_TEST(hex(io::byte_view(uf2).subspan(508, 4)) == "306fb10a");
}

BOOST_AUTO_TEST_CASE(hex_records_have_length_address_type_and_checksum) {
    const io::bytes raw = sim::make_hex({"atmega2560", "v1", 0, 70000, "Klipper"});
    const std::string text(raw.begin(), raw.end());
    BOOST_TEST(text.starts_with(":100000000C940001"));
    BOOST_TEST(text.find("\r\n:020000021000EC\r\n:10000000") != std::string::npos);
    BOOST_TEST(text.ends_with("\r\n:00000001FF\r\n"));
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        unsigned sum = 0;
        for (const auto byte : tests::unhex(text.substr(at + 1, text.find('\r', at) - at - 1))) sum += byte;
        BOOST_REQUIRE_EQUAL(sum & 0xff, 0u);
    }
}

BOOST_AUTO_TEST_CASE(an_elf_has_one_segment_that_is_the_image) {
    const io::bytes elf = sim::make_elf({});
    BOOST_TEST(hex(io::byte_view(elf).first(28)) == "7f454c4601010100000000000000000002002800010000000182"
                                                    "0008");
    BOOST_TEST(hex(io::byte_view(elf).subspan(52, 16)) == "01000000540000000080000800800008");
    BOOST_TEST((io::bytes(elf.begin() + 84, elf.end()) == sim::make_image({})));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace stand_in_image_test
