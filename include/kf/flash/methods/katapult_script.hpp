// SPDX-License-Identifier: MIT
#pragma once
/// Katapult's own flashtool.py, for those who trust it more than ours. The bootloader is entered natively, so that the
/// tool meets a board that is there; it is judged by its closing lines, since its exit status 0 may mean that nothing
/// was flashed.

#include <kf/flash/bootloader.hpp>
#include <kf/flash/external.hpp>

namespace kf::flash {

template<io::process_runner Runner, io::clock Clock>
class katapult_script {
  public:
    static constexpr auto method = board::method_named("katapult_script");

    katapult_script(Runner& runner, Clock clock)
      : runner_(&runner)
      , clock_(clock) {}

    [[nodiscard]] result<void> needs(const write_job& job) const {
        std::error_code ec;
        if (!fs::exists(script(job), ec))
            return kf::fail(error{errc::not_found,
                                  "there is no " + script(job).string(),
                                  "katapult_dir is wrong or empty",
                                  {},
                                  {"git clone https://github.com/Arksine/katapult " + job.katapult_dir.string(),
                                   "or: kflash settings --katapult-dir DIR"}});
        KF_CHECK(may_open_port(*runner_, job));
        const auto python = io::run_and_capture(
            *runner_, io::command{.argv = {"python3", "-c", "import serial"}, .run_as = job.run_as}, 20);
        if (!python) return kf::fail(python.error());
        if (python->first.status != 0)
            return kf::fail(
                error{errc::not_found,
                      "python3 has no pyserial, flashtool.py needs it",
                      {},
                      {},
                      {"sudo apt install python3-serial", "or use --method katapult, which needs no Python"}});
        return {};
    }

    [[nodiscard]] static std::vector<std::string> plan(const write_job& job) {
        auto lines = bootloader_lines(job);
        lines.push_back(io::to_string(command(job, "/dev/serial/by-id/usb-katapult_...")));
        lines.emplace_back("demand its lines \"Verification Complete\" and \"Programming Complete\"");
        return lines;
    }

    template<sink Sink>
    [[nodiscard]] result<void> write(const write_job& job, Sink& out) {
        const auto entered = enter_bootloader(job, clock_);
        another_may_try_ = !entered && is_no_katapult(entered.error());
        KF_TRY(const auto node, entered);
        // flashtool.py compares no start address: that proof is made here, and the board stays in its bootloader.
        KF_CHECK(prove_bootloader(job, node, clock_, out));
        auto ran = run_flasher(*runner_, command(job, node.path), job, out);
        if (!ran) {
            if (ran.error().code == errc::half_written) wrote_ = written::some;
            return kf::fail(std::move(ran).error());
        }
        if (ran->wrote) wrote_ = written::some;
        if (ran->run.status == 0 && ran->tail.mentions("Verification Complete") &&
            ran->tail.mentions("Programming Complete")) {
            wrote_ = written::all;
            return {};
        }
        another_may_try_ = !ran->wrote;
        return kf::fail(error{
            ran->wrote ? errc::half_written : errc::flash_failed, "flashtool.py did not finish its work",
            ran->wrote ? "it had begun to write: the board is half written" : "nothing was written",
            io::to_string(command(job, node.path)),
            ran->wrote ? half_written_steps() : std::vector<std::string>{"try the native method: --method katapult"},
            ran->tail.last()});
    }

    [[nodiscard]] written wrote() const noexcept { return wrote_; }
    [[nodiscard]] bool another_may_try() const noexcept { return another_may_try_; }

  private:
    static fs::path script(const write_job& job) { return job.katapult_dir / "scripts" / "flashtool.py"; }
    static io::command command(const write_job& job, const fs::path& device) {
        return {{"python3", script(job).string(), "-d", device.string(), "-f", job.image_file.string()},
                {},
                {{"PYTHONUNBUFFERED", "1"}},
                job.run_as};
    }
    Runner* runner_;
    Clock clock_;
    written wrote_ = written::nothing;
    bool another_may_try_ = false;
};

template<>
struct model_of<board::method_named("katapult_script")> {
    template<io::process_runner Runner, io::clock Clock>
    static katapult_script<Runner, Clock> make(Runner& runner, Clock clock) {
        return katapult_script<Runner, Clock>(runner, clock);
    }
};

} // namespace kf::flash
