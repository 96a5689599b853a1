// SPDX-License-Identifier: MIT
#include <kf/firmware/proofs.hpp>
#include <kf/sim/stand_in_image.hpp>

#include <boost/test/unit_test.hpp>

namespace proofs_test {

using namespace kf::firmware;
using kf::sim::image_recipe;

kconfig arm_config(std::string_view mcu, std::uint64_t boot, std::uint64_t start, std::uint64_t size = 0x80000) {
    return *kconfig::parse(fmt::format("CONFIG_BOARD_DIRECTORY=\"arm\"\nCONFIG_MCU=\"{}\"\nCONFIG_FLASH_SIZE=0x{:x}\n"
                                       "CONFIG_FLASH_BOOT_ADDRESS=0x{:x}\nCONFIG_FLASH_APPLICATION_ADDRESS=0x{:x}\n"
                                       "CONFIG_USBSERIAL=y\n",
                                       mcu, size, boot, start));
}

const kconfig f446 = arm_config("stm32f446xx", 0x8000000, 0x8008000);
const kconfig avr = *kconfig::parse("CONFIG_BOARD_DIRECTORY=\"avr\"\nCONFIG_MCU=\"atmega2560\"\n");
const image_target octopus{.board_mcu = "stm32f446", .usb_mcu = "stm32f446xx", .has_katapult = true};

image bin(const image_recipe& recipe, const kconfig& config) {
    auto im = pin_image(kf::sim::make_image(recipe), "klipper.bin", config.application_start());
    BOOST_REQUIRE(im);
    return *im;
}

/// The proof that does not hold, "" when all do.
std::string refused_by(const image& im, const kconfig& config, const image_target& target) {
    const auto checked = check_all(im, config, target);
    if (checked) return "";
    BOOST_TEST((checked.error().code == kf::errc::mismatch));
    return checked.error().cause;
}

const proof& named(const std::vector<proof>& proofs, std::string_view name) {
    for (const auto& p : proofs)
        if (p.name == name) return p;
    BOOST_FAIL("no proof " << name);
    throw 0;
}

BOOST_AUTO_TEST_SUITE(firmware_proofs)

BOOST_AUTO_TEST_CASE(an_image_that_belongs_to_its_board_passes_every_proof) {
    const auto im = bin({}, f446);
    const auto proofs = prove(im, f446, octopus);
    BOOST_TEST(proofs.size() == 10u);
    for (const auto& p : proofs) BOOST_TEST(p.holds, p.name << ": " << p.says);
    BOOST_TEST(named(proofs, "reset vector").says == "the reset vector 0x8008201 is a Thumb address in "
                                                     "0x8008000-0x800d000");
    BOOST_TEST(named(proofs, "size").says == "the image covers 0x8008000-0x800d000, the flash 0x8000000-0x8080000");
    BOOST_TEST(check_all(im, f446, octopus)->size() == 10u);
}

BOOST_AUTO_TEST_CASE(an_image_that_leaves_usb_is_refused_for_a_board_on_usb) {
    const auto config = [](const std::string& line) {
        return *kconfig::parse("CONFIG_BOARD_DIRECTORY=\"arm\"\nCONFIG_MCU=\"stm32f446xx\"\nCONFIG_FLASH_SIZE=0x80000\n"
                               "CONFIG_FLASH_BOOT_ADDRESS=0x8000000\nCONFIG_FLASH_APPLICATION_ADDRESS=0x8008000\n" +
                               line);
    };
    const auto im = bin({}, f446);
    BOOST_TEST(refused_by(im, config("CONFIG_USBSERIAL=y\n"), octopus) == "");
    BOOST_TEST(refused_by(im, config("# CONFIG_USBSERIAL is not set\nCONFIG_USBCANBUS=y\n"), octopus) ==
               "connection: the board is on USB, the image would talk as a bridge from USB to CAN");
    BOOST_TEST(refused_by(im, config("CONFIG_CANSERIAL=y\n"), octopus) ==
               "connection: the board is on USB, the image would talk over CAN");
    BOOST_TEST(refused_by(im, config("CONFIG_SERIAL=y\n"), octopus) ==
               "connection: the board is on USB, the image would talk over a UART");
    BOOST_TEST(refused_by(im, config(""), octopus) ==
               "connection: the board is on USB, and its .config does not name USB (CONFIG_USBSERIAL)");
    // A build for no board that is there says nothing about how it will be connected.
    BOOST_TEST(refused_by(im, config("CONFIG_SERIAL=y\n"), {.board_mcu = "stm32f446"}) == "");
}

BOOST_AUTO_TEST_CASE(d16_an_image_linked_for_another_start_is_refused) {
    // Linked at the flash base or behind a larger bootloader, but said to belong at 0x8008000.
    BOOST_TEST(refused_by(bin({.app_start = 0x8000000}, f446), f446, octopus) ==
               "reset vector: the reset vector 0x8000201 is no Thumb address in 0x8008000-0x800d000");
    BOOST_TEST(refused_by(bin({.app_start = 0x8020000}, f446), f446, octopus) ==
               "reset vector: the reset vector 0x8020201 is no Thumb address in 0x8008000-0x800d000");
}

BOOST_AUTO_TEST_CASE(d16_the_elf_tells_a_wrong_start_that_the_reset_vector_hides) {
    // 0x8008000 + 20 KiB reaches past 0x8009000 + 0x201.
    const image_recipe near{.app_start = 0x8009000};
    auto im = bin(near, f446);
    BOOST_TEST(refused_by(im, f446, octopus) == "");
    locate(im, *pin_image(kf::sim::make_elf(near), "klipper.elf", {}));
    BOOST_TEST(refused_by(im, f446, octopus) ==
               "start: the image starts at 0x8009000 (from its .elf), its .config says 0x8008000");
}

BOOST_AUTO_TEST_CASE(d16_a_bootloader_with_another_application_start_is_refused) {
    const auto im = bin({}, f446);
    BOOST_TEST(check_bootloader(im, {"stm32f446xx", 0x8008000, 64})->size() == 3u);
    const auto bad = check_bootloader(im, {"stm32f446xx", 0x8002000, 64});
    BOOST_REQUIRE(!bad);
    BOOST_TEST((bad.error().code == kf::errc::mismatch));
    BOOST_TEST(bad.error().cause ==
               "application start: the image starts at 0x8008000, the bootloader writes to 0x8002000");
}

BOOST_AUTO_TEST_CASE(d1_an_image_for_another_chip_is_refused_before_and_after_connect) {
    const auto im = bin({.mcu = "stm32f407xx"}, f446);
    BOOST_TEST(refused_by(im, f446, octopus) ==
               "mcu of the config: the image is for stm32f407xx, its .config stm32f446xx");
    const auto f407 = arm_config("stm32f407xx", 0x8000000, 0x8008000);
    BOOST_TEST(refused_by(im, f407, octopus) ==
               "mcu of the board: the image is for stm32f407xx, the board's entry stm32f446");
    BOOST_TEST(refused_by(im, f407, {.board_mcu = "stm32f407", .usb_mcu = "stm32f446xx"}) ==
               "mcu of the USB name: the image is for stm32f407xx, the USB name stm32f446xx");
    BOOST_TEST(check_bootloader(im, {"stm32f446xx", 0x8008000, 64}).error().cause ==
               "mcu of the bootloader: the image is for stm32f407xx, the bootloader runs on stm32f446xx");
}

BOOST_AUTO_TEST_CASE(d19_a_longer_spelling_of_the_chip_is_the_same_chip) {
    const auto im = bin({}, f446);
    BOOST_TEST(refused_by(im, f446, {.board_mcu = "stm32f446xx"}) == "");
    BOOST_TEST(refused_by(im, f446, {.board_mcu = "stm32f446"}) == "");
    BOOST_TEST(refused_by(im, f446, {.board_mcu = ""}) ==
               "mcu of the board: the image is for stm32f446xx, the board's entry names none");
}

BOOST_AUTO_TEST_CASE(d15_an_image_at_the_flash_base_never_replaces_katapult) {
    const auto base = arm_config("stm32f446xx", 0x8000000, 0x8000000);
    const auto im = bin({.app_start = 0x8000000}, base);
    BOOST_TEST(refused_by(im, base, octopus) ==
               "bootloader: this board has Katapult, the image would overwrite it at 0x8000000");
    BOOST_TEST(refused_by(im, base, {.board_mcu = "stm32f446"}) == "");

    const auto pico = arm_config("rp2040", 0x10000100, 0x10000100, 0x200000);
    const auto uf2 = pin_image(kf::sim::make_uf2({.mcu = "rp2040", .app_start = 0x10000100}), "klipper.uf2", {});
    BOOST_REQUIRE(uf2);
    BOOST_TEST(refused_by(*uf2, pico, {.board_mcu = "rp2040"}) == "");
    BOOST_TEST(refused_by(*uf2, pico, {.board_mcu = "rp2040", .has_katapult = true}) ==
               "bootloader: this board has Katapult, the image would overwrite it at 0x10000000");
}

BOOST_AUTO_TEST_CASE(an_image_that_is_not_klipper_is_refused) {
    const auto random = pin_image(kf::io::bytes(4096, 0x5a), "image.bin", 0x8008000);
    BOOST_REQUIRE(random);
    BOOST_TEST(refused_by(*random, f446, octopus) == "application: the image has no Klipper dictionary");
    BOOST_TEST(refused_by(bin({.app = "Marlin"}, f446), f446, octopus) == "application: the image is Marlin");
    BOOST_TEST(refused_by(bin({.app = "Kalico"}, f446), f446, octopus) == "");
}

BOOST_AUTO_TEST_CASE(an_image_of_another_version_than_its_source_is_refused) {
    auto target = octopus;
    target.tree_version = "v0.13.0-100-g0123456";
    BOOST_TEST(refused_by(bin({}, f446), f446, target) == "");
    target.tree_version = "v0.13.0-101-gfedcba9";
    BOOST_TEST(refused_by(bin({}, f446), f446, target) ==
               "version: the image is v0.13.0-100-g0123456, its source is v0.13.0-101-gfedcba9");
    // No option of the board's configuration would change that.
    BOOST_TEST(
        (check_all(bin({}, f446), f446, target).error().steps ==
         std::vector<std::string>{"somebody may have changed the sources while they were built: run this again"}));
    target.tree_version = "v0.13.0-100-g0123456-dirty";
    BOOST_TEST(refused_by(bin({.version = "v0.13.0-100-g0123456-dirty-20261120_235029-vm"}, f446), f446, target) == "");
}

BOOST_AUTO_TEST_CASE(an_image_larger_than_the_flash_is_refused) {
    const auto small = arm_config("stm32f446xx", 0x8000000, 0x8008000, 0xc000);
    BOOST_TEST(refused_by(bin({.size = 0x4000}, small), small, octopus) == "");
    BOOST_TEST(refused_by(bin({.size = 0x4001}, small), small, octopus) ==
               "size: the image covers 0x8008000-0x800c001, the flash 0x8000000-0x800c000");
    const auto hex = pin_image(kf::sim::make_hex({.mcu = "atmega2560", .size = 256 * 1024 + 1}), "klipper.elf.hex", {});
    BOOST_REQUIRE(hex);
    BOOST_TEST(refused_by(*hex, avr, {.board_mcu = "atmega2560"}) ==
               "size: the image covers 0x0-0x40001, the flash 0x0-0x40000");
}

BOOST_AUTO_TEST_CASE(avr_and_linux_images_need_no_reset_vector) {
    const auto hex = pin_image(kf::sim::make_hex({.mcu = "atmega2560"}), "klipper.elf.hex", {});
    BOOST_REQUIRE(hex);
    BOOST_TEST(refused_by(*hex, avr, {.board_mcu = "atmega2560"}) == "");
    const auto host = *kconfig::parse("CONFIG_BOARD_DIRECTORY=\"linux\"\n");
    const auto elf = pin_image(kf::sim::make_elf({.mcu = "linux"}), "klipper.elf", {});
    BOOST_REQUIRE(elf);
    BOOST_TEST(refused_by(*elf, host, {.board_mcu = "linux"}) == "");
}

BOOST_AUTO_TEST_CASE(a_reset_vector_without_the_thumb_bit_is_refused) {
    auto file = kf::sim::make_image({});
    file[4] &= 0xfe;
    const auto im = pin_image(file, "klipper.bin", 0x8008000);
    BOOST_REQUIRE(im);
    BOOST_TEST(refused_by(*im, f446, octopus) ==
               "reset vector: the reset vector 0x8008200 is no Thumb address in 0x8008000-0x800d000");
}

BOOST_AUTO_TEST_CASE(a_block_size_that_no_bootloader_has_is_refused) {
    const auto im = bin({}, f446);
    for (const std::uint32_t good : {64u, 128u, 256u, 512u})
        BOOST_TEST(check_bootloader(im, {"stm32f446xx", 0x8008000, good}).has_value());
    for (const std::uint32_t bad : {0u, 63u, 1024u})
        BOOST_TEST(!check_bootloader(im, {"stm32f446xx", 0x8008000, bad}).has_value());
}

BOOST_AUTO_TEST_CASE(what_the_configuration_alone_decides_is_refused_without_an_image) {
    const auto against = [](const kconfig& config, const image_target& target) -> std::string {
        const auto proven = require_all(prove_config(config, target));
        return proven ? "" : proven.error().cause;
    };
    BOOST_TEST(against(f446, octopus) == "");
    BOOST_TEST(against(f446, {.board_mcu = "stm32f446", .usb_mcu = "rp2040"}) ==
               "mcu of the USB name: the configuration is for stm32f446xx, the USB name rp2040");
    BOOST_TEST(against(avr, {.board_mcu = "atmega2560", .has_katapult = true}) ==
               "bootloader: this board has Katapult, and Katapult does not run on atmega2560");
    BOOST_TEST(against(avr, {.board_mcu = "atmega2560"}) == "");
    BOOST_TEST(against(avr, {.board_mcu = "atmega2560", .usb_mcu = "atmega2560"}) ==
               "connection: the board is on USB, and its .config does not name USB (CONFIG_USBSERIAL)");
    const auto at_base = arm_config("stm32f446xx", 0x8000000, 0x8000000);
    BOOST_TEST(against(at_base, octopus) ==
               "bootloader: this board has Katapult, the image would overwrite it at 0x8000000");
    BOOST_TEST(against(at_base, {.board_mcu = "stm32f446", .usb_mcu = "stm32f446xx"}) == "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace proofs_test
