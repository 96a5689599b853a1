// SPDX-License-Identifier: MIT
#pragma once
/// What is plugged in now: one look at /dev/serial/by-id, at its sibling by-path, and at sysfs for what the kernel
/// knows of each device. by-id can show only one of two boards with one serial number, by-path shows both. Only names
/// are read here; no device is opened.

#include <kf/board/pattern.hpp>
#include <kf/board/usb_name.hpp>
#include <kf/error.hpp>
#include <kf/io/ascii.hpp>
#include <kf/io/unique_fd.hpp>

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kf::board {

/// Tells a link that was there all the time from one of the same name that was made anew.
struct link_stamp {
    std::uint64_t inode = 0;
    std::int64_t changed_ns = 0;

    bool operator==(const link_stamp&) const = default;
};

/// What sysfs says; all empty when no sysfs was given or the device is not on USB (a PTY of ksim).
struct usb_facts {
    std::string vendor_id = {}, product_id = {}; ///< "1d50", "614e"
    std::string manufacturer = {}, product = {}, serial = {};
    std::string port = {};                  ///< "1-1.4": the socket that it is plugged into
    std::optional<unsigned> interface = {}; ///< of the device's interfaces, the one that is this tty
    unsigned twins = 0; ///< other USB devices with this product and serial: by-id can show only one of them

    bool operator==(const usb_facts&) const = default;
};

struct device {
    std::string file_name;          ///< "usb-Klipper_stm32h723xx_29001A00-if00"; by-path where by-id is not its own
    std::filesystem::path path;     ///< the link, stable over re-plugging; what is opened and what people see
    std::filesystem::path resolved; ///< the real node, /dev/ttyACM0: two names of one node are one device
    usb_name usb = {};              ///< what sysfs says of it, or else what its name says
    usb_facts facts = {};
    std::string place = {}; ///< its name in /dev/serial/by-path: "platform-xhci-usb-0:1.4:1.0"
    link_stamp stamp = {};  ///< of its link in by-path, or else of `path`
};

struct skipped_entry {
    std::string file_name;
    std::string why;

    bool operator==(const skipped_entry&) const = default;
};

/// Where devices show up.
struct device_folders {
    std::filesystem::path by_id = "/dev/serial/by-id"; ///< by-path is beside it
    std::filesystem::path sysfs = "/sys";              ///< empty: nothing is known of ports

    [[nodiscard]] std::filesystem::path by_path() const { return by_id.parent_path() / "by-path"; }
};

struct scan_result {
    std::vector<device> devices = {};        ///< sorted by file name
    std::vector<skipped_entry> skipped = {}; ///< links to nothing, and what is no device
};

namespace detail {

/// One line of a sysfs attribute, empty when there is none.
[[nodiscard]] inline std::string sysfs_attribute(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

[[nodiscard]] inline bool is_inside(const std::filesystem::path& path, const std::filesystem::path& root) {
    const auto [end, unused] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
    return end == root.end();
}

/// From the tty's name to the USB device that it belongs to: class/tty/<tty>/device is the interface, the device with
/// its strings is one folder up.
[[nodiscard]] inline usb_facts read_usb_facts(const std::filesystem::path& sysfs_root, const std::string& tty) {
    namespace fs = std::filesystem;
    usb_facts facts;
    std::error_code ec;
    const auto root = fs::canonical(sysfs_root, ec);
    if (ec) return facts;
    auto folder = fs::canonical(sysfs_root / "class/tty" / tty / "device", ec);
    if (ec) return facts;
    const std::string interface = folder.filename().string(); // "1-1.4:1.0"
    if (const auto dot = interface.rfind('.');
        dot != std::string::npos && interface.rfind(':', dot) != std::string::npos)
        facts.interface = static_cast<unsigned>(std::strtoul(interface.c_str() + dot + 1, nullptr, 10));
    for (int up = 0; up < 3 && is_inside(folder, root) && !fs::exists(folder / "idVendor", ec); ++up)
        folder = folder.parent_path();
    if (!is_inside(folder, root) || !fs::exists(folder / "idVendor", ec)) return facts;
    facts.vendor_id = sysfs_attribute(folder / "idVendor");
    facts.product_id = sysfs_attribute(folder / "idProduct");
    facts.manufacturer = sysfs_attribute(folder / "manufacturer");
    facts.product = sysfs_attribute(folder / "product");
    facts.serial = sysfs_attribute(folder / "serial");
    facts.port = folder.filename().string();
    if (facts.serial.empty() && facts.product.empty()) return facts;
    for (fs::directory_iterator it(root / "bus/usb/devices", ec), end; !ec && it != end; it.increment(ec))
        if (it->path().filename() != facts.port && sysfs_attribute(it->path() / "serial") == facts.serial &&
            sysfs_attribute(it->path() / "product") == facts.product)
            ++facts.twins;
    return facts;
}

/// The entries of a folder of links to devices; no such folder is no entry.
template<class Take>
[[nodiscard]] result<void> each_link(const std::filesystem::path& folder, std::vector<skipped_entry>& skipped,
                                     Take&& take) {
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), ::closedir);
    if (!listing) {
        if (errno == ENOENT) return {};
        return kf::fail(io::system_error("cannot read " + folder.string()));
    }
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string name = entry->d_name;
        if (name.front() == '.') continue; // also ".#NAME", as which udev makes a link before it renames it to NAME
        const auto path = folder / name;
        struct stat link{}, node{};
        if (::lstat(path.c_str(), &link) != 0) continue; // unplugged while we looked
        std::error_code ec;
        auto resolved = std::filesystem::canonical(path, ec);
        if (ec || ::stat(resolved.c_str(), &node) != 0)
            skipped.push_back({name, "it points to nothing: the device has just gone"});
        else if (!S_ISCHR(node.st_mode))
            skipped.push_back({name, "it does not point to a device"});
        else
            take(name, path, std::move(resolved),
                 link_stamp{link.st_ino, std::int64_t{link.st_ctim.tv_sec} * 1'000'000'000 + link.st_ctim.tv_nsec});
    }
    return {};
}

} // namespace detail

/// What runs on a device, by its strings and then by its USB ids (1d50:614e Klipper, 1d50:6177 Katapult, as their
/// Kconfigs have them). The chip is the product string where that is a chip's name: Kalico lets a person choose it.
[[nodiscard]] inline usb_name told_by(const usb_facts& facts) {
    usb_name told;
    const auto maker = io::to_lower(facts.manufacturer);
    if (maker == "katapult" || maker == "canboot")
        told.firmware = usb_firmware::katapult;
    else if (maker == "klipper")
        told.firmware = usb_firmware::klipper;
    else if (facts.vendor_id == "1d50" && facts.product_id == "6177")
        told.firmware = usb_firmware::katapult;
    else if (facts.vendor_id == "1d50" && facts.product_id == "614e")
        told.firmware = usb_firmware::klipper;
    if (told.firmware == usb_firmware::other) return told;
    if (told.firmware == usb_firmware::katapult || is_chip_name(facts.product)) told.mcu = facts.product;
    told.serial = facts.serial;
    told.interface = facts.interface;
    return told;
}

/// Looks into the folders. No by-id folder means that no serial device is plugged in: an empty result, no error.
[[nodiscard]] inline result<scan_result> scan(const device_folders& at) {
    scan_result found;
    const auto facts_of = [&](const std::filesystem::path& node) {
        return at.sysfs.empty() ? usb_facts{} : detail::read_usb_facts(at.sysfs, node.filename().string());
    };
    KF_CHECK(detail::each_link(
        at.by_id, found.skipped, [&](const std::string& name, const auto& path, auto resolved, link_stamp stamp) {
            auto facts = facts_of(resolved);
            auto usb = facts.vendor_id.empty() ? parse_usb_name(name) : told_by(facts);
            found.devices.push_back({name, path, std::move(resolved), std::move(usb), std::move(facts), {}, stamp});
        }));
    std::vector<skipped_entry> unused; // by-id tells of them
    (void)detail::each_link(
        at.by_path(), unused, [&](const std::string& name, const auto& path, auto resolved, link_stamp stamp) {
            // Newer udev gives each device a second name with the speed of its port, as in -usbv2-.
            if (!is_place_name(name) || name.find("-usbv") != std::string::npos) return;
            bool known = false;
            for (auto& d : found.devices) {
                if (d.resolved != resolved) continue;
                known = true;
                d.place = name;
                d.stamp = stamp;
                if (d.facts.twins == 0) continue;
                // The by-id link of twins leads to one of them now and to the other one a moment later.
                d.file_name = name;
                d.path = path;
            }
            if (known) return;
            auto facts = facts_of(resolved);
            if (facts.vendor_id.empty()) return; // by its place alone nothing can be said of it
            auto usb = told_by(facts);
            found.devices.push_back({name, path, std::move(resolved), std::move(usb), std::move(facts), name, stamp});
        });
    std::ranges::sort(found.devices, {}, &device::file_name);
    std::ranges::sort(found.skipped, {}, &skipped_entry::file_name);
    return found;
}

} // namespace kf::board
