// SPDX-License-Identifier: MIT
#pragma once
/// Services by Moonraker's word, for a person who has no right to systemd: Moonraker may stop and start what its
/// moonraker.asvc lists. It answers before the job is done, so whoever asks looks afterwards.

#include <kf/moonraker/moonraker_client.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kf::moonraker {

/// "klipper.service" as Moonraker calls it.
[[nodiscard]] inline std::string service_name(std::string_view unit) {
    if (unit.ends_with(".service")) unit.remove_suffix(8);
    return std::string(unit);
}

[[nodiscard]] inline std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (io::is_letter(c) || io::is_digit(c) || c == '-' || c == '_' || c == '.')
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return out;
}

/// `verb`: "stop" or "start".
template<http_exchange E>
[[nodiscard]] result<void> ask_service(moonraker_client<E>& client, std::string_view verb, std::string_view unit,
                                       io::time_point until) {
    KF_CHECK(client.post(fmt::format("/machine/services/{}?service={}", verb, percent_encoded(service_name(unit))), {},
                         until));
    return {};
}

/// Whether Moonraker can bring all of them back. Each that runs is asked to be started, which changes nothing and needs
/// what a start after the stop will need. One that is owed a start is down already: nothing is taken away from it, and
/// the flash that stopped it had this proof. errc::refused with the reason. `asked`: names of units in .units, and of
/// them .running and .owed, as host::service_question has them.
template<http_exchange E, class Services>
[[nodiscard]] result<void> prove_services(moonraker_client<E>& client, const Services& asked, io::time_point until) {
    KF_TRY(const auto answer, client.get("/machine/system_info", until));
    const auto& info = io::object_at(io::as_object(answer), "system_info");
    const auto own = io::text_at(io::object_at(info, "instance_ids"), "moonraker");
    std::vector<std::string> allowed;
    for (const auto& word : io::array_at(info, "available_services"))
        if (auto name = io::value_as<std::string>(word)) allowed.push_back(*std::move(name));
    for (const auto& unit : asked.units) {
        const auto name = service_name(unit);
        if (name == own)
            return kf::fail({errc::refused, fmt::format("Moonraker itself ({}) would be stopped", unit),
                             "nobody would be left to start the services again"});
        if (std::ranges::find(allowed, name) == allowed.end())
            return kf::fail({errc::refused,
                             fmt::format("Moonraker may not stop and start {}", unit),
                             "it is not among its available services",
                             {},
                             {fmt::format("add {} to moonraker.asvc, and restart Moonraker", name)}});
    }
    if (asked.running.empty() && asked.owed.empty())
        return kf::fail(errc::refused, "nothing runs that would show whether Moonraker may start it");
    for (const auto& unit : asked.running) KF_CHECK(ask_service(client, "start", unit, until));
    return {};
}

} // namespace kf::moonraker
