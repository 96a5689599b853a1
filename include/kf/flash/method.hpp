// SPDX-License-Identifier: MIT
#pragma once
/// The flash_method policy: how a pinned image gets into one board.
///
/// | expression              | meaning                                             | guarantees | |
/// ----------------------- | --------------------------------------------------- |
/// ---------------------------------------------- | | M::method               | its board::flash_method | constant | |
/// m.needs(job)            | are its tools there, does it take this image          | offline, before anything stops |
/// | m.plan(job)             | what it will do, command by command                   | pure; what --dry-run prints | |
/// m.write(job, sink)      | write exactly job.image into exactly job.board        | a progress report, the wrote()
/// below is true   | | m.wrote()               | how far it came                                       | nothing: the
/// old firmware is intact            |
///
/// A method never writes anything but the pinned image, proves what the bootloader tells before the first block, and
/// never starts an application that it could not verify. Models: katapult, katapult_script, make_flash.

#include <kf/board/board.hpp>
#include <kf/firmware/image.hpp>
#include <kf/flash/device_watch.hpp>
#include <kf/io/process.hpp>
#include <kf/sink.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <vector>

namespace kf::flash {

enum class written { nothing, some, all };

struct write_job {
    const firmware::image* image = nullptr;
    fs::path image_file = {};  ///< the pinned copy, in a folder of its own, under Klipper's file name
    std::string mcu = {};      ///< CONFIG_MCU of its configuration
    std::uint64_t start = 0;   ///< CONFIG_FLASH_APPLICATION_ADDRESS
    bool has_katapult = false; ///< it was seen in Katapult, now or earlier
    device_watch watch = {};   ///< the board, as it was found
    fs::path proc = "/proc";
    fs::path klipper_dir = {}, katapult_dir = {};
    fs::path out_dir = {}, config = {}; ///< of the build: what `make flash` is pointed at
    std::vector<int> keep_open = {};    ///< the guardian's pipe: an external flasher holds it
    seconds timeout = 60;               ///< to the first write; a flasher that writes may go on
    seconds silence = 120;              ///< and is ended after so long without a word
};

/// The board with `firmware`, if it is there now.
[[nodiscard]] inline std::optional<board::device> find_node(const write_job& job, board::usb_firmware firmware) {
    return find_node(job.watch, firmware);
}

template<class M, class S = silent_sink>
concept flash_method = requires(M& m, const write_job& job, S& s) {
    { M::method } -> std::convertible_to<board::flash_method>;
    { m.needs(job) } -> std::same_as<result<void>>;
    { m.plan(job) } -> std::same_as<std::vector<std::string>>;
    { m.write(job, s) } -> std::same_as<result<void>>;
    { m.wrote() } -> std::same_as<written>;
};

/// The steps for a board that holds no whole firmware.
[[nodiscard]] inline std::vector<std::string> half_written_steps() {
    return {"keep the board powered and run the same command again",
            "if it is not found: press its reset button twice (Katapult) or hold BOOT while you plug it in",
            "kflash list shows under which name it is there"};
}

/// The last lines that a program printed, for the error of its failure.
class output_tail {
  public:
    explicit output_tail(std::size_t most)
      : most_(most) {}
    void add(std::string_view line) {
        if (line.find_first_not_of(" \t") == std::string_view::npos) return;
        lines_.emplace_back(line);
        if (lines_.size() > most_) lines_.erase(lines_.begin());
    }
    [[nodiscard]] std::string text() const {
        std::string all;
        for (const auto& l : lines_) all += (all.empty() ? "" : "\n") + l;
        return all;
    }
    [[nodiscard]] bool has(std::string_view part) const {
        for (const auto& l : lines_)
            if (l.find(part) != std::string::npos) return true;
        return false;
    }

  private:
    std::size_t most_;
    std::vector<std::string> lines_;
};

} // namespace kf::flash
