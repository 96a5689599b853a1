// SPDX-License-Identifier: MIT
#pragma once
/// What the kernel and udev show of a simulated USB device: its strings and ids below sysfs, its tty there, and its
/// names in by-id and by-path. As much as flashtool.py, klippy and kf read of a real one. A PTY's tty is called by the
/// last part of its node: /dev/pts/3 is class/tty/3.

#include <kf/board/usb_name.hpp>
#include <kf/error.hpp>
#include <kf/io/atomic_file.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace kf::sim {

struct usb_strings {
    std::string vendor_id = "1d50", product_id = "614e";
    std::string manufacturer = "Klipper", product = {}, serial = {};

    bool operator==(const usb_strings&) const = default;
};

[[nodiscard]] inline std::string by_id_name(const usb_strings& usb) {
    return board::by_id_name(usb.manufacturer, usb.product, usb.serial);
}

/// A serial number on a command line, where "none" is none.
[[nodiscard]] inline std::string said_serial(std::string text) { return text == "none" ? std::string{} : text; }

/// Where a device is plugged in and where that is shown.
struct usb_socket {
    std::filesystem::path by_id;
    std::filesystem::path sysfs = {}; ///< empty: only by-id is shown
    std::string port = {};            ///< "1-1.4"; empty: only by-id is shown

    [[nodiscard]] bool has_port() const { return !sysfs.empty() && !port.empty(); }
    /// "platform-kf-usb-0:1.4:1.0"
    [[nodiscard]] std::filesystem::path by_path() const {
        const auto dash = port.find('-');
        return by_id.parent_path() / "by-path" / fmt::format("platform-kf-usb-0:{}:1.0", port.substr(dash + 1));
    }
};

class usb_tree {
  public:
    explicit usb_tree(usb_socket socket)
      : socket_(std::move(socket)) {
        if (!socket_.has_port()) return;
        root_ = socket_.sysfs;
        device_ = root_ / "devices/platform/kf/usb1" / socket_.port;
        in_bus_ = root_ / "bus/usb/devices" / socket_.port;
    }

    /// Shows the device at `node`; the names come last, as udev makes them when the kernel is done.
    [[nodiscard]] result<void> show(const usb_strings& usb, const std::filesystem::path& node) {
        hide();
        node_ = node;
        if (socket_.has_port()) {
            const auto interface = device_ / (socket_.port + ":1.0");
            KF_CHECK(io::make_directories(interface));
            for (const auto& [name, value] : {std::pair{"idVendor", &usb.vendor_id},
                                              {"idProduct", &usb.product_id},
                                              {"manufacturer", &usb.manufacturer},
                                              {"product", &usb.product},
                                              {"serial", &usb.serial}})
                if (!value->empty()) std::ofstream(device_ / name) << *value << '\n';
            tty_ = root_ / "class/tty" / node.filename();
            KF_CHECK(io::make_directories(tty_));
            KF_CHECK(link(interface, tty_ / "device"));
            KF_CHECK(io::make_directories(in_bus_.parent_path()));
            KF_CHECK(link(device_, in_bus_));
            KF_CHECK(io::make_directories(socket_.by_path().parent_path()));
            KF_CHECK(link(node, socket_.by_path()));
        }
        KF_CHECK(io::make_directories(socket_.by_id));
        name_ = socket_.by_id / by_id_name(usb);
        return link(node, name_);
    }

    /// The device leaves. A name that another board of the same serial number has taken over is that board's.
    void hide() {
        std::error_code ignored;
        if (!name_.empty() && std::filesystem::read_symlink(name_, ignored) == node_)
            std::filesystem::remove(name_, ignored);
        name_.clear();
        hide_port();
    }

    /// The name in by-id stays behind although the device has left (a fault); sysfs is the kernel's and never lies.
    void leave_name_behind() {
        name_.clear();
        hide_port();
    }

    /// What an earlier, killed run of this board left.
    void sweep(const std::vector<usb_strings>& faces) {
        std::error_code ignored;
        std::vector<std::filesystem::path> stale;
        if (socket_.has_port()) {
            const auto was = std::filesystem::read_symlink(socket_.by_path(), ignored);
            for (std::filesystem::directory_iterator it(root_ / "class/tty", ignored), end; !ignored && it != end;
                 it.increment(ignored)) {
                std::error_code gone;
                if (std::filesystem::read_symlink(it->path() / "device", gone).parent_path() == device_)
                    stale.push_back(it->path());
            }
            for (const auto& path : stale) std::filesystem::remove_all(path, ignored);
            for (const auto& face : faces)
                if (const auto name = socket_.by_id / by_id_name(face);
                    std::filesystem::read_symlink(name, ignored) == was || !std::filesystem::exists(name, ignored))
                    std::filesystem::remove(name, ignored);
            hide_port();
            return;
        }
        for (const auto& face : faces) std::filesystem::remove(socket_.by_id / by_id_name(face), ignored);
    }

  private:
    void hide_port() {
        if (!socket_.has_port()) return;
        std::error_code ignored;
        std::filesystem::remove(socket_.by_path(), ignored);
        std::filesystem::remove(in_bus_, ignored);
        if (!tty_.empty()) std::filesystem::remove_all(tty_, ignored);
        std::filesystem::remove_all(device_, ignored);
        tty_.clear();
    }

    /// Made anew in one step, as udev does it. By a name of this board's own: a twin may make the same link at once.
    [[nodiscard]] result<void> link(const std::filesystem::path& to, const std::filesystem::path& at) const {
        const auto made = at.parent_path() / fmt::format(".#{}.{}", at.filename().string(), node_.filename().string());
        std::error_code failed;
        std::filesystem::remove(made, failed);
        std::filesystem::create_symlink(to, made, failed);
        if (!failed) std::filesystem::rename(made, at, failed);
        if (failed) return kf::fail(errc::io, "cannot link " + at.string() + ": " + failed.message());
        return {};
    }

    usb_socket socket_;
    std::filesystem::path root_, device_, in_bus_, tty_, name_, node_;
};

} // namespace kf::sim
