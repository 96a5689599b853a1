// SPDX-License-Identifier: MIT
#pragma once
/// What a person changes of a board on its page: collected, each value checked at once, and saved by one command. The
/// key never changes, so a rename moves no configuration.

#include <kf/board/registry.hpp>

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::menu {

enum class draft_field { name, mcu, method, flashable };
inline constexpr std::array draft_fields{draft_field::name, draft_field::mcu, draft_field::method,
                                         draft_field::flashable};

class board_draft {
  public:
    board_draft(board::registry registry, board::board old)
      : registry_(std::move(registry))
      , old_(std::move(old))
      , now_(old_) {}

    [[nodiscard]] const board::board& old() const noexcept { return old_; }
    [[nodiscard]] const board::board& now() const noexcept { return now_; }
    [[nodiscard]] bool is_changed() const { return now_ != old_; }

    [[nodiscard]] static constexpr const char* label(draft_field f) noexcept {
        constexpr std::array texts{"name", "MCU", "method", "flashed"};
        return texts[static_cast<std::size_t>(f)];
    }
    [[nodiscard]] std::string text(draft_field f) const {
        switch (f) {
        case draft_field::name: return now_.name;
        case draft_field::mcu: return now_.mcu;
        case draft_field::method:
            return now_.method ? board::name(*now_.method)
                               : fmt::format("default ({})", board::name(registry_.settings.default_flash_method));
        case draft_field::flashable: return now_.flashable ? "yes" : "never: it is excluded";
        }
        return {};
    }
    /// A field that has only a few values: Enter leads to the next one.
    [[nodiscard]] static constexpr bool cycles(draft_field f) noexcept {
        return f == draft_field::method || f == draft_field::flashable;
    }

    /// The default, each method that there is for the chip, and the default again; or yes and no.
    void cycle(draft_field f) {
        if (f == draft_field::flashable) now_.flashable = !now_.flashable;
        if (f != draft_field::method) return;
        std::vector<std::optional<board::flash_method>> all{std::nullopt};
        for (const auto m : board::all_flash_methods())
            if (!board::row_of(m).needs_katapult || !board::is_avr(now_.mcu)) all.emplace_back(m);
        const auto here = std::ranges::find(all, now_.method);
        now_.method = here == all.end() || here + 1 == all.end() ? all.front() : *(here + 1);
    }
    /// errc::usage with what is wrong; the draft is as it was then.
    [[nodiscard]] result<void> set(draft_field f, std::string text) {
        auto changed = now_;
        (f == draft_field::name ? changed.name : changed.mcu) = std::move(text);
        if (const auto p = board::problem(changed)) return kf::fail(errc::usage, "its " + p->field + " " + p->what);
        if (f == draft_field::name) KF_CHECK(board::check_name(registry_, changed.name, old_.key));
        now_ = std::move(changed);
        return {};
    }

    /// The command that saves it, without the tool's name: nothing but what was changed.
    [[nodiscard]] std::vector<std::string> words() const {
        std::vector<std::string> words{"edit", old_.key};
        // With their "=": a name may begin with a dash.
        const auto give = [&](const char* option, const std::string& value) {
            words.push_back(fmt::format("{}={}", option, value));
        };
        if (now_.name != old_.name) give("--name", now_.name);
        if (now_.mcu != old_.mcu) give("--mcu", now_.mcu);
        if (now_.method != old_.method) give("--method", now_.method ? board::name(*now_.method) : "default");
        if (now_.flashable != old_.flashable) words.emplace_back(now_.flashable ? "--include" : "--exclude");
        return words;
    }

  private:
    board::registry registry_;
    board::board old_, now_;
};

} // namespace kf::menu
