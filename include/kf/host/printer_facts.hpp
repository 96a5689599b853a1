// SPDX-License-Identifier: MIT
#pragma once
/// What a klippy knows of its micro-controllers: which port each is on, which firmware answers there, and what klippy
/// itself thinks of that firmware. A source of facts only, asked over its socket, or through Moonraker. Objects: "mcu",
/// "mcu <name>", "configfile" of https://www.klipper3d.org/Status_Reference.html.

#include <kf/host/klippy_survey.hpp>
#include <kf/host/print_guard.hpp>

#include <boost/json.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kf::host {

struct mcu_facts {
    std::string name;                 ///< "mcu", or "toolhead" of the section [mcu toolhead]
    std::string serial;               ///< the port of printer.cfg; empty on CAN
    std::string canbus_uuid;          ///< empty on a port
    fs::path port;                    ///< where that port leads to, when it is there
    std::string version;              ///< what its firmware calls itself; empty while nobody answered
    std::string build_versions, chip; ///< its compiler; its MCU constant
    std::string too_old;              ///< klippy's own warning that its firmware lacks something; empty without
    bool absent = false;              ///< Kalico: not critical, and not there
};

struct printer_facts {
    std::string version; ///< of klippy
    std::string state;   ///< ready, startup, shutdown, error
    std::vector<mcu_facts> mcus;
};

/// Somebody else who asks klippy for us: Moonraker. Empty: there is none to ask.
using second_facts = std::function<result<printer_facts>(io::duration patience)>;

/// Where its ports lead to, when they are there.
inline void follow_ports(printer_facts& facts) {
    for (auto& m : facts.mcus) {
        std::error_code ec;
        if (auto port = fs::canonical(m.serial, ec); !ec) m.port = std::move(port);
    }
}

/// Asks over an open connection. `call(method, params) -> result<json::value>`.
template<class Call>
[[nodiscard]] result<printer_facts> read_facts(Call&& call) {
    namespace json = boost::json;
    printer_facts facts;
    KF_TRY(const json::value info, call("info", json::object{}));
    facts.version = io::text_at(io::as_object(info), "software_version");
    facts.state = io::text_at(io::as_object(info), "state");
    KF_TRY(const json::value list, call("objects/list", json::object{}));
    json::object wanted{{"configfile", json::array{"settings", "warnings"}}};
    for (const auto& n : io::array_at(io::as_object(list), "objects"))
        if (const auto name = io::value_as<std::string_view>(n).value_or(""); name == "mcu" || name.starts_with("mcu "))
            wanted[name] = nullptr;
    KF_TRY(const json::value answer, call("objects/query", json::object{{"objects", wanted}}));
    const auto& status = io::object_at(io::as_object(answer), "status");
    const auto& configfile = io::object_at(status, "configfile");
    for (const auto& [key, value] : io::object_at(configfile, "settings")) {
        const std::string_view section = key;
        if (section != "mcu" && !section.starts_with("mcu ")) continue;
        const auto& set = io::as_object(value);
        const auto& is = io::object_at(status, section);
        mcu_facts m{.name = std::string(section == "mcu" ? section : section.substr(4)),
                    .serial = io::text_at(set, "serial"),
                    .canbus_uuid = io::text_at(set, "canbus_uuid"),
                    .port = {},
                    .version = io::text_at(is, "mcu_version"),
                    .build_versions = io::text_at(is, "mcu_build_versions"),
                    .chip = io::text_at(io::object_at(is, "mcu_constants"), "MCU"),
                    .too_old = {}};
        m.absent = io::value_at<bool>(is, "non_critical_disconnected").value_or(false);
        // What a non-critical one said before it went says nothing of now.
        if (m.absent) m.version.clear();
        for (const auto& w : io::array_at(configfile, "warnings")) {
            const auto& warning = io::as_object(w);
            if (io::text_at(warning, "type") == "deprecated_mcu_code" && io::text_at(warning, "mcu") == m.name)
                m.too_old = io::text_at(warning, "message");
        }
        facts.mcus.push_back(std::move(m));
    }
    return facts;
}

/// Over klippy's socket, within `patience`.
[[nodiscard]] inline result<printer_facts> ask_facts(const std::string& socket, io::duration patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    KF_TRY(auto connection, io::unix_socket::connect(socket, until));
    klippy::client<io::unix_socket> client(std::move(connection));
    KF_TRY(auto facts, read_facts([&](std::string_view method, const boost::json::object& params) {
               return client.call(method, params, until);
           }));
    follow_ports(facts);
    return facts;
}

} // namespace kf::host
