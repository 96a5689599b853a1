// SPDX-License-Identifier: MIT
#pragma once
/// Level 1: whether Klipper can be talked to. Nothing moves, and no state of the printer is needed: it also tells what
/// is wrong with one that has stopped.

#include <kf/cal/level_table.hpp>
#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/io/unix_socket.hpp>
#include <kf/klippy/client.hpp>
#include <kf/klippy/status.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::cal {

namespace json = boost::json;

class connection_level {
    std::string socket_;
    io::duration patience_;
    std::optional<klippy::client<io::unix_socket>> link_;

    [[nodiscard]] io::time_point soon() const { return std::chrono::steady_clock::now() + patience_; }
    [[nodiscard]] result<void> linked() const {
        if (link_ && link_->connected()) return {};
        return kf::fail(errc::refused, "there is no connection");
    }

    [[nodiscard]] result<verdict> socket_is_there() const {
        std::error_code ec;
        const auto type = std::filesystem::status(socket_, ec).type();
        if (type == std::filesystem::file_type::socket) return verdict_of(true, socket_);
        return verdict_of(false,
                          type == std::filesystem::file_type::not_found
                              ? fmt::format("there is nothing at {}: is Klipper started with -a {}?", socket_, socket_)
                              : fmt::format("{} is no socket", socket_));
    }
    [[nodiscard]] result<verdict> connects() {
        auto link = io::unix_socket::connect(socket_, soon());
        if (!link) return verdict_of(false, link.error().what);
        link_.emplace(*std::move(link));
        return verdict_of(true, "connected");
    }
    [[nodiscard]] result<verdict> tells_who_it_is() {
        KF_CHECK(linked());
        KF_TRY(const auto info, link_->info(soon()));
        const bool up = info.state == klippy::printer_state::ready || info.state == klippy::printer_state::startup;
        return verdict_of(up, fmt::format("{}, {}{}", klippy::name(info.state), info.software_version,
                                          up ? "" : ": " + std::string(klippy::first_line(info.message))));
    }
    [[nodiscard]] result<verdict> tells_its_state() {
        KF_CHECK(linked());
        KF_TRY(const auto now, link_->query({{"webhooks", json::array{"state"}}}, soon()));
        klippy::printer_status s;
        KF_CHECK(s.merge(now.status, now.eventtime));
        return verdict_of(s.webhooks.state != klippy::printer_state::unknown, klippy::name(s.webhooks.state));
    }
    [[nodiscard]] result<verdict> tells_its_place() {
        KF_CHECK(linked());
        KF_TRY(const auto now, link_->query({{"toolhead", json::array{"position", "homed_axes"}}}, soon()));
        klippy::printer_status s;
        KF_CHECK(s.merge(now.status, now.eventtime));
        if (!s.toolhead) return verdict_of(false, "there is no toolhead");
        const auto& at = s.toolhead->position;
        const std::string& homed = s.toolhead->homed_axes;
        const bool numbers = std::all_of(at.begin(), at.end(), [](double v) { return std::isfinite(v); });
        return verdict_of(numbers && homed.find_first_not_of("xyz") == std::string::npos,
                          fmt::format("{}, homed: {}", place_text(at), homed.empty() ? "nothing" : homed));
    }
    [[nodiscard]] result<verdict> shows_its_terminal() {
        KF_CHECK(linked());
        std::string heard;
        KF_CHECK(link_->subscribe_output([&](std::string_view text) { heard += text; }, soon()));
        const auto until = soon();
        KF_CHECK(link_->send_gcode("M115", klippy::barrier::processed, until));
        while (heard.empty() && std::chrono::steady_clock::now() < until)
            KF_CHECK(link_->pump(std::chrono::steady_clock::now() + std::chrono::milliseconds(50)));
        link_.reset(); // with the handler
        return verdict_of(!heard.empty(), heard.empty() ? "nothing came" : heard.substr(0, heard.find('\n')));
    }

  public:
    connection_level(std::string socket, io::duration patience)
      : socket_(std::move(socket))
      , patience_(patience) {}

    [[nodiscard]] result<verdict> operator()(const level_row& row) {
        result<verdict> seen = look(row.check);
        // A connection that breaks here is what this level is there to find.
        if (!seen && (seen.error().code == errc::connection_lost || seen.error().code == errc::timeout))
            return verdict_of(false, seen.error().what);
        return seen;
    }

  private:
    result<verdict> look(level_check check) {
        switch (check) {
        case level_check::socket: return socket_is_there();
        case level_check::connect: return connects();
        case level_check::info: return tells_who_it_is();
        case level_check::state: return tells_its_state();
        case level_check::position: return tells_its_place();
        default: return shows_its_terminal();
        }
    }
};

} // namespace kf::cal
