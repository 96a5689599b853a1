// SPDX-License-Identifier: MIT
#pragma once
/// The print_stats object: what became of the file job. Durations count from the start of the job, pauses included, and
/// stand still once it is over.

#include <kf/units.hpp>

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <utility>

namespace kf::sim {

class print_stats {
  public:
    void reset() { *this = {}; }
    void loaded(std::string file) {
        reset();
        file_ = std::move(file);
    }
    void started(seconds now) {
        if (!began_)
            began_ = now;
        else if (paused_)
            pauses_ += now - *std::exchange(paused_, std::nullopt);
        state_ = "printing";
        message_.clear();
    }
    void paused(seconds now) {
        if (!paused_) paused_ = now;
        if (state_ != "error") state_ = "paused";
    }
    void completed(seconds now) { over("complete", {}, now); }
    void failed(std::string message, seconds now) { over("error", std::move(message), now); }
    void cancelled(seconds now) { over("cancelled", {}, now); }
    void set_layers(std::optional<int> total, std::optional<int> current) {
        total_layers_ = total;
        layer_ = current;
    }

    [[nodiscard]] boost::json::object status(seconds now) const {
        namespace json = boost::json;
        const auto layer = [](const std::optional<int>& n) { return n ? json::value(*n) : json::value(nullptr); };
        // Without an extruder nothing is ever printed: print_duration stays 0.
        return {{"filename", file_},
                {"total_duration", began_ ? now - *began_ : duration_},
                {"print_duration", 0.0},
                {"filament_used", 0.0},
                {"state", state_},
                {"message", message_},
                {"info", json::object{{"total_layer", layer(total_layers_)}, {"current_layer", layer(layer_)}}}};
    }
    [[nodiscard]] const std::string& state() const noexcept { return state_; }

  private:
    void over(const char* state, std::string message, seconds now) {
        if (!began_) return; // it was over before: the first word stays
        state_ = state;
        message_ = std::move(message);
        duration_ = now - *began_;
        began_.reset();
    }

    std::string file_, message_;
    std::string state_ = "standby";
    seconds duration_ = 0;
    seconds pauses_ = 0;
    std::optional<seconds> began_;
    std::optional<seconds> paused_;
    std::optional<int> total_layers_;
    std::optional<int> layer_;
};

} // namespace kf::sim
