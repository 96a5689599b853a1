// SPDX-License-Identifier: MIT
#pragma once
/// The one place where a flash method is chosen at run time. A new method is one header and one row here, beside its
/// name in board::flash_method_names.

#include <kf/flash/katapult_script.hpp>
#include <kf/flash/katapult_usb.hpp>
#include <kf/flash/make_flash.hpp>

#include <variant>

namespace kf::flash {

template<io::process_runner Runner, io::clock Clock>
class any_method {
  public:
    using models = std::variant<katapult_usb<Clock>, katapult_script<Runner, Clock>, make_flash<Runner, Clock>>;

    template<class M>
    explicit any_method(M model)
      : model_(std::move(model)) {}

    [[nodiscard]] result<void> needs(const write_job& job) {
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

  private:
    models model_;
};

template<io::process_runner Runner, io::clock Clock>
[[nodiscard]] any_method<Runner, Clock> make_method(board::flash_method method, Runner& runner, Clock clock) {
    static_assert(flash_method<katapult_usb<Clock>>);
    static_assert(flash_method<katapult_script<Runner, Clock>>);
    static_assert(flash_method<make_flash<Runner, Clock>>);
    switch (method) {
    case board::flash_method::katapult: break;
    case board::flash_method::katapult_script:
        return any_method<Runner, Clock>(katapult_script<Runner, Clock>(runner, clock));
    case board::flash_method::make_flash: return any_method<Runner, Clock>(make_flash<Runner, Clock>(runner, clock));
    }
    return any_method<Runner, Clock>(katapult_usb<Clock>(clock));
}

} // namespace kf::flash
