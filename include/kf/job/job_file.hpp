// SPDX-License-Identifier: MIT
#pragma once
/// Jobs as JSON lines: a header with format, version, page, layers and pens, then one operation a line, on disk and in
/// pipes. What pulls operations out of bytes, or out of a list. job/job_writer writes them. Spec: kf-job(5).

#include <kf/error.hpp>
#include <kf/job/job_header.hpp>
#include <kf/job/job_reader.hpp>
#include <kf/job/operation.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kf::job {

/// A source of bytes whose kind only its owner knows; empty at the end.
using job_bytes = std::function<result<std::string_view>()>;

/// Pulls operations out of a source of bytes: a callable that returns result<std::string_view>, empty at the end.
template<class Chunks>
class job_source {
    Chunks chunks_;
    job_reader reader_;
    bool ended_ = false;
    std::optional<step> first_; // read with the header, and not given yet

  public:
    explicit job_source(Chunks chunks, std::string name = "job", job_file_limits limits = {})
      : chunks_(std::move(chunks))
      , reader_(std::move(name), limits) {}

    [[nodiscard]] result<std::optional<step>> operator()() {
        if (first_) return std::exchange(first_, std::nullopt);
        for (;;) {
            KF_TRY(auto taken, reader_.next());
            if (taken || ended_) return taken;
            KF_TRY(const std::string_view bytes, chunks_());
            if (bytes.empty()) {
                ended_ = true;
                reader_.finish();
            } else
                reader_.feed(bytes);
        }
    }
    /// Before or between operations; what is wrong with the first one shows here.
    [[nodiscard]] result<job_header> header() {
        if (!reader_.header()) {
            KF_TRY(first_, (*this)());
        }
        return *reader_.header();
    }
};

/// A source of operations over a list in memory, which has to outlive it.
[[nodiscard]] inline auto operations_of(std::span<const operation> list) {
    return [list, taken = std::size_t{0}]() mutable -> result<std::optional<step>> {
        if (taken == list.size()) return std::nullopt;
        const operation& op = list[taken++];
        return step{taken, op};
    };
}

} // namespace kf::job
