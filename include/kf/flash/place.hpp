// SPDX-License-Identifier: MIT
#pragma once
/// Where a flash works: the folders, programs and rights of this machine, or of a simulated one. tools/ fills it in
/// once; nothing below looks at argv, the environment or a configuration path.

#include <kf/board/board.hpp>
#include <kf/board/discover.hpp>
#include <kf/board/slug.hpp>
#include <kf/firmware/image.hpp>
#include <kf/firmware/make.hpp>
#include <kf/host/printer_activity.hpp>
#include <kf/host/right.hpp>
#include <kf/io/xdg_paths.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kf::flash {

namespace fs = std::filesystem;

/// Below place::state while services are stopped: their names, one in a line.
inline constexpr const char* journal_name = "stopped-units";

/// Who may stop and start these services where the person has no right to systemd. Empty: nobody else is asked.
using right_source = std::function<result<host::right>(const host::service_question&)>;

enum class own_right { looked_for, needless, none };

struct place {
    board::device_folders devices = {};
    fs::path proc = "/proc";
    fs::path home;                                  ///< what ~ means in devices.json
    fs::path registry_file, configs, builds, state; ///< devices.json, configs/, OUT folders, journal and ledger
    std::vector<std::string> systemctl = {"systemctl"};
    bool simulated = false;                ///< the guardian is a child, and systemctl is ksim's
    own_right own = own_right::looked_for; ///< of the person, to services
    bool is_root = false;
    seconds service_timeout = 30;
    std::optional<io::user_ids> build_as = {}; ///< under sudo: the calling user
    std::string user = {};                     ///< who runs us, for the guardian's unit
    fs::path compiler_cache = {};              ///< a folder for ccache; empty: there is no ccache
    std::string self = {};                     ///< our own program, for the guardian that is a child
    host::second_source moonraker = {};        ///< who else can say what the printer does, and runs
    right_source other_right = {};

    [[nodiscard]] fs::path lock() const { return state / "flash.lock"; }
    [[nodiscard]] fs::path journal() const { return state / journal_name; }
    [[nodiscard]] fs::path ledger() const { return state / "ledger.jsonl"; }
    [[nodiscard]] fs::path images() const { return state / "images"; }
    [[nodiscard]] fs::path klipper_dir(const board::flash_settings& s) const {
        return io::expand_home(s.klipper_dir, home);
    }
    [[nodiscard]] fs::path katapult_dir(const board::flash_settings& s) const {
        return io::expand_home(s.katapult_dir, home);
    }
};

/// Where a board is built; `who`: what a second run is told.
[[nodiscard]] inline firmware::build_site site_of(const place& at, const board::flash_settings& settings,
                                                  const board::board& board, const std::string& who) {
    // A key of the original may have blanks in it, which make cannot take: such a folder gets a name of its own.
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    std::string folder = board.key;
    if (folder.find_first_not_of(plain) != std::string::npos || folder.front() == '.')
        folder = board::slug(board.key) + "+" + firmware::sha256_hex(board.key).substr(0, 8);
    return {at.klipper_dir(settings), at.builds / folder, who, at.build_as};
}

} // namespace kf::flash
