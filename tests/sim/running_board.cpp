// SPDX-License-Identifier: MIT
// The simulated board over a real PTY, driven by the native session and identify. The board runs in a thread with its
// clock at 1000 times; every wait here ends as soon as what it waits for is there.
#include "../scripted_link.hpp"

#include <kf/flash/katapult.hpp>
#include <kf/io/serial_port.hpp>
#include <kf/mcu/identify.hpp>
#include <kf/sim/running_board.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>

namespace running_board_test {

namespace board_test {

using namespace kf;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

class stage {
  public:
    sim::board_options options;
    io::steady_clock clock;

    stage() {
        char name[] = "/tmp/kf-board-XXXXXX";
        BOOST_REQUIRE(::mkdtemp(name) != nullptr);
        root_ = name;
        options.by_id = root_ / "by-id";
        options.flash_file = root_ / "flash";
        options.speed = 1000;
    }
    ~stage() {
        power_off();
        std::error_code ignored;
        fs::remove_all(root_, ignored);
    }

    void preload(const io::bytes& image) const {
        auto file = sim::flash_file::open(options.flash_file, sim::application_area(options));
        BOOST_REQUIRE(file.has_value());
        file->preload(image);
    }
    [[nodiscard]] io::bytes flash(std::size_t count) const {
        auto file = sim::flash_file::open(options.flash_file, sim::application_area(options));
        BOOST_REQUIRE(file.has_value());
        return {file->bytes().begin(), file->bytes().begin() + static_cast<std::ptrdiff_t>(count)};
    }

    void power_on() {
        stop_ = false;
        thread_ =
            std::thread([this] { ended_well_ = sim::run_board(options, [this] { return stop_.load(); }).has_value(); });
    }
    void power_off() {
        stop_ = true;
        if (!thread_.joinable()) return;
        thread_.join();
        BOOST_TEST(ended_well_.load());
    }

    [[nodiscard]] fs::path klipper() const { return options.by_id / sim::by_id_name(sim::klipper_face(options)); }
    [[nodiscard]] fs::path katapult() const { return options.by_id / sim::by_id_name(sim::katapult_face(options)); }
    [[nodiscard]] static bool there(const fs::path& link) { return fs::is_symlink(link); }
    [[nodiscard]] bool appears(const fs::path& link) const {
        const auto until = clock.now() + 60s;
        while (!there(link) && clock.now() < until) clock.sleep_until(clock.now() + io::duration(1ms));
        return there(link);
    }

    [[nodiscard]] io::serial_port open(const fs::path& link) const {
        BOOST_REQUIRE(appears(link));
        auto port = io::serial_port::open(link.string());
        BOOST_REQUIRE_MESSAGE(port.has_value(), (port ? "" : port.error().what));
        return std::move(*port);
    }
    void request_bootloader() const { BOOST_REQUIRE(open(klipper()).request_bootloader().has_value()); }

    [[nodiscard]] result<void> flash_image(const io::bytes& image) {
        auto port = open(katapult());
        flash::katapult_session session(port, clock);
        KF_CHECK(session.connect());
        KF_CHECK(session.write(image, [](std::size_t, std::size_t, flash::katapult_pass) {}));
        return session.leave();
    }
    [[nodiscard]] std::string version() {
        auto port = open(klipper());
        const auto d = mcu::identify(port, clock, clock.now() + 60s);
        BOOST_REQUIRE_MESSAGE(d.has_value(), (d ? "" : d.error().what));
        return d->version;
    }

  private:
    fs::path root_;
    std::atomic<bool> stop_ = false;
    std::atomic<bool> ended_well_ = true;
    std::thread thread_;
};

sim::image_recipe stm32(const std::string& version) {
    sim::image_recipe r;
    r.version = version;
    return r;
}

BOOST_AUTO_TEST_SUITE(board)

BOOST_AUTO_TEST_CASE(a_running_board_is_flashed_and_comes_back_with_the_new_version) {
    stage b;
    b.preload(sim::make_image(stm32("v0.12.0-1-gaaaaaaa")));
    b.power_on();
    BOOST_TEST(b.version() == "v0.12.0-1-gaaaaaaa");
    BOOST_TEST(b.version() == "v0.12.0-1-gaaaaaaa"); // a second session finds another sequence number
    b.request_bootloader();
    BOOST_TEST(b.appears(b.katapult()));
    BOOST_TEST(!b.there(b.klipper()));
    const io::bytes image = sim::make_image(stm32("v0.13.0-2-gbbbbbbb"));
    const auto done = b.flash_image(image);
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().what));
    BOOST_TEST(b.version() == "v0.13.0-2-gbbbbbbb");
    BOOST_TEST(!b.there(b.katapult()));
    b.power_off();
    BOOST_TEST((b.flash(image.size()) == image));
    BOOST_TEST(!b.there(b.klipper()));
}

BOOST_AUTO_TEST_CASE(an_rp2040_takes_the_safer_order) {
    stage b;
    b.options.mcu = "rp2040";
    b.options.app_start = 0x10004000;
    b.options.flash_size = 2 * 1024 * 1024;
    sim::image_recipe recipe{"rp2040", "v0.13.0-3-gccccccc", 0x10004000, 20480 + 33, "Klipper"};
    b.power_on(); // blank: it starts in its bootloader
    BOOST_REQUIRE(b.flash_image(sim::make_image(recipe)).has_value());
    BOOST_TEST(b.version() == "v0.13.0-3-gccccccc");
}

BOOST_AUTO_TEST_CASE(a_power_loss_leaves_an_stm32_hanging_and_an_rp2040_in_its_bootloader) {
    stage stm;
    stm.preload(sim::make_image(stm32("v0.12.0-1-gaaaaaaa")));
    stm.options.faults.katapult.die_at_block = 100;
    stm.power_on();
    stm.request_bootloader();
    const auto cut = stm.flash_image(sim::make_image(stm32("v0.13.0-2-gbbbbbbb")));
    BOOST_REQUIRE(!cut.has_value());
    BOOST_TEST((cut.error().code == errc::half_written));
    stm.power_off();
    const auto file = sim::flash_file::open(stm.options.flash_file, sim::application_area(stm.options));
    BOOST_REQUIRE(file.has_value());
    BOOST_TEST((sim::boot_of({sim::flash_family::stm32f4, 0x08008000, file->bytes()}) == sim::boot::hangs));

    stage rp;
    rp.options.mcu = "rp2040";
    rp.options.app_start = 0x10004000;
    rp.preload(sim::make_image({"rp2040", "v1", 0x10004000, 20480, "Klipper"}));
    for (const std::size_t block : {std::size_t{3}, std::size_t{100}, std::size_t{257}}) {
        rp.options.faults.katapult.die_at_block = block;
        rp.power_on();
        if (block == 3) rp.request_bootloader();
        BOOST_TEST(!rp.flash_image(sim::make_image({"rp2040", "v2", 0x10004000, 20480, "Klipper"})).has_value());
        rp.power_off();
        rp.options.faults.katapult.die_at_block = 0;
        rp.power_on();
        BOOST_TEST(rp.appears(rp.katapult()));
        rp.power_off();
    }
    rp.power_on();
    BOOST_REQUIRE(rp.flash_image(sim::make_image({"rp2040", "v2", 0x10004000, 20480, "Klipper"})).has_value());
    BOOST_TEST(rp.version() == "v2");
}

BOOST_AUTO_TEST_CASE(leaving_without_a_write_starts_the_old_firmware_again) {
    stage b;
    b.preload(sim::make_image(stm32("v0.12.0-1-gaaaaaaa")));
    b.power_on();
    b.request_bootloader();
    {
        auto port = b.open(b.katapult());
        flash::katapult_session session(port, b.clock);
        const auto info = session.connect();
        BOOST_REQUIRE(info.has_value());
        BOOST_TEST(info->mcu == "stm32f446xx");
        BOOST_TEST(session.leave().has_value());
    }
    BOOST_TEST(b.version() == "v0.12.0-1-gaaaaaaa");
}

BOOST_AUTO_TEST_CASE(a_failed_flash_stays_in_the_bootloader_and_the_next_one_works) {
    stage b;
    b.preload(sim::make_image(stm32("v0.12.0-1-gaaaaaaa")));
    b.options.faults.katapult.flip_at_read = 7;
    b.power_on();
    b.request_bootloader();
    const io::bytes image = sim::make_image(stm32("v0.13.0-2-gbbbbbbb"));
    const auto bad = b.flash_image(image);
    BOOST_REQUIRE(!bad.has_value());
    BOOST_TEST((bad.error().code == errc::verify_failed));
    BOOST_TEST(b.flash_image(image).has_value());
    BOOST_TEST(b.version() == "v0.13.0-2-gbbbbbbb");
}

BOOST_AUTO_TEST_CASE(a_board_that_refuses_the_request_stays_what_it_was) {
    stage b;
    b.preload(sim::make_image(stm32("v0.12.0-1-gaaaaaaa")));
    b.options.faults.refuses_bootloader = true;
    std::atomic<bool> ignored = false;
    b.options.note = [&](const std::string& text) {
        if (text.find("ignored") != std::string::npos) ignored = true;
    };
    b.power_on();
    b.request_bootloader();
    const auto until = b.clock.now() + 60s;
    while (!ignored && b.clock.now() < until) b.clock.sleep_until(b.clock.now() + io::duration(1ms));
    BOOST_TEST(ignored.load());
    BOOST_TEST(b.version() == "v0.12.0-1-gaaaaaaa");
    BOOST_TEST(!b.there(b.katapult()));
}

BOOST_AUTO_TEST_CASE(old_names_can_stay_and_a_version_can_be_stale) {
    stage b;
    b.preload(sim::make_image(stm32("v0.12.0-1-gaaaaaaa")));
    b.options.faults.old_names_stay = true;
    b.options.faults.says_version = "v0.11.0-0-gstale00";
    b.power_on();
    BOOST_TEST(b.version() == "v0.11.0-0-gstale00");
    b.request_bootloader();
    BOOST_TEST(b.appears(b.katapult()));
    BOOST_TEST(b.there(b.klipper()));
}

BOOST_AUTO_TEST_CASE(an_image_for_another_start_hangs_the_board) {
    stage b;
    sim::image_recipe wrong = stm32("v1");
    wrong.app_start = 0x08020000;
    std::atomic<bool> hangs = false;
    b.options.note = [&](const std::string& text) {
        if (text.find("hangs") != std::string::npos) hangs = true;
    };
    b.power_on();
    BOOST_REQUIRE(b.flash_image(sim::make_image(wrong)).has_value());
    const auto until = b.clock.now() + 60s;
    while (!hangs && b.clock.now() < until) b.clock.sleep_until(b.clock.now() + io::duration(1ms));
    BOOST_TEST(hangs.load());
    BOOST_TEST(!b.there(b.klipper()));
    BOOST_TEST(!b.there(b.katapult()));
}

BOOST_AUTO_TEST_CASE(nobody_but_the_user_holds_the_port) {
    stage b;
    b.power_on();
    BOOST_REQUIRE(b.appears(b.katapult()));
    const fs::path device = fs::canonical(b.katapult());
    std::size_t holders = 0;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        std::error_code ignored;
        if (fs::read_symlink(entry.path(), ignored) == device) ++holders;
    }
    BOOST_TEST(holders == 0u);
}

BOOST_AUTO_TEST_CASE(a_chip_without_room_for_an_application_is_a_usage_error) {
    stage b;
    b.options.flash_size = 32 * 1024;
    const auto run = sim::run_board(b.options, [] { return true; });
    BOOST_REQUIRE(!run.has_value());
    BOOST_TEST((run.error().code == errc::usage));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace board_test

} // namespace running_board_test
