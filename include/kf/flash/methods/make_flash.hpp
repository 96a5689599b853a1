// SPDX-License-Identifier: MIT
#pragma once
/// Klipper's own `make flash`, pointed at the build folder of this board and no other, kept from building again, and
/// held against the pinned image's SHA-256 right before and right after. For boards without Katapult: DFU, BOOTSEL,
/// AVR.

#include <kf/firmware/build.hpp>
#include <kf/flash/bootloader.hpp>
#include <kf/flash/external.hpp>

namespace kf::flash {

template<io::process_runner Runner, io::clock Clock>
class make_flash {
  public:
    static constexpr auto method = board::method_named("make_flash");

    make_flash(Runner& runner, Clock clock)
      : runner_(&runner)
      , clock_(clock) {}

    [[nodiscard]] result<void> needs(const write_job& job) const {
        std::error_code ec;
        if (!fs::exists(job.klipper_dir / "Makefile", ec))
            return kf::fail(errc::not_found, "there is no " + (job.klipper_dir / "Makefile").string());
        KF_CHECK(may_open_port(*runner_, job));
        return tools(job);
    }

    [[nodiscard]] static std::vector<std::string> plan(const write_job& job) {
        // Without Katapult it is Klipper's own script that asks for a bootloader.
        auto lines = job.seen_katapult ? bootloader_lines(job) : std::vector<std::string>{};
        lines.push_back(io::to_string(command(job, trail_of(job).start.path)));
        lines.emplace_back("compare the image's SHA-256 before and after");
        return lines;
    }

    template<sink Sink>
    [[nodiscard]] result<void> write(const write_job& job, Sink& out) {
        KF_CHECK(firmware::still_is(*job.image, built(job)));
        // It may wait in Katapult already: make flash takes that too.
        auto node = find_node(job, board::usb_firmware::klipper);
        if (!node) node = find_node(job, board::usb_firmware::katapult);
        if (!node)
            return kf::fail(errc::not_connected, "the board is not where it was: " + board::found_as(job.address));
        // Klipper's script finds Katapult by itself and writes to whatever start it names: so that is proven first.
        if (board::firmware_on(trail_of(job), *node) == board::usb_firmware::klipper && job.seen_katapult) {
            KF_TRY(node, enter_bootloader(job, clock_));
        }
        if (board::firmware_on(trail_of(job), *node) == board::usb_firmware::katapult)
            KF_CHECK(prove_bootloader(job, *node, clock_, out));
        auto ran = run_flasher(*runner_, command(job, node->path), job, out);
        if (!ran) {
            if (ran.error().code == errc::half_written) wrote_ = written::some;
            return kf::fail(std::move(ran).error());
        }
        if (ran->wrote || ran->run.status == 0) wrote_ = written::some;
        if (auto same = firmware::still_is(*job.image, built(job)); !same) {
            error e = std::move(same).error();
            e.code = wrote_ == written::nothing ? errc::flash_failed : errc::half_written;
            return kf::fail(std::move(e));
        }
        if (ran->run.status == 0) {
            wrote_ = written::all;
            return {};
        }
        if (!ran->wrote)
            return kf::fail(error{errc::flash_failed,
                                  "make flash failed before it wrote anything",
                                  {},
                                  io::to_string(command(job, node->path)),
                                  {},
                                  ran->tail.last()});
        // dfu-util often ends badly after a good flash: what runs on the board decides, not an exit status.
        wrote_ = written::all;
        out.warn(
            fmt::format("make flash ended with status {} after it had written; the board itself is asked what it runs",
                        ran->run.status));
        return {};
    }

    [[nodiscard]] written wrote() const noexcept { return wrote_; }
    /// It is the last resort itself.
    [[nodiscard]] bool another_may_try() const noexcept { return false; }

  private:
    /// What Klipper's script will run for this chip, and as whom. A board with Katapult needs neither.
    [[nodiscard]] result<void> tools(const write_job& job) const {
        std::error_code ec;
        if (job.seen_katapult || !fs::exists(job.klipper_dir / "scripts/flash_usb.py", ec)) return {};
        const auto works = [&](std::vector<std::string> argv) {
            const auto ran =
                io::run_and_capture(*runner_, io::command{.argv = std::move(argv), .run_as = job.run_as}, 10);
            return ran && ran->first.status == 0;
        };
        const bool dfu = job.mcu.starts_with("stm32");
        if (dfu && !works({"dfu-util", "--version"}))
            return kf::fail(error{errc::not_found,
                                  "dfu-util is not there, make flash needs it for " + job.mcu,
                                  {},
                                  "dfu-util --version",
                                  {"sudo apt install dfu-util", "run this again"}});
        if (board::is_avr(job.mcu) && !works({"avrdude", "-?"}))
            return kf::fail(error{errc::not_found,
                                  "avrdude is not there, make flash needs it for " + job.mcu,
                                  {},
                                  "avrdude -?",
                                  {"sudo apt install avrdude", "run this again"}});
        const bool pico = job.mcu.starts_with("rp2");
        if (pico && !fs::exists(job.klipper_dir / "lib/rp2040_flash/rp2040_flash", ec) &&
            !works({"pkg-config", "--exists", "libusb-1.0"}))
            return kf::fail(error{errc::not_found,
                                  "libusb's headers are not there, make flash needs them for " + job.mcu,
                                  {},
                                  "pkg-config --exists libusb-1.0",
                                  {"sudo apt install libusb-1.0-0-dev pkg-config", "run this again"}});
        if ((dfu || pico) && !job.as_root && !works({"sudo", "-n", "true"}))
            return kf::fail(
                error{errc::refused,
                      "make flash runs sudo for " + job.mcu + ", and sudo wants a password",
                      "it would ask in the middle of the flash, with the printer stopped",
                      "sudo -n true",
                      {"allow sudo without a password for this user", "or run kflash in a shell of root's"}});
        return {};
    }

    static fs::path built(const write_job& job) { return job.out_dir / (std::string("klipper") + extension(job.kind)); }

    /// -o: make takes the image for up to date, whatever the clock of its sources says.
    static io::command command(const write_job& job, const fs::path& device) {
        io::command c{{"make", "-C", job.klipper_dir.string(), "OUT=" + (job.out_dir / "").string(),
                       "KCONFIG_CONFIG=" + job.config.string(), "-o", built(job).string(),
                       "FLASH_DEVICE=" + device.string()},
                      {},
                      firmware::make_environment(),
                      job.run_as};
        if (job.as_root) c.argv.emplace_back("NOSUDO=1");
        c.argv.emplace_back("flash");
        return c;
    }

    Runner* runner_;
    Clock clock_;
    written wrote_ = written::nothing;
};

template<>
struct model_of<board::method_named("make_flash")> {
    template<io::process_runner Runner, io::clock Clock>
    static make_flash<Runner, Clock> make(Runner& runner, Clock clock) {
        return make_flash<Runner, Clock>(runner, clock);
    }
};

} // namespace kf::flash
