// SPDX-License-Identifier: MIT
#pragma once
/// The one place where a flash method is chosen at run time. A new method is one header, its row in
/// board::flash_methods, and its place in `models` and make_method() here.

#include <kf/flash/katapult_script.hpp>
#include <kf/flash/katapult_usb.hpp>
#include <kf/flash/make_flash.hpp>

#include <cstdlib>
#include <string>
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

template<io::process_runner Runner, io::clock Clock>
class any_method {
  public:
    using models = std::variant<katapult_usb<Clock>, katapult_script<Runner, Clock>, make_flash<Runner, Clock>>;

    template<class M>
    explicit any_method(M model)
      : model_(std::move(model)) {}

    /// Its tools, and whether it can do anything with what the configuration builds.
    [[nodiscard]] result<void> needs(const write_job& job) {
        KF_CHECK(std::visit([&](auto& m) { return takes_kind(m.method, job.kind); }, model_));
        return std::visit([&](auto& m) { return m.needs(job); }, model_);
    }
    [[nodiscard]] std::vector<std::string> plan(const write_job& job) {
        return std::visit([&](auto& m) { return m.plan(job); }, model_);
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
    static_assert(flash_method<katapult_usb<Clock>>);
    static_assert(flash_method<katapult_script<Runner, Clock>>);
    static_assert(flash_method<make_flash<Runner, Clock>>);
    static_assert(std::variant_size_v<typename any_method<Runner, Clock>::models> == board::flash_methods.size());
    switch (method) {
    case board::flash_method::katapult: return any_method<Runner, Clock>(katapult_usb<Clock>(clock));
    case board::flash_method::katapult_script:
        return any_method<Runner, Clock>(katapult_script<Runner, Clock>(runner, clock));
    case board::flash_method::make_flash: return any_method<Runner, Clock>(make_flash<Runner, Clock>(runner, clock));
    }
    std::abort(); // no value of the enum
}

} // namespace kf::flash
