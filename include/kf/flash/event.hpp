// SPDX-License-Identifier: MIT
#pragma once
/// What happens in a flash, typed, and whose it is: a board's, or the job's as a whole. Methods and checks speak to a
/// sink, as everywhere; owned_sink makes events of their words, and a reporter formats them.
///
/// | expression  | meaning               |
/// | ----------- | --------------------- |
/// | r.tell(e)   | something happened    |

#include <kf/sink.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <variant>

namespace kf::flash {

struct started {
    phase in;
    std::string_view text;
};
struct progressed {
    kf::progress how_far;
};
/// `loudness`: worth knowing, or only for those who look closely.
struct noted {
    enum class loudness { note, detail, frame } how = loudness::note;
    std::string_view text;
};
struct warned {
    std::string_view text;
};
struct failed {
    const error& why;
};
struct done {
    const record& what;
};

struct event {
    std::string_view board; ///< its key; empty: the job's
    std::variant<started, progressed, noted, warned, failed, done> what;
};

template<class R>
concept reporter = requires(R& r, const event& e) { r.tell(e); };

/// What stands in front of a board's turn in a batch.
[[nodiscard]] inline std::string divider(std::size_t number, std::size_t of, std::string_view name) {
    return fmt::format("--- {}/{} {}", number, of, name);
}

/// A sink whose words are all one board's, or all the job's. `Reporter` is a reporter.
template<class Reporter>
class owned_sink {
  public:
    owned_sink(Reporter& to, std::string board)
      : to_(&to)
      , board_(std::move(board)) {}

    void step(phase p, std::string_view text) { tell(started{p, text}); }
    void progress(const kf::progress& p) { tell(progressed{p}); }
    void note(std::string_view text) { tell(noted{noted::loudness::note, text}); }
    void detail(std::string_view text) { tell(noted{noted::loudness::detail, text}); }
    void frame(std::string_view text) { tell(noted{noted::loudness::frame, text}); }
    void warn(std::string_view text) { tell(warned{text}); }
    void fail(const error& e) { tell(failed{e}); }
    void result(const record& r) { tell(done{r}); }

  private:
    template<class What>
    void tell(What what) {
        to_->tell(event{board_, what});
    }
    Reporter* to_;
    std::string board_;
};

/// Formats events for a sink. Whose they are stands in front when there is more than one board, and beside the text for
/// a sink that asks for it (`whose`).
template<sink Sink>
class sink_reporter {
  public:
    sink_reporter(Sink& out, std::size_t boards)
      : out_(&out)
      , many_(boards > 1) {}

    void tell(const event& e) {
        if constexpr (requires { out_->whose(e.board); }) out_->whose(e.board);
        std::visit([&](const auto& what) { say(e.board, what); }, e.what);
        if constexpr (requires { out_->whose(e.board); }) out_->whose({});
    }

  private:
    [[nodiscard]] std::string text(std::string_view board, std::string_view words) const {
        return many_ && !board.empty() ? std::string(board) + ": " + std::string(words) : std::string(words);
    }
    void say(std::string_view board, const started& s) { out_->step(s.in, text(board, s.text)); }
    void say(std::string_view, const progressed& p) { out_->progress(p.how_far); }
    void say(std::string_view board, const noted& n) {
        switch (n.how) {
        case noted::loudness::note: return out_->note(text(board, n.text));
        case noted::loudness::detail: return out_->detail(n.text);
        case noted::loudness::frame: return out_->frame(n.text);
        }
    }
    void say(std::string_view board, const warned& w) { out_->warn(text(board, w.text)); }
    void say(std::string_view, const failed& f) { out_->fail(f.why); }
    /// Of many boards a person reads the table at the end, which is the job's.
    void say(std::string_view board, const done& d) {
        if (!many_ || board.empty()) return out_->result(d.what);
        record for_programs = d.what;
        for_programs.text.clear();
        out_->result(for_programs);
    }

    Sink* out_;
    bool many_;
};

} // namespace kf::flash
