// SPDX-License-Identifier: MIT
#pragma once
/// The flash_method policy: how a pinned image gets into one board.
///
/// | expression           | meaning                                  | guarantees                                  |
/// | -------------------- | ---------------------------------------- | ------------------------------------------- |
/// | M::method            | its board::flash_method                  | constant; has its row in flash_methods      |
/// | m.needs(job)         | are its tools there                      | before the build and before anything stops: |
/// |                      |                                          | job.image is not looked at                  |
/// | M::plan(job)         | what it will do, command by command      | pure; what the plan prints; as needs        |
/// | m.write(job, sink)   | write exactly job.image into job's board | progress; the two below are true            |
/// | m.wrote()            | how far it came                          | nothing: the old firmware is intact         |
/// | m.another_may_try()  | may another method be tried now          | true only after a failure of its own way to |
/// |                      |                                          | the board: nothing says that the image, the |
/// |                      |                                          | board or the person is against another one  |
///
/// A method never writes anything but the pinned image, proves what the bootloader tells before the first block, and
/// never starts an application that it could not verify. A model is a header of flash/methods and says by model_of of
/// which row it is.

#include <kf/board/address.hpp>
#include <kf/board/board.hpp>
#include <kf/firmware/image.hpp>
#include <kf/flash/device_watch.hpp>
#include <kf/io/process.hpp>
#include <kf/sink.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kf::flash {

enum class written { nothing, some, all };

[[nodiscard]] constexpr const char* name(written w) noexcept {
    switch (w) {
    case written::nothing: return "nothing";
    case written::some: return "some";
    case written::all: return "all";
    }
    return "?";
}

struct write_job {
    const firmware::image* image = nullptr; ///< null before the build
    firmware::image_kind kind = firmware::image_kind::bin;
    fs::path image_file = {};    ///< the pinned copy, in a folder of its own, under Klipper's file name
    std::string mcu = {};        ///< CONFIG_MCU of its configuration
    std::uint64_t start = 0;     ///< CONFIG_FLASH_APPLICATION_ADDRESS
    bool seen_katapult = false;  ///< it was seen in Katapult, now or earlier
    board::address address = {}; ///< the board, as it was found
    /// Told how the board shows itself in its bootloader.
    std::function<void(const board::device&)> met_bootloader = {};
    fs::path proc = "/proc";
    fs::path klipper_dir = {}, katapult_dir = {};
    fs::path out_dir = {}, config = {};      ///< of the build: what `make flash` is pointed at
    std::optional<io::user_ids> run_as = {}; ///< under sudo: whose trees they are, and who runs what is in them
    bool as_root = false;                    ///< what runs without that is root's already
    std::vector<int> keep_open = {};         ///< the guardian's pipe: an external flasher holds it
    seconds timeout = 60;                    ///< to the first write; a flasher that writes may go on
    seconds silence = 120;                   ///< and is ended after so long without a word
};

/// The board with `firmware`, if it is there now.
[[nodiscard]] inline std::optional<board::device> find_node(const write_job& job, board::usb_firmware firmware) {
    return std::visit([&](const auto& on) { return find_node(on, firmware); }, job.address);
}
/// The board is where it was found, and runs what it ran then.
[[nodiscard]] inline bool is_where_it_was(const write_job& job) {
    return std::visit(
        [](const board::usb_address& on) {
            return find_node(on, board::firmware_on(on.trail, on.trail.start)).has_value();
        },
        job.address);
}

/// The board as it is followed on USB; null for one that is reached by another way.
[[nodiscard]] inline const board::trail* trail_on_usb(const write_job& job) {
    const auto* on = std::get_if<board::usb_address>(&job.address);
    return on == nullptr ? nullptr : &on->trail;
}
/// For methods of boards on USB: their rows say that they reach no others.
[[nodiscard]] inline const board::usb_address& usb_of(const write_job& job) {
    return std::get<board::usb_address>(job.address);
}
[[nodiscard]] inline const board::trail& trail_of(const write_job& job) { return usb_of(job).trail; }

/// Specialised by each model, with `make(runner, clock)`.
template<board::flash_method Method>
struct model_of {
    static_assert(static_cast<std::size_t>(Method) >= board::flash_methods.size(),
                  "a row of flash_methods has no model: include its header in flash/any_method.hpp");
};

/// A write() that succeeds has written all; whatever wrote less gives an error, and wrote() says how far it came: what
/// follows (another method, the words to the person, whether the board has a firmware) depends on it.
template<class M, class S = silent_sink>
concept flash_method = requires(M& m, const write_job& job, S& s) {
    { M::method } -> std::convertible_to<board::flash_method>;
    { m.needs(job) } -> std::same_as<result<void>>;
    { M::plan(job) } -> std::same_as<std::vector<std::string>>;
    { m.write(job, s) } -> std::same_as<result<void>>;
    { m.wrote() } -> std::same_as<written>;
    { m.another_may_try() } -> std::same_as<bool>;
};

/// The steps for a board that holds no whole firmware.
[[nodiscard]] inline std::vector<std::string> half_written_steps() {
    return {"keep the board powered and run the same command again",
            "if it is not found: press its reset button twice (Katapult) or hold BOOT while you plug it in",
            "kflash list shows under which name it is there"};
}

} // namespace kf::flash
