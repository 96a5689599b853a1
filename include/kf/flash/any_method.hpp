// SPDX-License-Identifier: MIT
#pragma once
/// The one place where a flash method is chosen at run time, by its row in board::flash_methods. A new method is one
/// header in flash/methods, which is included here, and its row.

#include <kf/flash/methods/katapult_script.hpp>
#include <kf/flash/methods/katapult_usb.hpp>
#include <kf/flash/methods/make_flash.hpp>

#include <cstdlib>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kf::flash {

/// errc::mismatch when the method cannot write what the configuration builds; known before the build.
[[nodiscard]] inline result<void> takes_kind(board::flash_method method, firmware::image_kind kind) {
    const auto& row = board::row_of(method);
    if (row.takes_kind(kind)) return {};
    std::string kinds;
    for (const auto k : {firmware::image_kind::bin, firmware::image_kind::uf2, firmware::image_kind::elf_hex,
                         firmware::image_kind::elf})
        if (row.takes_kind(k)) kinds += fmt::format("{}klipper{}", kinds.empty() ? "" : ", ", extension(k));
    error e{errc::mismatch,
            fmt::format("{} writes {}, this configuration builds klipper{}", row.name, kinds, extension(kind))};
    if (kind == firmware::image_kind::elf) e.cause = "it is the process of a Linux host: no board is flashed with it";
    if (kind == firmware::image_kind::elf_hex) e.cause = "it is for a chip for which there is no Katapult";
    if (kind == firmware::image_kind::uf2) {
        e.cause = "it is set up for a board without a bootloader";
        e.steps.emplace_back("if it has Katapult, choose its bootloader offset: kflash config BOARD");
    }
    for (const auto& other : board::flash_methods)
        if (other.takes_kind(kind)) e.steps.push_back(fmt::format("kflash edit BOARD --method {}", other.name));
    if (e.steps.empty()) e.steps.emplace_back("choose the board's chip: kflash config BOARD");
    return kf::fail(std::move(e));
}

/// errc::mismatch when the method has no way to a board at such an address.
[[nodiscard]] inline result<void> takes_address(board::flash_method method, const board::address& address) {
    if (board::row_of(method).reaches_kind(board::kind_of(address))) return {};
    error e{errc::mismatch, fmt::format("{} does not reach {}", name(method), board::found_as(address))};
    for (const auto other : board::all_flash_methods())
        if (board::row_of(other).reaches_kind(board::kind_of(address)))
            e.steps.push_back(fmt::format("kflash edit BOARD --method {}", name(other)));
    return kf::fail(std::move(e));
}

namespace detail {

template<io::process_runner Runner, io::clock Clock, std::size_t... I>
auto models_of(std::index_sequence<I...>)
    -> std::variant<decltype(model_of<static_cast<board::flash_method>(I)>::make(std::declval<Runner&>(),
                                                                                 std::declval<Clock>()))...>;
using every_row = std::make_index_sequence<board::flash_methods.size()>;

/// For what a model says without running anything.
struct no_runner {
    [[nodiscard]] result<io::run_outcome> run(const io::command&, const io::run_limits&, const io::output_sink&) {
        return kf::fail(errc::failed, "nothing is run here");
    }
};

/// f(std::integral_constant<flash_method, method>) of the row that is `method`.
template<class F>
decltype(auto) with_row(board::flash_method method, F&& f) {
    using first = std::integral_constant<board::flash_method, board::flash_method{}>;
    using given = decltype(f(first{}));
    const auto pick = [&]<std::size_t... I>(std::index_sequence<I...>) -> given {
        std::optional<given> made;
        (void)((static_cast<std::size_t>(method) == I
                    ? (made.emplace(
                           f(std::integral_constant<board::flash_method, static_cast<board::flash_method>(I)>{})),
                       true)
                    : false) ||
               ...);
        if (!made) std::abort(); // no row
        return std::move(*made);
    };
    return pick(every_row{});
}

} // namespace detail

template<io::process_runner Runner, io::clock Clock>
class any_method {
  public:
    using models = decltype(detail::models_of<Runner, Clock>(detail::every_row{}));

    template<class M>
    explicit any_method(M model)
      : model_(std::move(model)) {}

    /// Its tools, and whether it can do anything with what the configuration builds.
    [[nodiscard]] result<void> needs(const write_job& job) {
        return std::visit(
            [&](auto& m) -> result<void> {
                KF_CHECK(takes_kind(m.method, job.kind));
                KF_CHECK(takes_address(m.method, job.address));
                return m.needs(job);
            },
            model_);
    }
    template<sink Sink>
    [[nodiscard]] result<void> write(const write_job& job, Sink& out) {
        return std::visit([&](auto& m) { return m.write(job, out); }, model_);
    }
    [[nodiscard]] written wrote() {
        return std::visit([](auto& m) { return m.wrote(); }, model_);
    }
    [[nodiscard]] bool another_may_try() {
        return std::visit([](auto& m) { return m.another_may_try(); }, model_);
    }

  private:
    models model_;
};

template<io::process_runner Runner, io::clock Clock>
[[nodiscard]] any_method<Runner, Clock> make_method(board::flash_method method, Runner& runner, Clock clock) {
    return detail::with_row(method, [&]<board::flash_method Row>(std::integral_constant<board::flash_method, Row>) {
        auto model = model_of<Row>::make(runner, clock);
        static_assert(flash_method<decltype(model)> && decltype(model)::method == Row);
        return any_method<Runner, Clock>(std::move(model));
    });
}

/// What the method will do, line by line; pure.
[[nodiscard]] inline std::vector<std::string> plan_of(board::flash_method method, const write_job& job) {
    return detail::with_row(method, [&]<board::flash_method Row>(std::integral_constant<board::flash_method, Row>) {
        using model = decltype(model_of<Row>::make(std::declval<detail::no_runner&>(), io::steady_clock{}));
        return model::plan(job);
    });
}

} // namespace kf::flash
