// SPDX-License-Identifier: MIT
#pragma once
/// The one place where a sink is chosen at run time, and the one that sends the same words to two.

#include <kf/sink/json_lines.hpp>
#include <kf/sink/terminal.hpp>

#include <variant>

namespace kf {

/// A models list and nothing else: std::visit over it is the run-time choice of --json and --quiet.
class any_sink {
  public:
    template<sink S>
    any_sink(S model)
      : model_(std::move(model)) {} // NOLINT: implicit on purpose

    /// For the models that ask for it: of which board the next words are.
    void whose(std::string_view board) {
        visit([&](auto& s) {
            if constexpr (requires { s.whose(board); }) s.whose(board);
        });
    }
    void step(phase p, std::string_view t) {
        visit([&](auto& s) { s.step(p, t); });
    }
    void progress(const kf::progress& p) {
        visit([&](auto& s) { s.progress(p); });
    }
    void note(std::string_view t) {
        visit([&](auto& s) { s.note(t); });
    }
    void warn(std::string_view t) {
        visit([&](auto& s) { s.warn(t); });
    }
    void detail(std::string_view t) {
        visit([&](auto& s) { s.detail(t); });
    }
    void frame(std::string_view t) {
        visit([&](auto& s) { s.frame(t); });
    }
    void fail(const error& e) {
        visit([&](auto& s) { s.fail(e); });
    }
    void result(const record& r) {
        visit([&](auto& s) { s.result(r); });
    }

  private:
    template<class F>
    void visit(F&& f) {
        std::visit(std::forward<F>(f), model_);
    }
    std::variant<terminal_sink, json_lines_sink, silent_sink> model_;
};
static_assert(sink<any_sink>);

template<sink A, sink B>
class tee_sink {
  public:
    tee_sink(A a, B b)
      : a_(std::move(a))
      , b_(std::move(b)) {}

    void whose(std::string_view board) {
        both([&](auto& s) {
            if constexpr (requires { s.whose(board); }) s.whose(board);
        });
    }
    void step(phase p, std::string_view t) {
        both([&](auto& s) { s.step(p, t); });
    }
    void progress(const kf::progress& p) {
        both([&](auto& s) { s.progress(p); });
    }
    void note(std::string_view t) {
        both([&](auto& s) { s.note(t); });
    }
    void warn(std::string_view t) {
        both([&](auto& s) { s.warn(t); });
    }
    void detail(std::string_view t) {
        both([&](auto& s) { s.detail(t); });
    }
    void frame(std::string_view t) {
        both([&](auto& s) { s.frame(t); });
    }
    void fail(const error& e) {
        both([&](auto& s) { s.fail(e); });
    }
    void result(const record& r) {
        both([&](auto& s) { s.result(r); });
    }

  private:
    template<class F>
    void both(F&& f) {
        f(a_);
        f(b_);
    }
    A a_;
    B b_;
};

} // namespace kf
