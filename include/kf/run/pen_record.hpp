// SPDX-License-Identifier: MIT
#pragma once
/// What has to be remembered of the pen between two runs, one small file for each printer: that it may be down (a run
/// began and its end was not seen), and where a paused file left it. Klipper itself knows none of this after a restart.

#include <kf/io/atomic_file.hpp>
#include <kf/io/decimal.hpp>
#include <kf/klippy/objects.hpp>
#include <kf/klippy/socket_lock.hpp>
#include <kf/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace kf::run {

class pen_record {
    std::filesystem::path file_;
    std::string doubt_;
    std::optional<klippy::xyz> pause_;

    [[nodiscard]] result<void> store() const {
        if (doubt_.empty() && !pause_) return io::remove_file(file_);
        std::string text;
        if (!doubt_.empty()) text += "pen-may-be-down " + doubt_ + "\n";
        if (pause_)
            text += fmt::format("paused-at {} {} {}\n", io::to_decimal((*pause_)[0]), io::to_decimal((*pause_)[1]),
                                io::to_decimal((*pause_)[2]));
        return io::write_file(file_, text);
    }

  public:
    /// Of the printer behind `socket`, in `folder`. A file that cannot be read or understood is a doubt.
    pen_record(const std::filesystem::path& folder, const std::filesystem::path& socket) {
        file_ = folder / ("pen" + klippy::socket_in_a_name(socket));
        const auto text = io::read_file(file_, 4096);
        if (!text) {
            if (text.error().code != errc::not_found) doubt_ = "the record of the pen cannot be read";
            return;
        }
        std::istringstream lines(*text);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string key, x, y, z;
            words >> key;
            if (key == "pen-may-be-down") {
                doubt_ = line.substr(std::min(line.size(), key.size() + 1));
                if (doubt_.empty()) doubt_ = "a run did not end";
            } else if (key == "paused-at" && words >> x >> y >> z) {
                const auto px = io::parse_decimal(x), py = io::parse_decimal(y), pz = io::parse_decimal(z);
                constexpr mm nowhere = 1e6; // no machine is a kilometre long
                if (px && py && pz && std::max({std::abs(*px), std::abs(*py), std::abs(*pz)}) < nowhere)
                    pause_ = klippy::xyz{*px, *py, *pz};
                else
                    doubt_ = "the record of the pen cannot be read";
            } else
                doubt_ = "the record of the pen cannot be read";
        }
    }

    /// Why the pen may be down; empty when nothing speaks for it.
    [[nodiscard]] const std::string& doubt() const noexcept { return doubt_; }
    /// Written before anything lowers the pen.
    [[nodiscard]] result<void> may_be_down(std::string_view why) {
        doubt_ = std::string(why.substr(0, why.find('\n')));
        return store();
    }
    /// The pen was seen up, or a person says so.
    [[nodiscard]] result<void> is_up() {
        if (doubt_.empty()) return {};
        doubt_.clear();
        return store();
    }

    /// Where a paused file goes on.
    [[nodiscard]] const std::optional<klippy::xyz>& pause_point() const noexcept { return pause_; }
    [[nodiscard]] result<void> set_pause_point(std::optional<klippy::xyz> at) {
        if (pause_ == at) return {};
        pause_ = at;
        return store();
    }
};

} // namespace kf::run
