// SPDX-License-Identifier: MIT
// Which method may write, and which may follow it. Nothing here reaches a board.
#include "../temporary_folder.hpp"

#include <kf/flash/method_order.hpp>
#include <kf/flash/write.hpp>
#include <kf/sim/manual_clock.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <map>

namespace methods_test {

using namespace kf;
using board::flash_method;
using board::image_kind;
using flash::written;
namespace fs = std::filesystem;

constexpr auto katapult = board::method_named("katapult"), katapult_script = board::method_named("katapult_script"),
               make_flash = board::method_named("make_flash");

/// Programs that are there end with 0, all others with 127.
struct installed {
    std::vector<std::string> programs;
    std::vector<std::string> ran = {};
    result<io::run_outcome> run(const io::command& c, const io::run_limits&, const io::output_sink&) {
        ran.push_back(io::to_string(c));
        return io::run_outcome{std::ranges::find(programs, c.argv[0]) == programs.end() ? 127 : 0, 0};
    }
};

/// A source tree as far as the methods look at it.
struct stage {
    test::temporary_folder dir;
    flash::write_job job;
    sim::manual_clock clock;

    stage() {
        for (const char* file : {"klipper/Makefile", "klipper/scripts/flash_usb.py", "katapult/scripts/flashtool.py"}) {
            fs::create_directories((dir.path() / file).parent_path());
            std::ofstream(dir.path() / file) << "\n";
        }
        fs::create_directories(dir.path() / "by-id");
        job.klipper_dir = dir.path() / "klipper";
        job.katapult_dir = dir.path() / "katapult";
        job.mcu = "stm32f446xx";
        usb().at = {dir.path() / "by-id", {}};
        usb().trail.start.file_name = "usb-Klipper_stm32f446xx_AA-if00";
        usb().trail.start.usb = board::parse_usb_name(usb().trail.start.file_name);
    }
    result<flash::method_order> order(flash_method first, installed& runner,
                                      flash::fallback wanted = flash::fallback::if_wanted) {
        return flash::order_of(first, wanted,
                               [&](flash_method m) { return flash::make_method(m, runner, clock).needs(job); });
    }
    [[nodiscard]] board::usb_address& usb() { return std::get<board::usb_address>(job.address); }
    [[nodiscard]] fs::path link() const { return flash::usb_of(job).at.by_id / board::found_as(job.address); }
    void plug_in() const { fs::create_symlink("/dev/null", link()); } // a device is all that is looked for
};

/// A method that has failed, and what it says of itself.
struct failed_method {
    written how_far = written::nothing;
    bool another = false;
    [[nodiscard]] written wrote() const { return how_far; }
    [[nodiscard]] bool another_may_try() const { return another; }
};

BOOST_AUTO_TEST_SUITE(flash_methods_suite)

BOOST_AUTO_TEST_CASE(the_table_says_what_is_offered) {
    BOOST_TEST(board::flash_method_words() == "katapult, katapult_script or make_flash");
    BOOST_TEST(board::flash_method_words("default") == "katapult, katapult_script, make_flash or default");
    BOOST_TEST((board::flash_method_from("make_flash") == make_flash));
    BOOST_TEST(!board::flash_method_from("dfu").has_value());
    BOOST_TEST(!board::flash_method_from("").has_value());
    BOOST_TEST(board::row_of(katapult_script).needs_katapult);
    BOOST_TEST(!board::row_of(make_flash).needs_katapult);
}

BOOST_AUTO_TEST_CASE(an_image_that_a_method_cannot_write_is_refused_before_any_program_is_asked) {
    using row = std::pair<image_kind, std::string>;
    for (const auto& [kind, what] :
         {row{image_kind::uf2, "katapult writes klipper.bin, this configuration builds klipper.uf2"},
          row{image_kind::elf_hex, "katapult writes klipper.bin, this configuration builds klipper.elf.hex"},
          row{image_kind::elf, "katapult writes klipper.bin, this configuration builds klipper.elf"}}) {
        stage b;
        b.job.kind = kind;
        installed all{{"python3", "dfu-util", "avrdude", "sudo", "pkg-config"}};
        const auto refused = b.order(katapult, all);
        BOOST_REQUIRE(!refused);
        BOOST_TEST((refused.error().code == errc::mismatch));
        BOOST_TEST(refused.error().what == what);
        BOOST_TEST(!refused.error().steps.empty());
        BOOST_TEST(all.ran.empty());
    }
    BOOST_TEST(flash::takes_kind(katapult, image_kind::elf_hex).error().steps.at(0) ==
               "kflash edit BOARD --method make_flash");
    BOOST_TEST(flash::takes_kind(make_flash, image_kind::elf).error().what ==
               "make_flash writes klipper.bin, klipper.uf2, klipper.elf.hex, this configuration builds klipper.elf");
    for (const auto kind : {image_kind::bin, image_kind::uf2, image_kind::elf_hex})
        BOOST_TEST(flash::takes_kind(make_flash, kind).has_value());
}

BOOST_AUTO_TEST_CASE(tools_are_looked_for_without_an_image) {
    stage b; // job.image is null: nothing is built yet
    installed none{{}};
    BOOST_TEST(b.order(katapult, none, flash::fallback::no).has_value());
    BOOST_TEST(none.ran.empty());
    const auto script = b.order(katapult_script, none);
    BOOST_REQUIRE(!script);
    BOOST_TEST(script.error().what == "python3 has no pyserial, flashtool.py needs it");
    const auto make = b.order(make_flash, none);
    BOOST_REQUIRE(!make);
    BOOST_TEST(make.error().what == "dfu-util is not there, make flash needs it for stm32f446xx");
    b.job.mcu = "atmega2560";
    b.job.kind = image_kind::elf_hex;
    BOOST_TEST(b.order(make_flash, none).error().what == "avrdude is not there, make flash needs it for atmega2560");
    fs::remove(b.job.katapult_dir / "scripts/flashtool.py");
    b.job.kind = image_kind::bin;
    BOOST_TEST((b.order(katapult_script, none).error().code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(the_fallback_is_that_of_the_table_and_has_to_be_possible) {
    stage b;
    installed all{{"python3", "dfu-util", "sudo"}}, none{{}};
    using methods = std::vector<flash_method>;
    BOOST_TEST((b.order(katapult, all)->methods == methods{katapult, make_flash}));
    BOOST_TEST((b.order(katapult, all, flash::fallback::no)->methods == methods{katapult}));
    BOOST_TEST((b.order(make_flash, all)->methods == methods{make_flash}));
    const auto alone = b.order(katapult, none);
    BOOST_REQUIRE(alone);
    BOOST_TEST((alone->methods == methods{katapult}));
    BOOST_TEST(alone->no_fallback ==
               "no fallback to make_flash: dfu-util is not there, make flash needs it for stm32f446xx");
}

BOOST_AUTO_TEST_CASE(d15_only_a_method_that_wrote_nothing_and_says_that_another_may_try_is_followed) {
    stage b;
    b.plug_in();
    const auto follows = [&](failed_method m) { return flash::may_fall_back(m, b.job); };
    BOOST_TEST(follows({written::nothing, true}));
    BOOST_TEST(!follows({written::nothing, false})); // the image, the board or the person is against it
    BOOST_TEST(!follows({written::some, true}));
    BOOST_TEST(!follows({written::all, true}));
    fs::remove(b.link());
    BOOST_TEST(!follows({written::nothing, true})); // it is not where it was
}

BOOST_AUTO_TEST_CASE(a_board_that_is_not_there_is_no_reason_for_another_method) {
    stage b;
    silent_sink out;
    flash::katapult_usb native(b.clock);
    const auto lost = native.write(b.job, out);
    BOOST_REQUIRE(!lost);
    BOOST_TEST((lost.error().code == errc::not_connected));
    BOOST_TEST(!native.another_may_try());
}

BOOST_AUTO_TEST_CASE(what_is_known_of_a_failed_flash_is_kept) {
    stage b;
    firmware::image image;
    image.path = "klipper.bin";
    b.job.image = &image;
    installed all{{"python3"}};
    silent_sink out;
    const auto outcome = flash::write_and_verify(b.job, {katapult_script, make_flash}, all, b.clock, out);
    BOOST_REQUIRE(!outcome.ended);
    BOOST_TEST((outcome.ended.error().code == errc::not_connected));
    BOOST_TEST((outcome.method == katapult_script));
    BOOST_TEST((outcome.wrote == written::nothing));
    BOOST_TEST(all.ran.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace methods_test
