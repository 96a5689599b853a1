// SPDX-License-Identifier: MIT
#pragma once
/// The G-code that a list of operations becomes, with all that comes back beside it.

#include <kf/job/gcode.hpp>
#include <kf/job/job_file.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::test {

struct written_gcode {
    std::string text;
    std::string fault; ///< empty when all was written
    std::vector<job::gcode_warning> warnings;
    std::vector<job::gcode_stop> stops;
};

inline written_gcode generate(const machine::machine& m, const std::vector<job::operation>& list,
                              job::gcode_options options = {}) {
    written_gcode out;
    auto done =
        job::write_gcode(m, std::move(options), job::stroke_source(job::operations_of(list)),
                         [&](std::string_view piece) -> result<void> { return out.text += piece, result<void>{}; });
    if (done) {
        out.warnings = done->warnings;
        out.stops = done->stops;
    } else {
        out.fault = done.error().what + ": " + done.error().cause;
    }
    return out;
}

/// What lies between the first lines of every file and the last.
inline std::string body(const std::string& text) {
    const std::string_view first = "; kplot, mm, absolute machine coordinates\nG90\nG1 Z10 F300\n", last = "M400\n";
    BOOST_REQUIRE(text.starts_with(first));
    BOOST_REQUIRE(text.ends_with(last));
    return text.substr(first.size(), text.size() - first.size() - last.size());
}

} // namespace kf::test
