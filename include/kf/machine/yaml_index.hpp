// SPDX-License-Identifier: MIT
#pragma once
/// A YAML mapping by path, with the lines of its keys: what machine/machine_file reads the fields of a machine from.

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace kf::machine::detail {

struct yaml_entry {
    YAML::Node value;
    std::size_t line = 0;
};

/// The mapping of the file, flattened: path -> value. Only what lies under a known path is walked, so neither anchors
/// that contain themselves nor a deep file cost anything.
class yaml_index {
    std::map<std::string, yaml_entry, std::less<>> entries_;

  public:
    template<class Found>
    void add(const YAML::Node& map, const std::string& prefix, int depth, Found&& problem_found) {
        for (const auto& pair : map) {
            const std::size_t line = static_cast<std::size_t>(std::max(pair.first.Mark().line, -1) + 1);
            if (!pair.first.IsScalar()) {
                problem_found(prefix + "?", line, "A key must be a plain word.");
                continue;
            }
            const std::string path = prefix + pair.first.Scalar();
            if (!entries_.try_emplace(path, yaml_entry{pair.second, line}).second) {
                problem_found(path, line, fmt::format("This key is here twice; first on line {}.", find(path)->line));
                continue;
            }
            if (depth > 0 && pair.second.IsMap()) add(pair.second, path + ".", depth - 1, problem_found);
        }
    }
    [[nodiscard]] const yaml_entry* find(std::string_view path) const {
        const auto at = entries_.find(path);
        return at == entries_.end() ? nullptr : &at->second;
    }
    [[nodiscard]] const auto& entries() const noexcept { return entries_; }

    /// The line of a path, or of the nearest thing around it that is in the file.
    [[nodiscard]] std::size_t line_of(std::string path) const {
        for (;;) {
            if (const yaml_entry* e = find(path)) return e->line;
            const std::size_t end = path.find_last_of(".[");
            if (end == std::string::npos) return 0;
            path.resize(end);
        }
    }
};

} // namespace kf::machine::detail
