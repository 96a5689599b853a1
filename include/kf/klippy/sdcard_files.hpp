// SPDX-License-Identifier: MIT
#pragma once
/// Files that Klipper runs by itself (virtual_sdcard): list, start, pause, resume, cancel, progress. Klipper goes on
/// when we are gone. It answers some requests that did nothing with success, so what matters is looked up before and
/// after. A file has to end in M400 and a newline: only then complete means that the pen has stopped.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/status.hpp>
#include <kf/sink/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace kf::klippy {

struct gcode_file {
    std::string name; ///< relative to Klipper's directory, as start_file() wants it
    std::uintmax_t bytes = 0;
    bool operator==(const gcode_file&) const = default;
};

struct file_progress {
    job_state state = job_state::unknown;
    double read = 0;       ///< share of the file that Klipper has read, 0 to 1: 1 to 2 s ahead of the pen
    seconds duration = 0;  ///< pauses included
    std::string file_name; ///< "" when none is loaded
    std::string message;   ///< Klipper's reason when failed
};

/// Klipper takes .gcode, .g and .gco, in lower case only.
[[nodiscard]] inline bool has_gcode_extension(std::string_view file_name) noexcept {
    return file_name.ends_with(".gcode") || file_name.ends_with(".g") || file_name.ends_with(".gco");
}

/// What goes after FILENAME=, quotes included. errc::usage for a name that cannot be sent, or that Klipper can't open.
[[nodiscard]] inline result<std::string> quoted_file_name(std::string_view file_name) {
    const auto refuse = [&](std::string_view why, std::string step) {
        return kf::fail({errc::usage,
                         fmt::format("Klipper cannot run this file: {}", why),
                         "",
                         shown_command(file_name),
                         {std::move(step)}});
    };
    if (file_name.empty()) return refuse("its name is empty", "Give the file a name.");
    if (std::ranges::any_of(file_name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        return refuse("there is a control character in its name", "Rename the file.");
    if (!is_utf8(file_name)) return refuse("its name is not UTF-8", "Rename the file.");
    if (!has_gcode_extension(file_name))
        return refuse("its name does not end in .gcode", "Rename it so that it ends in .gcode, in lower case.");
    if (file_name == ".." || file_name.starts_with("../") || file_name.find("/../") != std::string_view::npos)
        return refuse("it is outside of the G-code directory", "Copy it into Klipper's G-code directory.");
    // Klipper splits words as a shell does: a backslash means something between double quotes, nothing between single.
    const bool needs_single = file_name.find_first_of("\"\\") != std::string_view::npos;
    if (needs_single && file_name.find('\'') != std::string_view::npos)
        return refuse("its name has both kinds of quotes", "Rename the file.");
    const char quote = needs_single ? '\'' : '"';
    return fmt::format("{}{}{}", quote, file_name, quote);
}

/// The files that Klipper can run, by name, subdirectories included.
[[nodiscard]] inline result<std::vector<gcode_file>> list_files(const std::filesystem::path& directory) {
    namespace fs = std::filesystem;
    std::error_code ec;
    auto at = fs::recursive_directory_iterator(
        directory, fs::directory_options::follow_directory_symlink | fs::directory_options::skip_permission_denied, ec);
    if (ec) {
        const bool none = ec == std::errc::no_such_file_or_directory;
        return kf::fail(
            {none ? errc::not_found : errc::io, fmt::format("cannot list {}: {}", directory.string(), ec.message())});
    }
    std::vector<gcode_file> out;
    for (; at != fs::recursive_directory_iterator(); at.increment(ec)) {
        if (ec) return kf::fail(errc::io, fmt::format("cannot list {}: {}", directory.string(), ec.message()));
        std::error_code gone; // a file may vanish while we list
        const std::string relative = at->path().lexically_relative(directory).string();
        if (at->path().filename().string().starts_with('.') || !at->is_regular_file(gone) ||
            !quoted_file_name(relative))
            continue;
        if (const auto size = at->file_size(gone); !gone) out.push_back({relative, size});
    }
    std::ranges::sort(out, {}, &gcode_file::name);
    return out;
}

namespace detail {

[[nodiscard]] inline json::object job_objects() {
    return {{"webhooks", json::array{"state", "state_message"}},
            {"toolhead", json::array{"homed_axes"}},
            {"print_stats", json::array{"state", "filename", "message", "total_duration"}},
            {"virtual_sdcard", json::array{"file_path", "progress", "is_active", "file_position", "file_size"}},
            {"pause_resume", json::array{"is_paused"}}};
}

} // namespace detail

/// What of Klipper's state concerns a file, asked now. errc::not_found when this printer cannot run files.
template<class Client>
[[nodiscard]] result<printer_status> job_status(Client& k, io::time_point until) {
    KF_TRY(const snapshot now, k.query(detail::job_objects(), until));
    printer_status s;
    KF_CHECK(s.merge(now.status, now.eventtime));
    if (!s.ready()) return kf::fail(api_error(s.webhooks.message, "objects/query"));
    if (!s.virtual_sdcard || !s.print_stats || !s.pause_resume)
        return kf::fail({errc::not_found,
                         "this printer cannot run files",
                         "its configuration lacks a section",
                         "printer.cfg",
                         {"Add [virtual_sdcard] and [pause_resume] to printer.cfg.", "Send RESTART."}});
    return s;
}

[[nodiscard]] inline file_progress progress(const printer_status& s) {
    file_progress p;
    p.state = s.job();
    if (s.virtual_sdcard) p.read = s.virtual_sdcard->progress;
    if (s.print_stats) {
        p.duration = s.print_stats->total_duration;
        p.file_name = s.print_stats->filename;
        p.message = s.print_stats->message;
    }
    return p;
}

/// Starts a file of Klipper's directory. A running or paused job is errc::busy; a pause left over from none is cleared.
/// On success the job has begun, or is over already: Klipper was asked after the start, since a subscription never
/// shows a job of less than 250 ms.
template<class Client>
[[nodiscard]] result<file_progress> start_file(Client& k, std::string_view file_name, io::time_point until) {
    KF_TRY(const std::string quoted, quoted_file_name(file_name));
    KF_TRY(const printer_status before, job_status(k, until));
    if (before.virtual_sdcard->is_active || before.job() == job_state::printing || before.job() == job_state::paused)
        return kf::fail({errc::busy,
                         fmt::format("{} is {}", before.print_stats->filename, name(before.job())),
                         "",
                         "SDCARD_PRINT_FILE",
                         {"Wait for it, or cancel it first."}});
    const std::string_view clear = before.pause_resume->is_paused ? "CLEAR_PAUSE\n" : "";
    KF_CHECK(k.send_gcode(fmt::format("{}SDCARD_PRINT_FILE FILENAME={}", clear, quoted), barrier::processed, until));
    KF_TRY(printer_status after, job_status(k, until));
    // Klipper has taken the file and not yet begun with it: standby for a moment, when the machine is busy.
    while (after.job() == job_state::none && after.virtual_sdcard->is_active && k.clock().now() < until) {
        KF_TRY(after, job_status(k, until));
    }
    if (after.job() == job_state::none)
        return kf::fail({errc::failed, fmt::format("Klipper did not start {}", file_name), "", "SDCARD_PRINT_FILE"});
    return progress(after);
}

/// `script` begins with the command that pauses; what follows it runs at once behind the motion that was planned, so a
/// lift there leaves the pen no time to rest on the paper. Returns when the motion has stopped, 1 to 2.5 s after the
/// request. errc::refused when no file runs, or when it came to its end first.
template<class Client>
[[nodiscard]] result<void> pause_file(Client& k, std::string_view script, io::time_point until) {
    KF_TRY(const printer_status before, job_status(k, until));
    if (before.job() == job_state::paused) return {};
    if (before.job() != job_state::printing) // PAUSE would mark the printer as paused all the same
        return kf::fail({errc::refused, "no file is running", "", "PAUSE"});
    KF_CHECK(k.send_gcode(script, barrier::motion_end, until));
    KF_TRY(const printer_status after, job_status(k, until));
    if (after.job() == job_state::paused) return {};
    // The file ended just before: a pause of nothing would be in the way of the next one.
    if (after.pause_resume->is_paused) KF_CHECK(k.send_gcode("CLEAR_PAUSE", barrier::processed, until));
    return kf::fail({errc::refused, "the file came to its end before the pause", {}, "PAUSE"});
}

/// `command` is Klipper's RESUME: it returns to where it paused in one straight line, Z included, so be above that
/// point first. Refused when there is no pause, or when the motors went off meanwhile (idle_timeout), which Klipper
/// would answer with success.
template<class Client>
[[nodiscard]] result<void> resume_file(Client& k, std::string_view command, io::time_point until) {
    KF_TRY(const printer_status before, job_status(k, until));
    if (before.job() != job_state::paused)
        return kf::fail({errc::refused, "no file is paused",
                         before.job() == job_state::stalled ? "Klipper stopped reading it and cannot go on" : "",
                         "RESUME"});
    if (before.homed("xyz") != true)
        return kf::fail({errc::refused,
                         "the machine is not homed any more",
                         "the motors go off after a while without motion (idle_timeout)",
                         "RESUME",
                         {"Cancel the job, home, and start again from where it stopped."}});
    return k.send_gcode(command, barrier::processed, until);
}

/// Returns when the motion has stopped. `command` is Klipper's CANCEL_PRINT, or the name under which it is reached.
template<class Client>
[[nodiscard]] result<void> cancel_file(Client& k, std::string_view command, io::time_point until) {
    return k.send_gcode(command, barrier::motion_end, until);
}

} // namespace kf::klippy
