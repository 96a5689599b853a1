// SPDX-License-Identifier: MIT
#pragma once
/// machine.yaml as programs change it: the file that a link points to, as a whole or not at all, with its mode, and the
/// text of before kept. A person edits it, too: what was changed since it was read is not written over.

#include <kf/error.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/machine/machine_file.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <string>

namespace kf::machine {

/// `before` is the whole text as it was read, `after` as it shall be; `kept` gets the first. errc::refused when the
/// file is neither of them any more.
[[nodiscard]] inline result<void> write_machine(const std::filesystem::path& file, const std::string& before,
                                                const std::string& after, const std::filesystem::path& kept) {
    KF_TRY(const std::string now, read_text(file.string()));
    if (now == after) return {};
    if (now != before)
        return kf::fail({errc::refused,
                         fmt::format("{} was changed by somebody else meanwhile", file.string()),
                         {},
                         file.string(),
                         {}});
    std::error_code ec;
    auto target = std::filesystem::canonical(file, ec);
    if (ec) target = file;
    const auto permissions = std::filesystem::status(target, ec).permissions();
    const mode_t mode = ec ? 0644 : static_cast<mode_t>(permissions) & 0777U;
    KF_CHECK(io::write_file(kept, before, mode));
    return io::write_file(target, after, mode);
}

} // namespace kf::machine
