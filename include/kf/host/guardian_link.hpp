// SPDX-License-Identifier: MIT
#pragma once
/// The line to a guardian, whatever it is: a child of ours, or a unit of the service manager behind a socket. Closing
/// it tells the guardian that we are gone; a flasher that inherits its descriptor keeps the guardian waiting.

#include <kf/io/posix_process.hpp>
#include <kf/io/unix_socket.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace kf::host {

class guardian_link {
  public:
    explicit guardian_link(io::piped_child child)
      : child_(std::move(child)) {}
    explicit guardian_link(io::unix_socket socket)
      : socket_(std::move(socket)) {}

    [[nodiscard]] result<void> write_line(std::string_view line) {
        if (child_) return child_->write_line(line);
        const std::string text = std::string(line) + "\n";
        return socket_->write_all(io::byte_view(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()),
                                  std::chrono::steady_clock::now() + std::chrono::seconds(5));
    }

    /// Its next line, without the newline.
    [[nodiscard]] result<std::string> read_line(io::time_point until) {
        if (child_) return child_->read_line(until);
        return io::next_line(buffer_, [&](std::span<std::uint8_t> room) { return socket_->read_some(room, until); });
    }

    /// -1 once it is closed.
    [[nodiscard]] int descriptor() const noexcept {
        return child_ ? child_->input_fd() : socket_ ? socket_->native_handle() : -1;
    }

    /// Says goodbye; a child that owes nothing gets `patience` to end, one that was frozen and must not wake up is
    /// ended.
    enum class leave { let_it_go_on, wait, end_it };
    void close(leave how) noexcept {
        socket_.reset();
        if (!child_) return;
        child_->close_input();
        if (how == leave::wait) (void)child_->wait(std::chrono::steady_clock::now() + std::chrono::seconds(2));
        if (how == leave::end_it) ::kill(child_->pid(), SIGKILL);
        child_.reset();
    }

  private:
    std::optional<io::piped_child> child_;
    std::optional<io::unix_socket> socket_;
    std::string buffer_;
};

} // namespace kf::host
