// SPDX-License-Identifier: MIT
#pragma once
/// What a klippy knows of its micro-controllers: which port each is on, which firmware answers there, and what klippy
/// itself thinks of that firmware. Part of the one question that is put to a klippy, host/printer_activity.hpp; pure
/// but for follow_ports(). Objects: "mcu", "mcu <name>", "configfile" of
/// https://www.klipper3d.org/Status_Reference.html.

#include <kf/io/json_fields.hpp>

#include <boost/json.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kf::host {

struct mcu_facts {
    std::string name;                 ///< "mcu", or "toolhead" of the section [mcu toolhead]
    std::string serial;               ///< the port of printer.cfg; empty on CAN
    std::string canbus_uuid;          ///< empty on a port
    std::filesystem::path port;       ///< where that port leads to, when it is there
    std::string version;              ///< what its firmware calls itself; empty while nobody answered
    std::string build_versions, chip; ///< its compiler; its MCU constant
    std::string too_old;              ///< klippy's own warning that its firmware lacks something; empty without
    bool absent = false;              ///< Kalico: not critical, and not there
};

[[nodiscard]] constexpr bool is_mcu(std::string_view object) noexcept {
    return object == "mcu" || object.starts_with("mcu ");
}

/// What is asked of a micro-controller, and of the configuration because of it.
[[nodiscard]] inline boost::json::array mcu_fields() {
    return {"mcu_version", "mcu_build_versions", "mcu_constants", "non_critical_disconnected"};
}
[[nodiscard]] inline boost::json::array config_fields() { return {"settings", "warnings"}; }

/// `status`: of the objects of the answer. Those of printer.cfg, in its order; what has another form says nothing.
[[nodiscard]] inline std::vector<mcu_facts> read_mcus(const boost::json::object& status) {
    std::vector<mcu_facts> all;
    const auto& configfile = io::object_at(status, "configfile");
    for (const auto& [key, value] : io::object_at(configfile, "settings")) {
        const std::string_view section = key;
        if (!is_mcu(section)) continue;
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
        all.push_back(std::move(m));
    }
    return all;
}

/// Where their ports lead to, as far as they are there.
inline void follow_ports(std::vector<mcu_facts>& mcus) {
    for (auto& m : mcus) {
        std::error_code ec;
        if (auto port = std::filesystem::canonical(m.serial, ec); !ec) m.port = std::move(port);
    }
}

} // namespace kf::host
