// SPDX-License-Identifier: MIT
#pragma once
/// What a stroke's layer is called, and whose pen it has: for tables and pictures of a job.

#include <kf/job/job_header.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <string>

namespace kf::job {

/// `layer` is stroke::layer; null for none.
[[nodiscard]] inline const job_layer* layer_of(const job_header& header, std::size_t layer) noexcept {
    return layer == 0 || layer > header.layers.size() ? nullptr : &header.layers[layer - 1];
}

[[nodiscard]] inline std::string layer_name(const job_header& header, std::size_t layer) {
    const job_layer* l = layer_of(header, layer);
    if (l == nullptr) return "no layer";
    return l->name.empty() ? fmt::format("layer {}", l->number) : l->name;
}

/// Null when it is drawn with the tool as it is.
[[nodiscard]] inline const drawing::pen* pen_of(const job_header& header, std::size_t layer) noexcept {
    if (const job_layer* l = layer_of(header, layer); l != nullptr && !l->pen.empty())
        for (const drawing::pen& p : header.pens)
            if (p.name == l->pen) return &p;
    return nullptr;
}

} // namespace kf::job
