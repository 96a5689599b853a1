// SPDX-License-Identifier: MIT
#pragma once
/// Which methods may write, in their order: the one that was asked for, and behind it the fallback that its row names.
/// The plan prints it, the run obeys it.

#include <kf/board/flash_method.hpp>
#include <kf/error.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace kf::flash {

struct method_order {
    std::vector<board::flash_method> methods;
    std::string no_fallback = {}; ///< why there is none although one is wanted; empty when there is, or none is wanted
};

enum class fallback { no, if_wanted };

/// The methods that a flash with `first` has to know of.
[[nodiscard]] inline std::vector<board::flash_method> candidates(board::flash_method first, fallback wanted) {
    std::vector<board::flash_method> found{first};
    if (const auto next = board::fallback_of(first); next && wanted == fallback::if_wanted) found.push_back(*next);
    return found;
}

/// `needs(method) -> result<void>`: what it lacks. The error is what `first` lacks.
template<class Needs>
[[nodiscard]] result<method_order> order_of(board::flash_method first, fallback wanted, Needs&& needs) {
    method_order order;
    for (const auto method : candidates(first, wanted)) {
        const result<void> possible = needs(method);
        if (possible)
            order.methods.push_back(method);
        else if (method == first)
            return kf::fail(possible.error());
        else
            order.no_fallback = fmt::format("no fallback to {}: {}", name(method), possible.error().what);
    }
    return order;
}

} // namespace kf::flash
