// SPDX-License-Identifier: MIT
#pragma once
/// A command of kflash that runs beside the menu, in a process of its own: nothing that it waits for holds up the
/// screen, and nothing that happens to the screen holds up the command. What it prints comes line by line.

#include <kf/io/posix_process.hpp>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

namespace kf::kflash {

class beside {
  public:
    /// `words`: of the command, with its name.
    [[nodiscard]] static result<beside> start(const std::string& self, const std::vector<std::string>& words) {
        io::command c{{self}};
        c.argv.insert(c.argv.end(), words.begin(), words.end());
        KF_TRY(auto child, io::piped_child::start(c, io::piped_child::errors::with_stdout));
        return beside(std::move(child));
    }

    [[nodiscard]] int fd() const noexcept { return child_.output_fd(); }

    /// Calls `take(line)` for what has come. True once it has ended: then status() says how.
    template<class Take>
    bool listen(Take&& take) {
        while (!ended_) {
            auto line = child_.read_line(io::time_point::min());
            if (line)
                take(*std::move(line));
            else if (line.error().code == errc::timeout)
                return false;
            else
                ended_ = true;
        }
        if (!status_) status_ = child_.wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(50));
        return status_.has_value();
    }
    [[nodiscard]] int status() const { return status_.value_or(1); }

    /// An answer to its question. It may have gone meanwhile: then it is nobody's.
    void answer(const std::string& text) { (void)child_.write_line(text); }
    void signal(int number) const {
        if (!status_) ::kill(child_.pid(), number);
    }

  private:
    explicit beside(io::piped_child child)
      : child_(std::move(child)) {}
    io::piped_child child_;
    bool ended_ = false;
    std::optional<int> status_ = {};
};

} // namespace kf::kflash
