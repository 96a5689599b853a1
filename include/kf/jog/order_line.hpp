// SPDX-License-Identifier: MIT
#pragma once
/// The orders of a jogger on their way to Klipper: one at a time, each with its answer, and the record of the pen true
/// on both sides of it.

#include <kf/error.hpp>
#include <kf/io/clock.hpp>
#include <kf/jog/jogger.hpp>
#include <kf/jog/reach.hpp>
#include <kf/klippy/client.hpp>
#include <kf/machine/machine.hpp>
#include <kf/run/pen_record.hpp>

#include <optional>
#include <utility>

namespace kf::jog {

template<class Session>
class order_line {
  public:
    /// All of them outlive it.
    order_line(Session& k, const machine::machine& m, run::pen_record& record, jogger& j)
      : k_(k)
      , machine_(m)
      , record_(record)
      , jogger_(j) {}

    [[nodiscard]] bool is_free() const noexcept { return !sent_; }
    /// Its error is told to the jogger, too: where the machine is nobody knows then.
    [[nodiscard]] result<void> send(const order& o, io::time_point t) {
        auto sent = [&]() -> result<klippy::request_id> {
            if (o.may_lower) KF_CHECK(record_.may_be_down("kjog lowered the tool"));
            return k_.link().send_script(o.script, o.until, t + klippy::motion_allowance(o.takes));
        }();
        if (!sent) {
            jogger_.answered(false, t);
            return kf::fail(std::move(sent).error());
        }
        sent_ = *sent;
        return {};
    }
    /// The answer, when it is there: it is told to the jogger, and a tool that is up is noted.
    [[nodiscard]] std::optional<result<void>> take_answer(bool z_is_referenced, io::time_point t) {
        if (!sent_) return std::nullopt;
        auto answer = k_.link().take(*sent_);
        if (!answer) return std::nullopt;
        sent_.reset();
        jogger_.answered(answer->has_value(), t);
        if (!*answer) return kf::fail(std::move(*answer).error());
        const auto& at = jogger_.target();
        if (z_is_referenced && at && is_up(machine_, (*at)[2])) return record_.is_up();
        return result<void>();
    }
    /// It will not be answered any more.
    void give_up(io::time_point t) {
        if (sent_) jogger_.answered(false, t);
        sent_.reset();
    }

  private:
    Session& k_;
    const machine::machine& machine_;
    run::pen_record& record_;
    jogger& jogger_;
    std::optional<klippy::request_id> sent_;
};

} // namespace kf::jog
