// SPDX-License-Identifier: MIT
#pragma once
/// Every act that changes the world outside of the process (a spawn, a change of a file, a write to a port) passes
/// through effect() first. Normally that is one load and one branch. The fault tests install a probe that numbers the
/// effects of a run and makes the Nth one fail, or ends the process there.

#include <kf/error.hpp>

#include <string_view>

namespace kf::io {

enum class effect_kind { spawn, file, port };

[[nodiscard]] constexpr const char* name(effect_kind kind) noexcept {
    switch (kind) {
    case effect_kind::spawn: return "spawn";
    case effect_kind::file: return "file";
    case effect_kind::port: return "port";
    }
    return "?";
}

using effect_probe = result<void> (*)(effect_kind, std::string_view what);

/// Null outside of fault tests. Set once, before any thread is started.
inline effect_probe installed_effect_probe = nullptr;

[[nodiscard]] inline result<void> effect(effect_kind kind, std::string_view what) {
    if (installed_effect_probe == nullptr) return {};
    return installed_effect_probe(kind, what);
}

} // namespace kf::io
