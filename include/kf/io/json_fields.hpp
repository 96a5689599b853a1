// SPDX-License-Identifier: MIT
#pragma once
/// The members of a JSON object as typed values: the one reader of all that is JSON here, be it Klipper's status, our
/// registry, a job or an answer on a socket. json_fields keeps the first member that has another form than it should;
/// whoever reads knows where that is and says so. For one look, where another form is as good as none: value_at(),
/// text_at(), object_at().

#include <boost/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kf::io {

/// What a member is read as, and how a person is told: "must be text".
template<class T>
struct json_form;

template<>
struct json_form<std::string_view> { ///< lives as long as the value
    static constexpr std::string_view name = "text";
    static std::optional<std::string_view> of(const boost::json::value& v) noexcept {
        return v.is_string() ? std::optional<std::string_view>(v.get_string()) : std::nullopt;
    }
};
template<>
struct json_form<std::string> {
    static constexpr std::string_view name = "text";
    static std::optional<std::string> of(const boost::json::value& v) {
        return v.is_string() ? std::optional<std::string>(std::string_view(v.get_string())) : std::nullopt;
    }
};
template<>
struct json_form<bool> {
    static constexpr std::string_view name = "true or false";
    static std::optional<bool> of(const boost::json::value& v) noexcept {
        return v.is_bool() ? std::optional(v.get_bool()) : std::nullopt;
    }
};
template<>
struct json_form<double> { ///< any number, whole ones too
    static constexpr std::string_view name = "a number";
    static std::optional<double> of(const boost::json::value& v) noexcept {
        if (v.is_double()) return v.get_double();
        if (v.is_int64()) return static_cast<double>(v.get_int64());
        if (v.is_uint64()) return static_cast<double>(v.get_uint64());
        return std::nullopt;
    }
};
template<>
struct json_form<std::int64_t> {
    static constexpr std::string_view name = "a whole number";
    static std::optional<std::int64_t> of(const boost::json::value& v) noexcept {
        return v.is_int64() ? std::optional(v.get_int64()) : std::nullopt;
    }
};
template<std::size_t N>
struct json_form<std::array<double, N>> { ///< a list that begins with N numbers
    static constexpr std::string_view name = "a list of numbers";
    static std::optional<std::array<double, N>> of(const boost::json::value& v) noexcept {
        if (!v.is_array() || v.get_array().size() < N) return std::nullopt;
        std::array<double, N> out{};
        for (std::size_t i = 0; i < N; ++i) {
            const auto d = json_form<double>::of(v.get_array()[i]);
            if (!d) return std::nullopt;
            out[i] = *d;
        }
        return out;
    }
};
template<>
struct json_form<const boost::json::object*> { ///< lives as long as the value
    static constexpr std::string_view name = "an object { ... }";
    static std::optional<const boost::json::object*> of(const boost::json::value& v) noexcept {
        return v.is_object() ? std::optional(&v.get_object()) : std::nullopt;
    }
};
template<>
struct json_form<const boost::json::array*> { ///< lives as long as the value
    static constexpr std::string_view name = "a list [ ... ]";
    static std::optional<const boost::json::array*> of(const boost::json::value& v) noexcept {
        return v.is_array() ? std::optional(&v.get_array()) : std::nullopt;
    }
};

/// Nothing when `v` has another form.
template<class T>
[[nodiscard]] std::optional<T> value_as(const boost::json::value& v) {
    return json_form<T>::of(v);
}
/// Nothing when there is no such member, or when it has another form.
template<class T>
[[nodiscard]] std::optional<T> value_at(const boost::json::object& o, std::string_view key) {
    const auto* v = o.if_contains(key);
    return v == nullptr ? std::nullopt : value_as<T>(*v);
}
/// "" for nothing.
[[nodiscard]] inline std::string text_at(const boost::json::object& o, std::string_view key) {
    return value_at<std::string>(o, key).value_or(std::string());
}
/// Empty for nothing.
[[nodiscard]] inline const boost::json::object& object_at(const boost::json::object& o, std::string_view key) {
    static const boost::json::object none;
    const auto found = value_at<const boost::json::object*>(o, key);
    return found ? **found : none;
}
[[nodiscard]] inline const boost::json::array& array_at(const boost::json::object& o, std::string_view key) {
    static const boost::json::array none;
    const auto found = value_at<const boost::json::array*>(o, key);
    return found ? **found : none;
}
/// `v` itself where it is an object, else an empty one.
[[nodiscard]] inline const boost::json::object& as_object(const boost::json::value& v) {
    static const boost::json::object none;
    return v.is_object() ? v.get_object() : none;
}

struct json_fault {
    std::string key;  ///< "" when the object as a whole is at fault
    std::string what; ///< "must be text"
};

class json_fields {
  public:
    /// Whether null stands for a member that is not there, as Klipper writes it, or is a value of the wrong form.
    enum class null { is_absent, is_wrong };

    explicit json_fields(const boost::json::object& object, null meaning = null::is_absent) noexcept
      : object_(object)
      , null_(meaning) {}

    /// The member as it stands, null when there is none.
    [[nodiscard]] const boost::json::value* find(std::string_view key) const noexcept {
        const auto* v = object_.if_contains(key);
        return v == nullptr || (v->is_null() && null_ == null::is_absent) ? nullptr : v;
    }
    /// `out` stays as it is when there is no such member, or when it has another form: the latter is a fault.
    template<class T>
    bool read(std::string_view key, T& out) {
        const auto* v = find(key);
        if (v == nullptr) return false;
        auto read = value_as<T>(*v);
        if (!read) return wrong(key, "must be " + std::string(json_form<T>::name));
        out = *std::move(read);
        return true;
    }
    /// The same of a member that has to be there.
    template<class T>
    bool need(std::string_view key, T& out) {
        if (find(key) == nullptr) return wrong({}, "has no \"" + std::string(key) + "\"");
        return read(key, out);
    }
    /// A fault that the reader found itself. The first one stays.
    bool wrong(std::string_view key, std::string what) {
        if (!fault_) fault_ = json_fault{std::string(key), std::move(what)};
        return false;
    }

    [[nodiscard]] const std::optional<json_fault>& fault() const noexcept { return fault_; }
    [[nodiscard]] const boost::json::object& object() const noexcept { return object_; }

  private:
    const boost::json::object& object_;
    null null_;
    std::optional<json_fault> fault_;
};

} // namespace kf::io
