// SPDX-License-Identifier: MIT
// Blocks were made with the message parser of Klipper's host software.
#include "../scripted_link.hpp"

#include <kf/sim/klipper_mcu.hpp>

#include <boost/test/unit_test.hpp>

namespace klipper_mcu_test {

using namespace kf;
using kf::tests::hex;
using kf::tests::unhex;

// Python's zlib of {"app":"Klipper","build_versions":"gcc: 12","config":{"MCU":"stm32f446xx"},"version":...}
const std::string packed =
    "78da2dcbbb0a80200005d05f893b676849836b633436479a8ad043b24208ff3d87e6c379317b0f817e75deeb1325e4edd6657af419dcb1874c"
    "562951b03a933a76e32cc48ba11bb3846b6b6ac3791b235289ff647868c59a8a1246ec2cd5a20d45fa0019262100";
const std::string ask_0 = "08100100285e9f7e", ask_40 = "0811012828afd77e", ask_80 = "0812015028b41e7e";
const std::string response_0 = "301100002878da2dcbbb0a80200005d05f893b676849836b633436479a8ad043b24208ff3d87e6c379317b0"
                               "f8163fb7e";

struct board {
    std::vector<std::uint8_t> area = std::vector<std::uint8_t>(64 * 1024, 0xff);
    sim::flash_memory flash{sim::flash_family::stm32f4, 0x08008000, area};
    explicit board(const io::bytes& image = {}) { std::ranges::copy(image, area.begin()); }
};

sim::image_recipe recipe(const std::string& version = "v0.13.0-1-gabcdef0") {
    sim::image_recipe r;
    r.version = version;
    return r;
}

BOOST_AUTO_TEST_SUITE(klipper_mcu)

BOOST_AUTO_TEST_CASE(answers_identify_with_a_response_and_an_ack) {
    sim::klipper_mcu mcu(unhex(packed));
    BOOST_TEST(hex(mcu.feed(unhex(ask_0))) == response_0 + "05118f087e");
    BOOST_TEST(hex(mcu.feed(unhex(ask_40))).ends_with("0512bd937e"));
    BOOST_TEST(hex(mcu.feed(unhex(ask_80))) == "1f130050175289ff647868c59a8a1246ec2cd5a20d45fa0019262100d3d97e"
                                               "0513ac1a7e");
}

BOOST_AUTO_TEST_CASE(a_wrong_sequence_is_naked_with_the_right_one) {
    sim::klipper_mcu mcu(unhex(packed), 12);
    BOOST_TEST(hex(mcu.feed(unhex(ask_0))) == "051c54ed7e");
    BOOST_TEST(hex(mcu.feed(unhex(ask_40))) == "051c54ed7e");
}

BOOST_AUTO_TEST_CASE(a_repeated_block_is_not_executed_again) {
    sim::klipper_mcu mcu(unhex(packed));
    BOOST_TEST(mcu.feed(unhex(ask_0)).size() > 5u);
    BOOST_TEST(hex(mcu.feed(unhex(ask_0))) == "05118f087e");
}

BOOST_AUTO_TEST_CASE(damage_is_naked_once_until_a_good_block) {
    sim::klipper_mcu mcu(unhex(packed));
    BOOST_TEST(hex(mcu.feed(unhex("08100100285e9e7e"
                                  "08100100285e9e7e"))) == "05109e817e");
    BOOST_TEST(hex(mcu.feed(unhex(ask_0))).starts_with(response_0));
    BOOST_TEST(hex(mcu.feed(unhex("08110128282fd77e"))) == "05118f087e");
}

BOOST_AUTO_TEST_CASE(other_commands_are_acked) {
    sim::klipper_mcu mcu(unhex(packed));
    BOOST_TEST(hex(mcu.feed(mcu::encode_block(0, unhex("05")))) == "05118f087e");
}

BOOST_AUTO_TEST_CASE(blank_flash_is_no_application) {
    BOOST_TEST((sim::boot_of(board().flash) == sim::boot::bootloader));
    BOOST_TEST((sim::boot_of(board(io::bytes(4, 0)).flash) == sim::boot::bootloader));
}

BOOST_AUTO_TEST_CASE(a_whole_image_runs_and_says_its_version) {
    const board b(sim::make_image(recipe()));
    BOOST_TEST((sim::boot_of(b.flash) == sim::boot::application));
    auto app = sim::klipper_mcu::in_flash(b.flash);
    BOOST_REQUIRE(app.has_value());
    BOOST_TEST(app->feed(unhex(ask_0)).size() == 48u + 5u);
}

BOOST_AUTO_TEST_CASE(an_image_linked_elsewhere_hangs) {
    sim::image_recipe other = recipe();
    other.app_start = 0x08020000;
    BOOST_TEST((sim::boot_of(board(sim::make_image(other)).flash) == sim::boot::hangs));
}

BOOST_AUTO_TEST_CASE(an_image_cut_short_or_damaged_hangs) {
    const io::bytes image = sim::make_image(recipe());
    for (const std::size_t whole : {std::size_t{64}, image.size() / 2, image.size() - 64}) {
        io::bytes part(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(whole));
        BOOST_TEST((sim::boot_of(board(part).flash) == sim::boot::hangs));
    }
    io::bytes damaged = image;
    damaged[image.size() - 100] ^= 1;
    BOOST_TEST((sim::boot_of(board(damaged).flash) == sim::boot::hangs));
}

BOOST_AUTO_TEST_CASE(it_can_be_made_to_say_another_version) {
    const board b(sim::make_image(recipe()));
    auto honest = sim::klipper_mcu::in_flash(b.flash);
    auto lying = sim::klipper_mcu::in_flash(b.flash, "v0.12.0-0-gstale");
    BOOST_REQUIRE(honest.has_value() && lying.has_value());
    BOOST_TEST((honest->feed(unhex(ask_0)) != lying->feed(unhex(ask_0))));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace klipper_mcu_test
