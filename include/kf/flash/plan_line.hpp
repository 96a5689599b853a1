// SPDX-License-Identifier: MIT
#pragma once
/// One line of what a flash is going to do, whose it is, and how loud.

#include <kf/sink.hpp>

#include <string>

namespace kf::flash {

/// How loud a line of a plan is. A person who is asked about one board reads them all, one who is asked about many
/// those from `gist` on; when nobody is asked, those from `step` on are shown.
enum class weight {
    minor,
    gist,    ///< boards, methods, units, and why something is not done
    step,    ///< what each run says
    warning, ///< what a person may not have expected
    note,    ///< what stands behind the line before it
};
[[nodiscard]] constexpr const char* name(weight w) noexcept {
    switch (w) {
    case weight::minor: return "minor";
    case weight::gist: return "gist";
    case weight::step: return "step";
    case weight::warning: return "warning";
    case weight::note: return "note";
    }
    return "?";
}

/// A line of a plan and whose it is: a board's key, or nobody's.
struct plan_line {
    phase in = phase::plan;
    std::string board = {};
    std::string text = {};
    weight is = weight::minor;
    bool operator==(const plan_line&) const = default;
};

} // namespace kf::flash
