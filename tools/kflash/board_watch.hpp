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

    [[nodiscard]] bool looks() const noexcept { return boards_.has_value(); }
    [[nodiscard]] bool is_busy() const noexcept { return boards_ || status_; }
    [[nodiscard]] std::vector<int> fds() const {
        std::vector<int> all;
        if (boards_) all.push_back(boards_->child.fd());
        if (status_) all.push_back(status_->child.fd());
        return all;
    }

    /// Nothing more where a look is under way.
    result<void> look_again() {
        if (looks()) return {};
        auto status = start_({"status", "--json"});
        if (status) status_.emplace(look<menu::status_panel>{*std::move(status)});
        KF_TRY(auto boards, start_({"list", "--json"}));
        boards_.emplace(look<menu::board_list>{std::move(boards)});
        return {};
    }
    [[nodiscard]] news hear() {
        news now;
        now.boards = heard(boards_);
        now.status = heard(status_);
        return now;
    }
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
    [[nodiscard]] static std::optional<What> heard(std::optional<look<What>>& at) {
        if (!at || !at->child.listen([&](const std::string& line) { (void)menu::retell(line, at->what); })) return {};
        std::optional<What> what = std::move(at->what);
        at.reset();
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
    std::optional<look<menu::board_list>> boards_ = {};
    std::optional<look<menu::status_panel>> status_ = {};
    time_point watched_at_ = {};
    std::vector<std::string> seen_;
};

} // namespace kf::kflash
