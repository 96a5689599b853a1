// SPDX-License-Identifier: MIT
#pragma once
/// The boards and the host as the menu knows them: commands beside the screen look at them, again whenever something is
/// plugged in or out.

#include "beside.hpp"

#include <kf/board/discover.hpp>
#include <kf/menu/board_list.hpp>
#include <kf/menu/retold.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::kflash {

class board_watch {
  public:
    using time_point = std::chrono::steady_clock::time_point;
    /// Begins a command of kflash beside the menu, by its words.
    using starter = std::function<result<beside>(std::vector<std::string>)>;
    /// What a look has brought.
    struct news {
        std::optional<menu::board_list> boards = {};
        std::optional<menu::status_panel> status = {};
    };

    board_watch(board::device_folders devices, starter start)
      : devices_(std::move(devices))
      , start_(std::move(start))
      , seen_(devices_now()) {}

    [[nodiscard]] bool looks() const noexcept { return boards_.now.has_value(); }
    [[nodiscard]] bool is_busy() const noexcept { return boards_.now || status_.now; }
    [[nodiscard]] std::vector<int> fds() const {
        std::vector<int> all;
        if (boards_.now) all.push_back(boards_.now->child.fd());
        if (status_.now) all.push_back(status_.now->child.fd());
        return all;
    }

    /// Where a look is under way, there is another one at its end: it may have passed by what has just changed.
    result<void> look_again() {
        (void)begin(status_);
        return begin(boards_);
    }
    [[nodiscard]] news hear() { return {heard(boards_), heard(status_)}; }
    /// Once a second: whether another look is due.
    [[nodiscard]] bool has_changed(time_point now) {
        if (now < watched_at_ + interval) return false;
        watched_at_ = now;
        auto seen = devices_now();
        if (seen == seen_ || looks()) return false;
        seen_ = std::move(seen);
        return true;
    }

  private:
    static constexpr auto interval = std::chrono::seconds(1);

    template<class What>
    struct look {
        beside child;
        What what = {};
    };
    template<class What>
    struct looked_at {
        const char* command;
        std::optional<look<What>> now = {};
        bool again = false;
    };
    template<class What>
    [[nodiscard]] result<void> begin(looked_at<What>& at) {
        at.again = at.now.has_value();
        if (at.again) return {};
        KF_TRY(auto child, start_({at.command, "--json"}));
        at.now.emplace(look<What>{std::move(child)});
        return {};
    }
    template<class What>
    [[nodiscard]] std::optional<What> heard(looked_at<What>& at) {
        if (!at.now || !at.now->child.listen([&](const std::string& line) { (void)menu::retell(line, at.now->what); }))
            return {};
        std::optional<What> what = std::move(at.now->what);
        at.now.reset();
        if (at.again) (void)begin(at);
        return what;
    }
    [[nodiscard]] std::vector<std::string> devices_now() const {
        std::vector<std::string> names;
        std::error_code ec;
        for (const auto& folder : {devices_.by_id, devices_.by_path()})
            for (std::filesystem::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec))
                names.push_back(at->path().filename().string());
        std::ranges::sort(names);
        return names;
    }

    board::device_folders devices_;
    starter start_;
    looked_at<menu::board_list> boards_{"list"};
    looked_at<menu::status_panel> status_{"status"};
    time_point watched_at_ = {};
    std::vector<std::string> seen_;
};

} // namespace kf::kflash
