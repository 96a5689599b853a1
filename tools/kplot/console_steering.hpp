// SPDX-License-Identifier: MIT
#pragma once
/// What steers a run at a terminal: signals, the control socket, and in step mode the keys.

#include "../cli/command.hpp"

#include <kf/run/steering.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace kf::kplot {

class console_steering {
    run::control_socket control_;
    run::signal_orders signals_;
    std::size_t asked_about_ = 0;   ///< stroke
    bool question_is_open_ = false; ///< the cursor stands behind it

    /// What is said next begins a line.
    void leave_question();

  public:
    explicit console_steering(run::control_socket control)
      : control_(std::move(control)) {}

    template<class Status>
    [[nodiscard]] run::order next(Status&& status) {
        const run::order o = std::max(control_.next(status), signals_.next());
        if (o != run::order::none) leave_question();
        return o;
    }
    void settle(const std::string& text) { control_.settle(text); }
    void refuse(const error& e) { control_.refuse(e); }
    [[nodiscard]] result<run::order> stepped(std::size_t stroke);
};
static_assert(run::steering<console_steering>);

} // namespace kf::kplot
