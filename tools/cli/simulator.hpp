// SPDX-License-Identifier: MIT
#pragma once
/// ksim as a child of a tool: what --sim works on. It ends with its owner, and is gone when the owner goes on.

#include "command.hpp"

#include <kf/io/json_fields.hpp>
#include <kf/io/posix_process.hpp>

#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace kf::cli {

class simulator {
  public:
    /// Runs `ksim WORDS...` and takes its first line, a JSON object that says where everything is. When it does not
    /// come up the cause is ksim's own.
    [[nodiscard]] static result<simulator> start(const invocation& in, std::vector<std::string> words) {
        // ksim lies beside us, in the build tree as in /usr/bin.
        const auto beside = std::filesystem::path(in.self).parent_path() / "ksim";
        std::error_code ec;
        io::command c{{std::filesystem::exists(beside, ec) ? beside.string() : "ksim"}};
        c.argv.insert(c.argv.end(), words.begin(), words.end());
        if (in.quiet || in.json) c.argv.emplace_back("--quiet"); // its words are not ours
        KF_TRY(auto child, io::piped_child::start(c));
        simulator s(std::move(child));
        const auto line = s.child_.read_line(std::chrono::steady_clock::now() + std::chrono::seconds(60));
        error e{errc::failed, "the simulation did not start", {}, io::to_string(c), {}};
        if (!line) {
            e.cause = line.error().code == errc::connection_lost ? "ksim ended" : line.error().what;
            return kf::fail(std::move(e));
        }
        boost::system::error_code bad;
        const auto value = boost::json::parse(*line, bad);
        if (bad || !value.is_object()) {
            e.cause = "ksim did not say where its world is: " + *line;
            return kf::fail(std::move(e));
        }
        s.world_ = value.get_object();
        if (s.text("event") != "error") return s;
        e.cause = s.text("what") + (s.text("cause").empty() ? "" : ": " + s.text("cause"));
        return kf::fail(std::move(e));
    }

    simulator(simulator&&) = default;
    simulator& operator=(simulator&&) = default;
    ~simulator() { end(); }

    /// Closes its input, which it takes for its end, and waits.
    void end() {
        child_.close_input();
        if (!child_.wait(std::chrono::steady_clock::now() + std::chrono::seconds(20))) child_.end();
    }

    [[nodiscard]] const boost::json::object& world() const noexcept { return world_; }
    /// A member of it that is text, empty when there is none.
    [[nodiscard]] std::string text(const char* name) const { return io::text_at(world_, name); }

  private:
    explicit simulator(io::piped_child child)
      : child_(std::move(child)) {}
    io::piped_child child_;
    boost::json::object world_;
};

} // namespace kf::cli
