// SPDX-License-Identifier: MIT
#pragma once
/// devices.json as a value: the schema of the Python original, which can read what is written here. Keys that we do not
/// know stay where they are. devices.json(5) describes the file.

#include <kf/board/board.hpp>
#include <kf/board/json_document.hpp>
#include <kf/io/decimal.hpp>
#include <kf/io/json_fields.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kf::board {

/// USB names (a glob, case does not count) that are never offered and never flashed.
struct blocked_device {
    std::string pattern;
    std::string reason = {};

    bool operator==(const blocked_device&) const = default;
};

/// Holds in every registry.
inline const blocked_device default_blocked{"usb-beacon_*", "a Beacon probe is not a Klipper MCU"};

struct registry {
    flash_settings settings = {};
    std::vector<board> boards = {};           ///< sorted by key
    std::vector<blocked_device> blocked = {}; ///< the file's own; default_blocked holds besides
    boost::json::object document = {};        ///< the file as it was read, for the keys that are not ours
};

/// From text; `file` is the name that errors give. errc::malformed says line and column.
[[nodiscard]] result<registry> parse_registry(std::string_view text, const std::string& file);
/// As text for the file.
[[nodiscard]] std::string to_text(const registry& r);
namespace detail {

/// null and no value leave `out` as it is.
template<class Method>
void read_method(io::json_fields& f, const char* key, Method& out) {
    const auto* value = f.find(key);
    if (value == nullptr || value->is_null()) return;
    const auto known = flash_method_from(io::value_as<std::string_view>(*value).value_or(""));
    if (known) {
        out = *known;
        return;
    }
    std::string names;
    for (const auto& row : flash_methods) names += std::string(", ") + row.name;
    f.wrong(key, "must be one of null" + names);
}

/// Not the parser's double: it may be one off in its last digit, and what is written would not be what was read.
inline void read_exact(const json_document& d, json_document::path where, io::json_fields& f, const char* key,
                       double& out) {
    if (double rounded = 0; !f.read(key, rounded)) return;
    where.emplace_back(key);
    if (const auto exact = io::parse_decimal(d.number_text(where)))
        out = *exact;
    else
        f.wrong(key, "is too large");
}

/// What the fields of the object at `where` have against it, with its place in the file.
[[nodiscard]] inline result<void> check(const json_document& d, json_document::path where, const io::json_fields& f) {
    if (!f.fault()) return {};
    if (!f.fault()->key.empty()) where.push_back(f.fault()->key);
    return d.fail_at(std::move(where), f.fault()->what);
}

[[nodiscard]] inline result<flash_settings> read_settings(const json_document& d, const boost::json::object& o) {
    io::json_fields f(o, io::json_fields::null::is_wrong);
    flash_settings s;
    f.read("klipper_dir", s.klipper_dir);
    f.read("katapult_dir", s.katapult_dir);
    read_method(f, "default_flash_method", s.default_flash_method);
    f.read("allow_flash_fallback", s.allow_flash_fallback);
    f.read("skip_menuconfig", s.skip_menuconfig);
    read_exact(d, {"global"}, f, "stagger_delay", s.stagger_delay);
    read_exact(d, {"global"}, f, "return_delay", s.return_delay);
    read_exact(d, {"global"}, f, "build_timeout", s.build_timeout);
    read_exact(d, {"global"}, f, "git_timeout", s.git_timeout);
    f.read("moonraker_url", s.moonraker_url);
    f.read("moonraker_api_key", s.moonraker_api_key);
    f.read("keep_images", s.keep_images);
    if (const auto p = problem(s)) f.wrong(p->field, p->what);
    KF_CHECK(check(d, {"global"}, f));
    return s;
}

[[nodiscard]] inline result<void> read_face(const json_document& d, json_document::path where,
                                            const boost::json::object& entry, const char* key, usb_face& face) {
    const boost::json::object* object = nullptr;
    io::json_fields outer(entry);
    if (!outer.read(key, object)) return check(d, std::move(where), outer);
    io::json_fields f(*object, io::json_fields::null::is_wrong);
    f.read("name", face.name);
    f.read("manufacturer", face.manufacturer);
    f.read("product", face.product);
    f.read("serial", face.serial);
    where.emplace_back(key);
    return check(d, std::move(where), f);
}

[[nodiscard]] inline result<board> read_board(const json_document& d, const std::string& key,
                                              const boost::json::value& value) {
    const json_document::path where{"devices", key};
    if (!value.is_object()) return d.fail_at(where, "must be an object { ... }");
    const auto& entry = value.get_object();
    io::json_fields f(entry, io::json_fields::null::is_wrong);
    board b{.key = key};
    f.need("name", b.name);
    f.need("mcu", b.mcu);
    f.need("serial_pattern", b.serial_pattern);
    read_method(f, "flash_method", b.method);
    f.read("flashable", b.flashable);
    std::string day;
    f.read("seen_as_katapult", day);
    if (!day.empty()) b.seen_as_katapult = day;
    f.read("usb_port", b.usb_port);
    KF_CHECK(check(d, where, f));
    KF_CHECK(read_face(d, where, entry, "klipper_usb", b.as_klipper));
    KF_CHECK(read_face(d, where, entry, "katapult_usb", b.as_katapult));
    if (const auto p = problem(b)) {
        if (p->field == "key") return d.fail_at(where, "as a key " + p->what);
        f.wrong(p->field, p->what);
    }
    KF_CHECK(check(d, where, f));
    return b;
}

[[nodiscard]] inline boost::json::object& member_object(boost::json::object& o, std::string_view key) {
    auto& value = o[key];
    if (!value.is_object()) value.emplace_object();
    return value.get_object();
}

/// Keys of the entry's old object that are not ours stay.
inline void write_face(boost::json::object& entry, const char* key, const usb_face& face) {
    if (face.empty()) {
        entry.erase(key);
        return;
    }
    auto& object = member_object(entry, key);
    object["name"] = face.name;
    object["manufacturer"] = face.manufacturer;
    object["product"] = face.product;
    object["serial"] = face.serial;
}

/// "pattern" or {"pattern" or "serial_pattern", "reason"}; nothing for another form.
[[nodiscard]] inline std::optional<blocked_device> read_blocked(const boost::json::value& value) {
    blocked_device blocked{.pattern = io::value_as<std::string>(value).value_or("")};
    if (const auto* o = value.if_object()) {
        io::json_fields f(*o);
        blocked.pattern = io::text_at(*o, "pattern");
        if (blocked.pattern.empty()) blocked.pattern = io::text_at(*o, "serial_pattern");
        f.read("reason", blocked.reason);
        if (f.fault()) return std::nullopt;
    }
    if (text_problem("pattern", blocked.pattern, 255)) return std::nullopt;
    return blocked;
}

} // namespace detail

inline result<registry> parse_registry(std::string_view text, const std::string& file) {
    KF_TRY(const auto document, json_document::parse(text, file));
    if (!document.root().is_object()) return document.fail_at({}, "the file must be an object { ... }");
    registry r;
    r.document = document.as_written().get_object();
    io::json_fields f(document.root().get_object(), io::json_fields::null::is_wrong);
    const boost::json::object *global = nullptr, *devices = nullptr;
    const boost::json::array* blocked = nullptr;
    f.read("global", global);
    f.read("devices", devices);
    f.read("blocked_devices", blocked);
    KF_CHECK(detail::check(document, {}, f));
    if (global != nullptr) {
        KF_TRY(r.settings, detail::read_settings(document, *global));
    }
    if (devices != nullptr)
        for (const auto& member : *devices) {
            KF_TRY(auto b, detail::read_board(document, std::string(std::string_view(member.key())), member.value()));
            r.boards.push_back(std::move(b));
        }
    std::ranges::sort(r.boards, {}, &board::key);
    for (std::size_t i = 0; blocked != nullptr && i < blocked->size(); ++i) {
        auto entry = detail::read_blocked((*blocked)[i]);
        if (!entry)
            return document.fail_at({"blocked_devices", std::to_string(i)},
                                    "must be a pattern, or a pattern with a reason");
        r.blocked.push_back(std::move(*entry));
    }
    return r;
}

inline std::string to_text(const registry& r) {
    boost::json::object document = r.document;
    auto& global = detail::member_object(document, "global");
    global["klipper_dir"] = r.settings.klipper_dir;
    global["katapult_dir"] = r.settings.katapult_dir;
    global["default_flash_method"] = name(r.settings.default_flash_method);
    global["allow_flash_fallback"] = r.settings.allow_flash_fallback;
    global["skip_menuconfig"] = r.settings.skip_menuconfig;
    global["stagger_delay"] = r.settings.stagger_delay;
    global["return_delay"] = r.settings.return_delay;
    // The Python program knows none of these: they stand there only when somebody chose them.
    const auto chosen = [&](const char* key, const auto& value, const auto& otherwise) {
        if (value != otherwise)
            global[key] = value;
        else
            global.erase(key);
    };
    chosen("build_timeout", r.settings.build_timeout, flash_settings{}.build_timeout);
    chosen("git_timeout", r.settings.git_timeout, flash_settings{}.git_timeout);
    chosen("moonraker_url", r.settings.moonraker_url, flash_settings{}.moonraker_url);
    chosen("moonraker_api_key", r.settings.moonraker_api_key, flash_settings{}.moonraker_api_key);
    chosen("keep_images", r.settings.keep_images, flash_settings{}.keep_images);

    const boost::json::object old_devices = detail::member_object(document, "devices");
    auto& devices = detail::member_object(document, "devices");
    devices.clear();
    for (const auto& b : r.boards) {
        boost::json::object entry = io::object_at(old_devices, b.key);
        entry["name"] = b.name;
        entry["mcu"] = b.mcu;
        entry["serial_pattern"] = b.serial_pattern;
        entry["flash_method"] = b.method ? boost::json::value(name(*b.method)) : boost::json::value(nullptr);
        entry["flashable"] = b.flashable;
        if (b.seen_as_katapult)
            entry["seen_as_katapult"] = *b.seen_as_katapult;
        else
            entry.erase("seen_as_katapult");
        if (b.usb_port.empty())
            entry.erase("usb_port");
        else
            entry["usb_port"] = b.usb_port;
        detail::write_face(entry, "klipper_usb", b.as_klipper);
        detail::write_face(entry, "katapult_usb", b.as_katapult);
        devices[b.key] = std::move(entry);
    }

    auto& list = document["blocked_devices"];
    const boost::json::array old_list = list.is_array() ? list.get_array() : boost::json::array();
    boost::json::array blocked;
    for (const auto& entry : r.blocked) {
        const auto same = std::ranges::find_if(
            old_list, [&](const boost::json::value& v) { return detail::read_blocked(v) == entry; });
        if (same != old_list.end())
            blocked.push_back(*same);
        else if (entry.reason.empty())
            blocked.push_back(boost::json::object{{"pattern", entry.pattern}});
        else
            blocked.push_back(boost::json::object{{"pattern", entry.pattern}, {"reason", entry.reason}});
    }
    list = std::move(blocked);
    return python_json(document);
}

} // namespace kf::board
