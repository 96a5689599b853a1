// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/board/discover.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <fstream>

namespace discover_test {

using namespace kf::board;
using kf::errc;
using kf::test::temporary_folder;
namespace fs = std::filesystem;

void put(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text << "\n";
}

/// A tree as the kernel makes it: a USB device with one CDC interface and its tty, whose name is that of a device node
/// that every machine has.
void plug_in(const fs::path& sysfs, const std::string& port, const std::string& tty, const std::string& serial,
             const std::string& maker = "Klipper", const std::string& product = "stm32h723xx",
             const std::string& product_id = "614e") {
    const auto usb = sysfs / "devices/pci0/usb1" / port;
    put(usb / "idVendor", "1d50");
    put(usb / "idProduct", product_id);
    put(usb / "manufacturer", maker);
    put(usb / "product", product);
    if (!serial.empty()) put(usb / "serial", serial);
    fs::create_directories(usb / (port + ":1.0"));
    fs::create_directories(sysfs / "class/tty" / tty);
    fs::create_directories(sysfs / "bus/usb/devices");
    fs::create_directory_symlink(usb / (port + ":1.0"), sysfs / "class/tty" / tty / "device");
    fs::create_directory_symlink(usb, sysfs / "bus/usb/devices" / port);
}

BOOST_AUTO_TEST_SUITE(discover_suite)

BOOST_AUTO_TEST_CASE(no_folder_means_no_device) {
    const temporary_folder folder;
    const auto found = scan({folder / "serial/by-id", {}});
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->devices.empty());
    BOOST_TEST(found->skipped.empty());
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_read_is_an_error) {
    const temporary_folder folder;
    put(folder / "by-id", "a file");
    const auto found = scan({folder / "by-id", {}});
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().code == errc::io));
}

BOOST_AUTO_TEST_CASE(devices_come_sorted_with_their_real_node) {
    const temporary_folder folder;
    fs::create_symlink("/dev/zero", folder / "usb-katapult_rp2040_E66-if00");
    fs::create_symlink("/dev/null", folder / "usb-Klipper_stm32h723xx_29001A-if00");
    fs::create_symlink("/dev/full", folder / "usb-Beacon_Beacon_RevH_FC-if00");
    const auto found = scan({folder.path(), {}});
    BOOST_REQUIRE(found.has_value());
    BOOST_REQUIRE_EQUAL(found->devices.size(), 3U);
    BOOST_TEST(found->devices[0].file_name == "usb-Beacon_Beacon_RevH_FC-if00");
    BOOST_TEST(found->devices[1].file_name == "usb-Klipper_stm32h723xx_29001A-if00");
    BOOST_TEST(found->devices[1].path == folder / "usb-Klipper_stm32h723xx_29001A-if00");
    BOOST_TEST(found->devices[1].resolved == "/dev/null");
    BOOST_TEST(found->devices[1].usb.serial == "29001A");
    BOOST_TEST((found->devices[2].usb.firmware == usb_firmware::katapult));
    BOOST_TEST((found->devices[2].facts == usb_facts{}));
}

BOOST_AUTO_TEST_CASE(links_to_nothing_and_other_files_are_reported_not_offered) {
    const temporary_folder folder;
    fs::create_symlink("../ttyACM99", folder / "usb-Klipper_rp2040_1-if00");
    fs::create_symlink("usb-Klipper_loop-if00", folder / "usb-Klipper_loop-if00");
    fs::create_symlink("/", folder / "usb-Klipper_rp2040_2-if00");
    put(folder / "README", "no device");
    const auto found = scan({folder.path(), {}});
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->devices.empty());
    BOOST_TEST((found->skipped == std::vector<skipped_entry>{
                                      {"README", "it does not point to a device"},
                                      {"usb-Klipper_loop-if00", "it points to nothing: the device has just gone"},
                                      {"usb-Klipper_rp2040_1-if00", "it points to nothing: the device has just gone"},
                                      {"usb-Klipper_rp2040_2-if00", "it does not point to a device"},
                                  }));
}

BOOST_AUTO_TEST_CASE(a_name_that_udev_is_still_making_is_no_device) {
    const temporary_folder folder;
    fs::create_symlink("/dev/null", folder / ".#usb-Klipper_rp2040_E66-if00c0ffee");
    const auto found = scan({folder.path(), {}});
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->devices.empty());
    BOOST_TEST(found->skipped.empty());
}

BOOST_AUTO_TEST_CASE(a_link_that_was_made_anew_has_another_stamp) {
    const temporary_folder folder;
    const auto link = folder / "usb-Klipper_rp2040_1-if00";
    fs::create_symlink("/dev/null", link);
    const auto before = scan({folder.path(), {}})->devices.at(0).stamp;
    BOOST_TEST((scan({folder.path(), {}})->devices.at(0).stamp == before));
    // As udev does it: a new link under another name, then renamed over the old one.
    fs::create_symlink("/dev/null", folder / "new");
    fs::rename(folder / "new", link);
    BOOST_TEST(!(scan({folder.path(), {}})->devices.at(0).stamp == before));
}

BOOST_AUTO_TEST_CASE(sysfs_tells_port_product_and_serial) {
    const temporary_folder folder;
    fs::create_directories(folder / "by-id");
    fs::create_symlink("/dev/null", folder / "by-id/usb-Klipper_stm32h723xx_29001A-if00");
    plug_in(folder / "sys", "1-1.4", "null", "29001A");
    plug_in(folder / "sys", "1-1.3", "zero", "29001B");
    const auto d = scan({folder / "by-id", folder / "sys"})->devices.at(0);
    BOOST_TEST(d.facts.vendor_id == "1d50");
    BOOST_TEST(d.facts.product_id == "614e");
    BOOST_TEST(d.facts.manufacturer == "Klipper");
    BOOST_TEST(d.facts.product == "stm32h723xx");
    BOOST_TEST(d.facts.serial == "29001A");
    BOOST_TEST(d.facts.port == "1-1.4");
    BOOST_TEST(d.facts.twins == 0U);
}

BOOST_AUTO_TEST_CASE(two_boards_with_one_serial_number_are_noticed) {
    const temporary_folder folder;
    fs::create_directories(folder / "by-id");
    fs::create_symlink("/dev/null", folder / "by-id/usb-Klipper_stm32h723xx_12345-if00");
    plug_in(folder / "sys", "1-1.4", "null", "12345");
    plug_in(folder / "sys", "1-1.3", "zero", "12345");
    BOOST_TEST(scan({folder / "by-id", folder / "sys"})->devices.at(0).facts.twins == 1U);
}

BOOST_AUTO_TEST_CASE(a_link_out_of_sysfs_is_not_followed) {
    const temporary_folder folder;
    fs::create_directories(folder / "by-id");
    fs::create_symlink("/dev/null", folder / "by-id/usb-Klipper_rp2040_1-if00");
    put(folder / "elsewhere/idVendor", "ffff");
    fs::create_directories(folder / "sys/class/tty/null");
    fs::create_directory_symlink(folder / "elsewhere", folder / "sys/class/tty/null/device");
    BOOST_TEST((scan({folder / "by-id", folder / "sys"})->devices.at(0).facts == usb_facts{}));
    BOOST_TEST((scan({folder / "by-id", folder / "no-such"})->devices.at(0).facts == usb_facts{}));
}

/// A by-path folder beside by-id, as 60-serial.rules makes it.
void place(const fs::path& folder, const std::string& port, const std::string& node) {
    fs::create_directories(folder / "by-path");
    fs::create_symlink(node, folder / "by-path" / ("platform-xhci-hcd.1-usb-0:" + port + ":1.0"));
    fs::create_symlink(node, folder / "by-path" / ("platform-xhci-hcd.1-usbv2-0:" + port + ":1.0"));
}

BOOST_AUTO_TEST_CASE(two_boards_of_one_serial_are_two_devices_under_their_places) {
    const temporary_folder folder;
    fs::create_directories(folder / "by-id");
    fs::create_symlink("/dev/null", folder / "by-id/usb-Klipper_stm32h723xx_12345-if00");
    plug_in(folder / "sys", "1-1.4", "null", "12345");
    plug_in(folder / "sys", "1-1.3", "zero", "12345");
    place(folder.path(), "1.4", "/dev/null");
    place(folder.path(), "1.3", "/dev/zero");
    const auto found = scan({folder / "by-id", folder / "sys"});
    BOOST_REQUIRE(found.has_value());
    BOOST_REQUIRE_EQUAL(found->devices.size(), 2U);
    BOOST_TEST(found->devices[0].file_name == "platform-xhci-hcd.1-usb-0:1.3:1.0");
    BOOST_TEST(found->devices[0].facts.port == "1-1.3");
    BOOST_TEST(found->devices[1].path == folder / "by-path/platform-xhci-hcd.1-usb-0:1.4:1.0");
    BOOST_TEST(found->devices[1].facts.port == "1-1.4");
    BOOST_TEST(found->devices[1].usb.serial == "12345");
    BOOST_TEST(*found->devices[1].usb.interface == 0U);
}

BOOST_AUTO_TEST_CASE(a_board_alone_keeps_its_name_and_has_its_place_besides) {
    const temporary_folder folder;
    fs::create_directories(folder / "by-id");
    fs::create_symlink("/dev/null", folder / "by-id/usb-Klipper_stm32h723xx_29001A-if00");
    plug_in(folder / "sys", "1-1.4", "null", "29001A");
    place(folder.path(), "1.4", "/dev/null");
    fs::create_symlink("/dev/full", folder / "by-path/pci-0000:00:16.3"); // a serial card
    const auto found = scan({folder / "by-id", folder / "sys"});
    BOOST_REQUIRE_EQUAL(found->devices.size(), 1U);
    BOOST_TEST(found->devices[0].file_name == "usb-Klipper_stm32h723xx_29001A-if00");
    BOOST_TEST(found->devices[0].place == "platform-xhci-hcd.1-usb-0:1.4:1.0");
}

BOOST_AUTO_TEST_CASE(what_runs_is_told_by_strings_and_ids_and_not_by_the_name) {
    const temporary_folder folder;
    fs::create_directories(folder / "by-id");
    const auto told = [&](const char* maker, const char* product, const char* id) {
        fs::remove_all(folder / "sys");
        fs::remove(folder / "by-id/usb-x_y_1-if00");
        fs::create_symlink("/dev/null", folder / "by-id/usb-x_y_1-if00");
        plug_in(folder / "sys", "1-1.4", "null", "1", maker, product, id);
        const auto d = scan({folder / "by-id", folder / "sys"})->devices.at(0);
        return std::string(name(d.usb.firmware)) + ":" + d.usb.mcu + ":" + d.usb.serial;
    };
    BOOST_TEST(told("Klipper", "stm32h723xx", "614e") == "klipper:stm32h723xx:1");
    BOOST_TEST(told("Kalico", "stm32h723xx", "614e") == "klipper:stm32h723xx:1"); // CONFIG_USB_MANUFACTURER
    BOOST_TEST(told("Kalico", "My Toolhead", "614e") == "klipper::1");            // and CONFIG_USB_PRODUCT
    BOOST_TEST(told("katapult", "rp2040", "6177") == "katapult:rp2040:1");
    BOOST_TEST(told("CanBoot", "stm32f446xx", "614e") == "katapult:stm32f446xx:1"); // before it had ids of its own
    BOOST_TEST(told("FTDI", "FT232R", "6001") == "other::");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace discover_test
