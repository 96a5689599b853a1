// SPDX-License-Identifier: MIT
#pragma once
/// What a second look must agree with before a plan is run, and right before the write of each board. Pure.

#include <kf/flash/plan.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace kf::flash {

/// Something that is to be done, in a word for people. Two plans with the same terms do the same: a process, an error's
/// words and the number of a tty may change meanwhile, and mean nothing.
struct plan_term {
    std::string what, is;
};

[[nodiscard]] inline std::vector<plan_term> terms(const flash_plan& p) {
    auto units = p.stop.units; // as the processes were numbered
    std::ranges::sort(units);
    return {{"services to stop", fmt::format("{}", fmt::join(units, ", "))}, {"right to stop services", p.right.name}};
}
[[nodiscard]] inline std::vector<plan_term> terms(const board_plan& b) {
    std::vector<plan_term> all;
    const auto say = [&](const char* what, std::string is) {
        all.push_back({fmt::format("{}: {}", b.board.name, what), std::move(is)});
    };
    const auto& device = b.target.device();
    say("device", device.path.string());
    say("name on USB", device.file_name);
    say("serial number", device.usb.serial);
    say("USB port", device.facts.port);
    std::vector<std::string> methods;
    for (const auto m : b.order.methods) methods.emplace_back(name(m));
    say("methods", fmt::format("{}", fmt::join(methods, ", ")));
    say("image", fmt::format("{} for {} at 0x{:x}", b.job.image_file.string(), b.job.mcu, b.job.start));
    return all;
}

namespace detail {

[[nodiscard]] inline std::unexpected<error> disagreement(std::string cause) {
    return kf::fail(error{errc::refused, "what was planned is no longer so", std::move(cause), {}, {"run this again"}});
}
template<class Plan>
[[nodiscard]] result<void> same_terms(const Plan& planned, const Plan& now) {
    const auto was = terms(planned), is = terms(now);
    // By what they say: a board may be called otherwise meanwhile.
    const auto [a, b] = std::ranges::mismatch(was, is, {}, &plan_term::is, &plan_term::is);
    if (a == was.end() && b == is.end()) return {};
    const auto text = [](auto it, const auto& all) {
        return it == all.end() ? std::string("nothing more") : fmt::format("{}: {}", it->what, it->is);
    };
    return disagreement(fmt::format("planned: {}; now: {}", text(a, was), text(b, is)));
}

} // namespace detail

/// The job as a whole: errc::refused when what is there now asks for another stop than the one that was planned, or
/// when something would be assumed that was not.
[[nodiscard]] inline result<void> agree(const flash_plan& planned, const flash_plan& now) {
    auto was = planned;
    // The klippy of a board that is gone needs no stop any more; what is stopped was planned all the same.
    if (now.boards.size() < planned.boards.size())
        std::erase_if(was.stop.units,
                      [&](const auto& u) { return std::ranges::find(now.stop.units, u) == now.stop.units.end(); });
    KF_CHECK(detail::same_terms(was, now));
    for (const auto& a : now.idle.assumptions)
        if (std::ranges::none_of(planned.idle.assumptions,
                                 [&](const auto& p) { return p.whose == a.whose && p.why == a.why; }))
            return detail::disagreement("not planned: " + a.text);
    return {};
}

/// One board of it: errc::refused when it would be flashed otherwise than it was planned; what speaks against it now.
[[nodiscard]] inline result<board_plan> agreed(const board_plan& planned, const flash_plan& now) {
    const auto& key = planned.board.key;
    for (const auto& b : now.without)
        if (b.key == key && b.failure) return kf::fail(*b.failure);
    const auto found = std::ranges::find(now.boards, key, [](const auto& b) { return b.board.key; });
    if (found == now.boards.end()) return about(key, result<board_plan>(detail::disagreement("it was left out")));
    board_plan agreed = *found;
    // The image is there already, also when the board that it was built with is not in this plan.
    agreed.built_with = planned.built_with;
    agreed.firmware.site = planned.firmware.site;
    take_from(agreed.job, agreed.firmware.site);
    KF_CHECK(about(key, detail::same_terms(planned, agreed)));
    return agreed;
}

/// After the stop, and right before its own write: the board is the device that was planned, and the only one that it
/// can be.
[[nodiscard]] inline result<void> is_still_there(const board_plan& planned, const board::registry& registry,
                                                 const result<board::scan_result>& devices) {
    KF_CHECK(devices);
    KF_TRY(const auto now, about(planned.board.key, board::match(registry, planned.board, devices->devices)));
    if (board::same_device(now.device(), planned.target.device()) &&
        now.device().file_name == planned.target.device().file_name && now.kind() == planned.target.kind())
        return {};
    return kf::fail(error{errc::mismatch,
                          fmt::format("{} is not where it was", planned.board.name),
                          fmt::format("planned: {}; now: {}", planned.target.path().string(), now.path().string()),
                          {},
                          {"kflash list", "run this again"},
                          {},
                          planned.board.key});
}

/// The part of a built plan that a second look agrees with.
struct agreed_plan {
    flash_plan now;                       ///< its boards only
    std::vector<std::size_t> numbers;     ///< of each, in the plan
    std::vector<result<void>> objections; ///< of each board of the plan
};
[[nodiscard]] inline result<agreed_plan> agree_on(const flash_plan& planned, const survey& seen) {
    KF_TRY(auto now, plan(planned.wanted, seen));
    agreed_plan all{std::move(now), {}, {}};
    std::vector<board_plan> boards;
    for (std::size_t i = 0; i < planned.boards.size(); ++i) {
        auto board = agreed(planned.boards[i], all.now);
        all.objections.emplace_back();
        if (!board) {
            all.objections.back() = kf::fail(std::move(board).error());
            continue;
        }
        boards.push_back(*std::move(board));
        all.numbers.push_back(i);
    }
    all.now.boards = std::move(boards);
    KF_CHECK(agree(planned, all.now));
    return all;
}

} // namespace kf::flash
