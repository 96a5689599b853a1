// SPDX-License-Identifier: MIT
#pragma once
/// Errors are values. A function that can fail returns result<T>; the error says what happened, why it
/// probably did, and what a person can type next. Context is added where it is known and the whole is
/// printed once, in main (tools/cli).

#include <cassert>
#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace kf {

/// Every way in which an operation can end badly. The numeric exit status of each is in exit_status().
enum class errc {
    failed,          ///< it was tried and did not work
    io,              ///< the operating system refused a read, a write, a spawn
    timeout,         ///< a deadline passed
    malformed,       ///< a file or a message does not have the form it must have
    protocol,        ///< the other side answered against its protocol
    build_failed,    ///< make or the compiler failed
    flash_failed,    ///< the board was not written, its old firmware is intact
    half_written,    ///< writing began and did not finish: the board holds no valid firmware
    verify_failed,   ///< written, but what runs is not proven to be the image
    service_down,    ///< a service that was running before could not be proven to run again
    connection_lost, ///< the peer went away in the middle of an exchange
    usage,           ///< the command line or a request makes no sense
    refused,         ///< a guard said no, or could not know (unknown is not safe)
    busy,            ///< somebody else holds the port, the lock, the printer
    mismatch,        ///< image, board, bootloader or configuration do not belong together
    out_of_bounds,   ///< a coordinate or a size outside of its limits
    not_found,       ///< no such board, file, device
    not_connected,   ///< known, but not there now
    needs_person,    ///< a question has to be answered and there is no terminal
    interrupted,     ///< ended by a signal, in good order
};

/// The documented exit status: 1 failed, 2 wrong use, 3 refused for safety, 4 not found, 5 needs a person, 130
/// interrupted.
[[nodiscard]] constexpr int exit_status(errc code) noexcept {
    switch (code) {
    case errc::failed:
    case errc::io:
    case errc::timeout:
    case errc::malformed:
    case errc::protocol:
    case errc::build_failed:
    case errc::flash_failed:
    case errc::half_written:
    case errc::verify_failed:
    case errc::service_down:
    case errc::connection_lost: return 1;
    case errc::usage: return 2;
    case errc::refused:
    case errc::busy:
    case errc::mismatch:
    case errc::out_of_bounds: return 3;
    case errc::not_found:
    case errc::not_connected: return 4;
    case errc::needs_person: return 5;
    case errc::interrupted: return 130;
    }
    return 1;
}

/// The name under which an errc appears in --json ("errc").
[[nodiscard]] constexpr const char* name(errc code) noexcept {
    switch (code) {
    case errc::failed: return "failed";
    case errc::io: return "io";
    case errc::timeout: return "timeout";
    case errc::malformed: return "malformed";
    case errc::protocol: return "protocol";
    case errc::build_failed: return "build_failed";
    case errc::flash_failed: return "flash_failed";
    case errc::half_written: return "half_written";
    case errc::verify_failed: return "verify_failed";
    case errc::service_down: return "service_down";
    case errc::connection_lost: return "connection_lost";
    case errc::usage: return "usage";
    case errc::refused: return "refused";
    case errc::busy: return "busy";
    case errc::mismatch: return "mismatch";
    case errc::out_of_bounds: return "out_of_bounds";
    case errc::not_found: return "not_found";
    case errc::not_connected: return "not_connected";
    case errc::needs_person: return "needs_person";
    case errc::interrupted: return "interrupted";
    }
    return "failed";
}

struct error {
    errc code = errc::failed;
    std::string what;                    ///< one sentence: what happened
    std::string cause = {};              ///< likely cause, empty when what says it all
    std::string command = {};            ///< the command or file that failed, as a person would type it
    std::vector<std::string> steps = {}; ///< what to try, in order; each can be pasted or followed as it stands
    /// The last lines that a program printed. They are shown as they are: cut or wrapped, a path or a word of a
    /// compiler could not be searched for any more.
    std::vector<std::string> output = {};
    std::string board = {}; ///< the key of the board that it is about, where a job has to do with boards

    bool operator==(const error&) const = default;
};

template<class T>
using result = std::expected<T, error>;

[[nodiscard]] inline std::unexpected<error> fail(errc code, std::string what) {
    return std::unexpected(error{code, std::move(what)});
}
[[nodiscard]] inline std::unexpected<error> fail(error e) { return std::unexpected(std::move(e)); }

} // namespace kf

#define KF_DETAIL_CAT2(a, b) a##b
#define KF_DETAIL_CAT(a, b) KF_DETAIL_CAT2(a, b)

/// KF_TRY(auto x, f()): x is the value of f(), or the enclosing function returns f()'s error.
#define KF_TRY(decl, expr) KF_DETAIL_TRY(KF_DETAIL_CAT(kf_try_, __LINE__), decl, expr)
#define KF_DETAIL_TRY(tmp, decl, expr)                                                                                 \
    auto tmp = (expr);                                                                                                 \
    if (!tmp) return std::unexpected(std::move(tmp).error());                                                          \
    decl = std::move(*tmp)

/// KF_CHECK(f()): go on when f() succeeded, otherwise return its error.
#define KF_CHECK(expr)                                                                                                 \
    do {                                                                                                               \
        if (auto kf_check = (expr); !kf_check) return std::unexpected(std::move(kf_check).error());                    \
    } while (false)
