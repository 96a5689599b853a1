// SPDX-License-Identifier: MIT
#pragma once
/// That the gantry was set square by moving its second X motor alone, one small file for each printer beside the record
/// of the pen. The motors hold it: it is forgotten as soon as the machine is seen without all its references, which
/// Klipper drops when the motors go off (M84, idle_timeout), when it restarts and after a stop.

#include <kf/io/atomic_file.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace kf::run {

class square_record {
    std::filesystem::path file_;
    std::string text_;

  public:
    /// Of the printer behind `socket`, in `folder`. A file that cannot be read says nothing: then it is not known.
    square_record(const std::filesystem::path& folder, const std::filesystem::path& socket) {
        std::error_code ec;
        std::string name = std::filesystem::weakly_canonical(socket, ec).string();
        for (char& c : name)
            if (c == '/') c = '%';
        file_ = folder / ("square" + name);
        if (const auto text = io::read_file(file_, 4096)) text_ = text->substr(0, text->find('\n'));
    }

    /// What was done, and when; empty when nothing holds.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] result<void> set(std::string_view what) {
        text_ = std::string(what.substr(0, what.find('\n')));
        return io::write_file(file_, text_ + "\n");
    }
    /// As far as `homed_axes` of now say that the motors went off since.
    [[nodiscard]] result<void> hold_against(std::string_view homed_axes) {
        for (const char axis : {'x', 'y', 'z'})
            if (homed_axes.find(axis) == std::string_view::npos) return forget();
        return {};
    }
    [[nodiscard]] result<void> forget() {
        if (text_.empty()) return {};
        text_.clear();
        return io::remove_file(file_);
    }
};

} // namespace kf::run
