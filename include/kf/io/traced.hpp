// SPDX-License-Identifier: MIT
#pragma once
/// Models that tell what passes through them, for the log of a run: commands with their exit codes, frames as hex.

#include <kf/io/process.hpp>
#include <kf/io/transport.hpp>
#include <kf/sink.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>

namespace kf::io {

[[nodiscard]] inline std::string hex(byte_view data) {
    std::string text;
    text.reserve(data.size() * 2);
    for (const auto byte : data) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
    return text;
}

/// A transport that tells its bytes: "> 01881100f17c9903".
template<transport T, sink S>
class traced_transport {
  public:
    traced_transport(T& inner, S& out)
      : inner_(&inner)
      , out_(&out) {}

    [[nodiscard]] result<std::size_t> read_some(std::span<std::uint8_t> in, time_point until) {
        auto n = inner_->read_some(in, until);
        if (n) out_->frame("< " + hex(in.first(*n)));
        return n;
    }
    [[nodiscard]] result<void> write_all(byte_view data, time_point until) {
        out_->frame("> " + hex(data));
        return inner_->write_all(data, until);
    }

  private:
    T* inner_;
    S* out_;
};

/// A process_runner that tells each command and how it ended.
template<process_runner R, sink S>
class traced_runner {
  public:
    traced_runner(R inner, S& out)
      : inner_(std::move(inner))
      , out_(&out) {}

    [[nodiscard]] result<run_outcome> run(const command& c, const run_limits& limits, const output_sink& output) {
        out_->detail("run: " + to_string(c));
        auto ran = inner_.run(c, limits, output);
        out_->detail(ran ? fmt::format("exit status {}, {:.2f} s", ran->status, ran->elapsed) : ran.error().what);
        return ran;
    }

  private:
    R inner_;
    S* out_;
};

} // namespace kf::io
