// SPDX-License-Identifier: MIT
#pragma once
/// What is plugged in now: one look at /dev/serial/by-id, and at sysfs for what the kernel knows of each device. Only
/// names are read here; no device is opened.

#include <kf/board/usb_name.hpp>
#include <kf/error.hpp>
#include <kf/io/unique_fd.hpp>

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
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
    std::string port = {}; ///< "1-1.4": the socket that it is plugged into
    unsigned twins = 0;    ///< other USB devices with this product and serial: by-id can show only one of them

    bool operator==(const usb_facts&) const = default;
};

struct device {
    std::string file_name;          ///< "usb-Klipper_stm32h723xx_29001A00-if00"
    std::filesystem::path path;     ///< the link, stable over re-plugging; what is opened and what people see
    std::filesystem::path resolved; ///< the real node, /dev/ttyACM0: two names of one node are one device
    usb_name usb = {};
    usb_facts facts = {};
    link_stamp stamp = {};
};

struct skipped_entry {
    std::string file_name;
    std::string why;

    bool operator==(const skipped_entry&) const = default;
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
    for (int up = 0; up < 3 && is_inside(folder, root) && !fs::exists(folder / "idVendor", ec); ++up)
        folder = folder.parent_path();
    if (!is_inside(folder, root) || !fs::exists(folder / "idVendor", ec)) return facts;
    facts.vendor_id = sysfs_attribute(folder / "idVendor");
    facts.product_id = sysfs_attribute(folder / "idProduct");
    facts.manufacturer = sysfs_attribute(folder / "manufacturer");
    facts.product = sysfs_attribute(folder / "product");
    facts.serial = sysfs_attribute(folder / "serial");
    facts.port = folder.filename().string();
    if (facts.serial.empty()) return facts;
    for (fs::directory_iterator it(root / "bus/usb/devices", ec), end; !ec && it != end; it.increment(ec))
        if (it->path().filename() != facts.port && sysfs_attribute(it->path() / "serial") == facts.serial &&
            sysfs_attribute(it->path() / "product") == facts.product)
            ++facts.twins;
    return facts;
}

} // namespace detail

/// Looks into `by_id`. No such folder means that no serial device is plugged in: an empty result, no error. An empty
/// `sysfs_root` (else "/sys") leaves the facts out.
[[nodiscard]] inline result<scan_result> scan(const std::filesystem::path& by_id,
                                              const std::filesystem::path& sysfs_root = {}) {
    scan_result found;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(by_id.c_str()), ::closedir);
    if (!folder) {
        if (errno == ENOENT) return found;
        return kf::fail(io::system_error("cannot read " + by_id.string()));
    }
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        const auto path = by_id / name;
        struct stat link{}, node{};
        if (::lstat(path.c_str(), &link) != 0) continue; // unplugged while we looked
        std::error_code ec;
        auto resolved = std::filesystem::canonical(path, ec);
        if (ec || ::stat(resolved.c_str(), &node) != 0) {
            found.skipped.push_back({name, "it points to nothing: the device has just gone"});
            continue;
        }
        if (!S_ISCHR(node.st_mode)) {
            found.skipped.push_back({name, "it does not point to a device"});
            continue;
        }
        device d{name, path, std::move(resolved), parse_usb_name(name)};
        d.stamp = {link.st_ino, std::int64_t{link.st_ctim.tv_sec} * 1'000'000'000 + link.st_ctim.tv_nsec};
        if (!sysfs_root.empty()) d.facts = detail::read_usb_facts(sysfs_root, d.resolved.filename().string());
        found.devices.push_back(std::move(d));
    }
    std::ranges::sort(found.devices, {}, &device::file_name);
    std::ranges::sort(found.skipped, {}, &skipped_entry::file_name);
    return found;
}

} // namespace kf::board
