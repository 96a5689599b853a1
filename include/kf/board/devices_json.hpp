// SPDX-License-Identifier: MIT
#pragma once
/// devices.json as a value: the schema of the Python original (facts/flash.md 1.2), which can read what is written
/// here. Keys that we do not know stay where they are. devices.json(5) describes the file.

#include <kf/board/board.hpp>
#include <kf/board/json_document.hpp>
#include <kf/io/decimal.hpp>

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
    boost::json::object document = {};        ///< json_document::as_written, for the keys that are not ours
};

/// From text; `file` is the name that errors give. errc::malformed says line and column.
[[nodiscard]] result<registry> parse_registry(std::string_view text, const std::string& file);
/// As text for the file.
[[nodiscard]] std::string to_text(const registry& r);
namespace detail {

/// Reads the members of one JSON object into typed values; the first that does not fit is the error.
class object_reader {
  public:
    object_reader(const json_document& document, const boost::json::object& object, json_document::path where)
      : document_(document)
      , object_(object)
      , where_(std::move(where)) {}

    [[nodiscard]] result<void> text(const char* key, std::string& out, bool needed) const {
        const auto* value = object_.if_contains(key);
        if (value == nullptr && needed) return document_.fail_at(where_, std::string("has no \"") + key + "\"");
        if (value == nullptr) return {};
        if (!value->is_string()) return wrong(key, "must be text");
        out.assign(value->get_string().data(), value->get_string().size());
        return {};
    }
    [[nodiscard]] result<void> flag(const char* key, bool& out) const {
        const auto* value = object_.if_contains(key);
        if (value == nullptr) return {};
        if (!value->is_bool()) return wrong(key, "must be true or false");
        out = value->get_bool();
        return {};
    }
    [[nodiscard]] result<void> number(const char* key, double& out) const {
        const auto* value = object_.if_contains(key);
        if (value == nullptr) return {};
        if (!value->is_number()) return wrong(key, "must be a number");
        auto where = where_;
        where.emplace_back(key);
        // Not the parser's double: it may be one off in its last digit, and what is written would not be what was read.
        const auto exact = io::parse_decimal(document_.number_text(where));
        if (!exact) return wrong(key, "is too large");
        out = *exact;
        return {};
    }
    /// null and no value leave `out` as it is.
    template<class Method>
    [[nodiscard]] result<void> method(const char* key, Method& out) const {
        const auto* value = object_.if_contains(key);
        if (value == nullptr || value->is_null()) return {};
        const auto known = value->is_string() ? flash_method_from(std::string_view(value->get_string())) : std::nullopt;
        if (!known) {
            std::string names;
            for (const auto& row : flash_methods) names += std::string(", ") + row.name;
            return wrong(key, "must be one of null" + names);
        }
        out = *known;
        return {};
    }
    /// The object below `key`, if there is one.
    [[nodiscard]] result<std::optional<object_reader>> object(const char* key) const {
        const auto* value = object_.if_contains(key);
        if (value == nullptr || value->is_null()) return std::optional<object_reader>{};
        if (!value->is_object()) return wrong(key, "must be an object { ... }");
        auto where = where_;
        where.emplace_back(key);
        return std::optional<object_reader>(object_reader(document_, value->get_object(), std::move(where)));
    }
    [[nodiscard]] std::unexpected<error> wrong(const std::string& key, const std::string& what) const {
        auto where = where_;
        where.push_back(key);
        return document_.fail_at(std::move(where), what);
    }

  private:
    const json_document& document_;
    const boost::json::object& object_;
    json_document::path where_;
};

[[nodiscard]] inline result<flash_settings> read_settings(const json_document& d, const boost::json::object& o) {
    const object_reader reader(d, o, {"global"});
    flash_settings s;
    KF_CHECK(reader.text("klipper_dir", s.klipper_dir, false));
    KF_CHECK(reader.text("katapult_dir", s.katapult_dir, false));
    KF_CHECK(reader.method("default_flash_method", s.default_flash_method));
    KF_CHECK(reader.flag("allow_flash_fallback", s.allow_flash_fallback));
    KF_CHECK(reader.flag("skip_menuconfig", s.skip_menuconfig));
    KF_CHECK(reader.number("stagger_delay", s.stagger_delay));
    KF_CHECK(reader.number("return_delay", s.return_delay));
    KF_CHECK(reader.number("build_timeout", s.build_timeout));
    KF_CHECK(reader.number("git_timeout", s.git_timeout));
    if (const auto p = problem(s)) return reader.wrong(p->field, p->what);
    return s;
}

[[nodiscard]] inline result<void> read_face(const object_reader& reader, const char* key, usb_face& face) {
    KF_TRY(const auto object, reader.object(key));
    if (!object) return {};
    KF_CHECK(object->text("name", face.name, false));
    KF_CHECK(object->text("manufacturer", face.manufacturer, false));
    KF_CHECK(object->text("product", face.product, false));
    return object->text("serial", face.serial, false);
}

[[nodiscard]] inline result<board> read_board(const json_document& d, const std::string& key,
                                              const boost::json::value& value) {
    if (!value.is_object()) return d.fail_at({"devices", key}, "must be an object { ... }");
    const object_reader reader(d, value.get_object(), {"devices", key});
    board b{.key = key};
    KF_CHECK(reader.text("name", b.name, true));
    KF_CHECK(reader.text("mcu", b.mcu, true));
    KF_CHECK(reader.text("serial_pattern", b.serial_pattern, true));
    KF_CHECK(reader.method("flash_method", b.method));
    KF_CHECK(reader.flag("flashable", b.flashable));
    std::string day;
    KF_CHECK(reader.text("seen_as_katapult", day, false));
    if (!day.empty()) b.seen_as_katapult = day;
    KF_CHECK(reader.text("usb_port", b.usb_port, false));
    KF_CHECK(read_face(reader, "klipper_usb", b.as_klipper));
    KF_CHECK(read_face(reader, "katapult_usb", b.as_katapult));
    if (const auto p = problem(b)) {
        if (p->field == "key") return d.fail_at({"devices", key}, "as a key " + p->what);
        return reader.wrong(p->field, p->what);
    }
    return b;
}

[[nodiscard]] inline boost::json::object& object_at(boost::json::object& o, std::string_view key) {
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
    auto& object = object_at(entry, key);
    object["name"] = face.name;
    object["manufacturer"] = face.manufacturer;
    object["product"] = face.product;
    object["serial"] = face.serial;
}

/// "pattern" or {"pattern" or "serial_pattern", "reason"}; nothing for another form.
[[nodiscard]] inline std::optional<blocked_device> read_blocked(const boost::json::value& value) {
    const auto text = [](const boost::json::value* v) {
        return v != nullptr && v->is_string() ? std::string(std::string_view(v->get_string())) : std::string();
    };
    blocked_device blocked;
    if (value.is_string()) blocked.pattern = text(&value);
    if (const auto* o = value.if_object()) {
        blocked.pattern = text(o->if_contains("pattern"));
        if (blocked.pattern.empty()) blocked.pattern = text(o->if_contains("serial_pattern"));
        const auto* reason = o->if_contains("reason");
        if (reason != nullptr && !reason->is_null() && !reason->is_string()) return std::nullopt;
        blocked.reason = text(reason);
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
    const auto& root = document.root().get_object();
    if (const auto* global = root.if_contains("global")) {
        if (!global->is_object()) return document.fail_at({"global"}, "must be an object { ... }");
        KF_TRY(r.settings, detail::read_settings(document, global->get_object()));
    }
    if (const auto* devices = root.if_contains("devices")) {
        if (!devices->is_object()) return document.fail_at({"devices"}, "must be an object { ... }");
        for (const auto& member : devices->get_object()) {
            KF_TRY(auto b, detail::read_board(document, std::string(std::string_view(member.key())), member.value()));
            r.boards.push_back(std::move(b));
        }
        std::ranges::sort(r.boards, {}, &board::key);
    }
    if (const auto* blocked = root.if_contains("blocked_devices")) {
        if (!blocked->is_array()) return document.fail_at({"blocked_devices"}, "must be a list [ ... ]");
        const auto& list = blocked->get_array();
        for (std::size_t i = 0; i < list.size(); ++i) {
            auto entry = detail::read_blocked(list[i]);
            if (!entry)
                return document.fail_at({"blocked_devices", std::to_string(i)},
                                        "must be a pattern, or a pattern with a reason");
            r.blocked.push_back(std::move(*entry));
        }
    }
    return r;
}

inline std::string to_text(const registry& r) {
    boost::json::object document = r.document;
    auto& global = detail::object_at(document, "global");
    global["klipper_dir"] = r.settings.klipper_dir;
    global["katapult_dir"] = r.settings.katapult_dir;
    global["default_flash_method"] = name(r.settings.default_flash_method);
    global["allow_flash_fallback"] = r.settings.allow_flash_fallback;
    global["skip_menuconfig"] = r.settings.skip_menuconfig;
    global["stagger_delay"] = r.settings.stagger_delay;
    global["return_delay"] = r.settings.return_delay;
    // The Python program knows neither: they stand there only when somebody chose them.
    const auto chosen = [&](const char* key, seconds value, seconds otherwise) {
        if (value != otherwise)
            global[key] = value;
        else
            global.erase(key);
    };
    chosen("build_timeout", r.settings.build_timeout, flash_settings{}.build_timeout);
    chosen("git_timeout", r.settings.git_timeout, flash_settings{}.git_timeout);

    const boost::json::object old_devices = detail::object_at(document, "devices");
    auto& devices = detail::object_at(document, "devices");
    devices.clear();
    for (const auto& b : r.boards) {
        const auto* old = old_devices.if_contains(b.key);
        boost::json::object entry = old != nullptr && old->is_object() ? old->get_object() : boost::json::object();
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
