// SPDX-License-Identifier: MIT
#pragma once
/// Running somebody else's flasher: left alone from its first sign of writing, ended only after long silence, its
/// progress shown. It holds the guardian's pipe, so that the service does not come back under it.

#include <kf/flash/method.hpp>
#include <kf/io/line_tail.hpp>

#include <fmt/format.h>

#include <pwd.h>

#include <string>
#include <string_view>

namespace kf::flash {

struct external_outcome {
    io::run_outcome run;
    io::line_tail tail{};
    bool wrote = false; ///< it had begun to write
};

/// Signs of writing, as flashtool.py, dfu-util, avrdude, rp2040_flash and hid-flash print them.
[[nodiscard]] inline bool is_sign_of_writing(std::string_view text) {
    for (const std::string_view sign : {"[#", "##", "Flashing '", "Erase ", "Erasing", "Download\t", "Downloading",
                                        "Writing", "writing", "Loaded UF2", "[=", "Flashing Page"})
        if (text.find(sign) != std::string_view::npos) return true;
    return false;
}

/// Under sudo a flasher out of a person's folder runs as that person: can it open the port?
template<io::process_runner Runner>
[[nodiscard]] result<void> may_open_port(Runner& runner, const write_job& job) {
    const auto* trail = trail_on_usb(job);
    if (trail == nullptr || !job.run_as || trail->start.path.empty()) return {};
    const auto port = trail->start.path.string();
    const auto looked = io::run_and_capture(
        runner, io::command{.argv = {"test", "-r", port, "-a", "-w", port}, .run_as = job.run_as}, 10);
    if (looked && looked->first.status == 0) return {};
    const passwd* user = ::getpwuid(job.run_as->uid);
    const std::string name = user != nullptr ? user->pw_name : std::to_string(job.run_as->uid);
    return kf::fail(error{errc::refused,
                          fmt::format("{} may not open {}", name, trail->start.file_name),
                          "this method runs a program of that user's folder, as that user and not as root",
                          {},
                          {"sudo usermod -aG dialout " + name, "log out and in, then run this again"}});
}

template<io::process_runner Runner, sink Sink>
[[nodiscard]] result<external_outcome> run_flasher(Runner& runner, io::command command, const write_job& job,
                                                   Sink& out) {
    external_outcome outcome;
    command.keep_open = job.keep_open;
    io::line_splitter lines;
    std::string recent; // a sign may come in two chunks
    std::uint64_t marks = 0;
    const auto on_line = [&](std::string_view line) {
        outcome.tail.add(line);
        out.detail(line);
    };
    io::run_limits limits{.total = job.timeout,
                          .held =
                              [&] {
                                  // Some flashers print nothing until they end: a board that has left Klipper
                                  // and Katapult is in the hands of one.
                                  if (!outcome.wrote && !find_node(job, board::usb_firmware::klipper) &&
                                      !find_node(job, board::usb_firmware::katapult))
                                      outcome.wrote = true;
                                  return outcome.wrote;
                              },
                          .silence_while_held = job.silence};
    auto ran = runner.run(command, limits, [&](std::string_view chunk) {
        recent.append(chunk);
        if (recent.size() > 256) recent.erase(0, recent.size() - 256);
        if (!outcome.wrote && is_sign_of_writing(recent)) {
            outcome.wrote = true;
            out.step(phase::flash, "the flasher writes: it is left to finish, whatever happens");
        }
        for (const char c : chunk) marks += c == '#' ? 1 : 0;
        if (marks > 0) out.progress({phase::flash, std::min<std::uint64_t>(marks, 100), 100, "%", 0});
        lines.feed(chunk, on_line);
    });
    lines.finish(on_line);
    if (!ran) {
        error e = std::move(ran).error();
        if (outcome.wrote) {
            e.code = errc::half_written;
            e.cause = "it had begun to write: the board is half written";
            e.steps = half_written_steps();
        } else if (e.code == errc::timeout) {
            e.code = errc::flash_failed;
            e.cause = "nothing was written";
        }
        e.output = outcome.tail.last();
        return kf::fail(std::move(e));
    }
    outcome.run = *ran;
    return outcome;
}

} // namespace kf::flash
