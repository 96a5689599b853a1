// SPDX-License-Identifier: MIT
// Runs the real make on a tiny tree with the interface of Klipper's Makefile.
#include "../temporary_folder.hpp"
#include "text_files.hpp"

#include <kf/firmware/build.hpp>
#include <kf/io/posix_process.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>

namespace build_test {

using namespace kf::firmware;
using kf::errc;

constexpr std::string_view makefile = R"(OUT=out/
export KCONFIG_CONFIG := $(CURDIR)/.config
-include $(KCONFIG_CONFIG)
MAKEFLAGS += --no-print-directory
objects := $(OUT)a.o $(OUT)b.o $(OUT)compile_time_request.o
kind := $(patsubst "%",%,$(CONFIG_TEST_KIND))
all: $(OUT)klipper.$(kind)
$(OUT)%.o: src/%.c $(KCONFIG_CONFIG)
	@echo "  Compiling $@"
	@mkdir -p $(OUT)
	@cp $< $@
$(OUT)compile_time_request.o: $(OUT)a.o
	@echo "  Building $@"
	@cp version $@
$(OUT)klipper.elf: $(objects)
	@echo "  Linking $@"
	@cat $(objects) > $@
$(OUT)klipper.bin $(OUT)klipper.uf2 $(OUT)klipper.elf.hex: $(OUT)klipper.elf
	@echo "  Creating file $@"
	@cp $< $@
$(KCONFIG_CONFIG) olddefconfig: src/Kconfig
	@touch $(KCONFIG_CONFIG)
	@sed -i -f src/Kconfig $(KCONFIG_CONFIG)
menuconfig:
	@cp src/answer $(KCONFIG_CONFIG)
)";

std::string config_text(std::string_view kind) {
    return "CONFIG_BOARD_DIRECTORY=\"stm32\"\nCONFIG_MCU=\"stm32f446xx\"\nCONFIG_FLASH_APPLICATION_ADDRESS=0x8008000\n"
           "CONFIG_TEST_KIND=\"" +
           std::string(kind) + "\"\n";
}

cached_config cached(const std::string& text) { return {text, *kconfig::parse(text)}; }

struct tree {
    kf::test::temporary_folder dir;
    build_site site{dir.path() / "klipper", dir.path() / "ours/octopus", "kflash build octopus"};
    kf::io::posix_runner runner = {};

    explicit tree(std::string_view recipes = makefile) {
        put_file(site.tree / "Makefile", recipes);
        put_file(site.tree / "src/Kconfig", "");
        put_file(site.tree / "src/a.c", "code A\n");
        put_file(site.tree / "src/b.c", "code B\n");
        put_file(site.tree / "version", "v1\n");
    }
    /// The makefile with another recipe for b.o.
    static std::string with_recipe_for_b(std::string_view recipe) {
        return std::string(makefile) + "$(OUT)b.o: src/b.c\n" + std::string(recipe);
    }
    kf::result<build_outcome> build_it(std::string_view kind = "bin", const progress_sink& progress = {}) {
        return build_of(config_text(kind), {.jobs = 2}, progress);
    }
    kf::result<build_outcome> build_of(const std::string& text, const build_options& options = {},
                                       const progress_sink& progress = {}) {
        KF_TRY(const auto source, complete(runner, site, cached(text), 60));
        return build(runner, site, source, options, progress);
    }
};

void require(const kf::result<build_outcome>& built) {
    BOOST_REQUIRE_MESSAGE(built.has_value(), (built ? "" : built.error().what + ": " + built.error().cause));
}

BOOST_AUTO_TEST_SUITE(firmware_build)

BOOST_AUTO_TEST_CASE(builds_in_its_own_folder_and_counts_every_step) {
    tree t;
    std::vector<int> done;
    const auto built = t.build_it("bin", [&](const build_progress& p) {
        BOOST_TEST(p.total == 5);
        done.push_back(p.done);
    });
    require(built);
    BOOST_TEST(built->steps == 5);
    BOOST_TEST((done == std::vector{1, 2, 3, 4, 5}));
    BOOST_TEST(built->file == t.dir.path() / "ours/octopus/out/klipper.bin");
    BOOST_TEST(get_file(built->file) == "code A\ncode B\nv1\n");
    BOOST_TEST(load_built(*built)->start() == 0x8008000u);
}

BOOST_AUTO_TEST_CASE(d13_the_persons_own_config_and_output_are_untouched) {
    tree t;
    put_file(t.site.tree / ".config", "CONFIG_MCU=\"mine\"\n");
    put_file(t.site.tree / "out/klipper.bin", "mine");
    require(t.build_of(config_text("bin")));
    BOOST_TEST(get_file(t.site.tree / ".config") == "CONFIG_MCU=\"mine\"\n");
    BOOST_TEST(get_file(t.site.tree / "out/klipper.bin") == "mine");
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(t.site.tree)) files += entry.is_regular_file();
    BOOST_TEST(files == 7u);
}

BOOST_AUTO_TEST_CASE(d13_a_second_run_for_the_same_board_is_told_who_builds) {
    tree t;
    const auto lock = kf::io::file_lock::take(t.site.dir / "lock", "kflash flash --all");
    BOOST_REQUIRE(lock);
    const auto built = t.build_it();
    BOOST_REQUIRE(!built);
    BOOST_TEST((built.error().code == errc::busy));
    BOOST_TEST(built.error().cause.find("kflash flash --all") != std::string::npos);
    BOOST_TEST(!fs::exists(t.site.out()));
}

BOOST_AUTO_TEST_CASE(a_compiler_cache_stands_before_the_compiler_and_changes_nothing_that_is_made) {
    const auto with = [](std::string_view compiler, bool cached) {
        tree t("CROSS_PREFIX=./tool-\n" + std::string(compiler) + "\n" +
               tree::with_recipe_for_b("\t@echo \"  Compiling $@\"\n\t@$(CC) $< $@\n"));
        put_file(t.site.tree / "tool-gcc", "#!/bin/sh\ncp $1 $2\n");
        put_file(t.dir.path() / "bin/ccache",
                 "#!/bin/sh\necho \"$CCACHE_DIR $CCACHE_SLOPPINESS $1\" >> ${0%/*}/log\nexec \"$@\"\n");
        for (const auto& program : {t.site.tree / "tool-gcc", t.dir.path() / "bin/ccache"})
            fs::permissions(program, fs::perms::owner_all);
        const std::string path = ::getenv("PATH");
        ::setenv("PATH", ((t.dir.path() / "bin").string() + ":" + path).c_str(), 1);
        ::setenv("CCACHE_SLOPPINESS", "time_macros", 1);
        if (cached && takes_compiler_cache(t.site.tree)) t.site.compiler_cache = "/cache";
        const auto built = t.build_it();
        ::setenv("PATH", path.c_str(), 1);
        ::unsetenv("CCACHE_SLOPPINESS");
        require(built);
        const auto log = kf::io::read_file(t.dir.path() / "bin/log").value_or("");
        return std::pair(get_file(built->file), log);
    };
    const std::string usual = "CC=$(CROSS_PREFIX)gcc", image = "code A\ncode B\nv1\n";
    BOOST_TEST((with(usual, false) == std::pair(image, std::string())));
    BOOST_TEST((with(usual, true) == std::pair(image, std::string("/cache  ./tool-gcc\n"))));
    // Where the compiler comes from elsewhere it is left alone.
    BOOST_TEST((with("CC=$(CURDIR)/tool-gcc", true) == std::pair(image, std::string())));
}

BOOST_AUTO_TEST_CASE(d13_variables_of_a_make_around_us_change_nothing) {
    tree t;
    ::setenv("MAKEFLAGS", "n OUT=/nonexistent/", 1);
    ::setenv("OUT", "/nonexistent/", 1);
    ::setenv("KCONFIG_CONFIG", "/nonexistent/config", 1);
    const auto built = t.build_it();
    for (const char* name : {"MAKEFLAGS", "OUT", "KCONFIG_CONFIG"}) ::unsetenv(name);
    require(built);
    BOOST_TEST(get_file(built->file) == "code A\ncode B\nv1\n");
}

BOOST_AUTO_TEST_CASE(flags_of_the_shell_around_us_are_in_no_firmware) {
    const std::vector<const char*> names{"EXTRA_CFLAGS", "CFLAGS",  "CXXFLAGS", "CONLYFLAGS",     "ASFLAGS",
                                         "CPPFLAGS",     "LDFLAGS", "CPATH",    "C_INCLUDE_PATH", "MAKEFILES"};
    std::string recipe = "\t@echo \"  Compiling $@\"\n\t@echo '";
    for (const char* name : names) recipe += std::string("$(") + name + ")";
    tree t(tree::with_recipe_for_b(recipe + "' > $@\n"));
    for (const char* name : names) ::setenv(name, "-DSURPRISE", 1);
    const auto built = t.build_it();
    for (const char* name : names) ::unsetenv(name);
    require(built);
    BOOST_TEST(get_file(built->file) == "code A\n\nv1\n");
}

BOOST_AUTO_TEST_CASE(d12_every_kind_of_image_is_found) {
    tree t;
    using row = std::pair<const char*, image_kind>;
    for (const auto& [kind, expected] : {row{"bin", image_kind::bin}, row{"uf2", image_kind::uf2},
                                         row{"elf.hex", image_kind::elf_hex}, row{"elf", image_kind::elf}}) {
        const auto built = t.build_it(kind);
        require(built);
        BOOST_TEST((built->kind == expected), kind);
        BOOST_TEST(built->file.filename() == std::string("klipper.") + kind);
    }
}

BOOST_AUTO_TEST_CASE(d12_an_image_of_another_kind_that_was_left_behind_is_never_taken) {
    tree t;
    require(t.build_it("uf2"));
    put_file(t.site.out() / "klipper.bin", "of last year");
    const auto built = t.build_it("uf2");
    require(built);
    BOOST_TEST((built->kind == image_kind::uf2));
    BOOST_TEST(!fs::exists(t.site.out() / "klipper.bin"));
}

BOOST_AUTO_TEST_CASE(d12_a_make_that_left_no_image_is_a_failure) {
    tree t("OUT=out/\nall:\n\t@echo \"  Compiling nothing\"\nolddefconfig:\n");
    const auto built = t.build_it();
    BOOST_REQUIRE(!built);
    BOOST_TEST((built.error().code == errc::build_failed));
    BOOST_TEST(built.error().what == "make succeeded but left no firmware image");
}

BOOST_AUTO_TEST_CASE(a_new_commit_without_a_changed_source_still_gives_the_new_version) {
    tree t;
    require(t.build_it());
    put_file(t.site.tree / "version", "v2\n");
    const auto built = t.build_it();
    require(built);
    BOOST_TEST(get_file(built->file) == "code A\ncode B\nv2\n");
    BOOST_TEST(built->steps == 3); // version, link, bin: nothing is compiled again
}

BOOST_AUTO_TEST_CASE(another_tree_or_version_is_built_from_scratch) {
    tree t;
    require(t.build_it());
    // Sources that are older than our objects: make alone would keep the old objects.
    tree other;
    put_file(other.site.tree / "src/a.c", "code of Kalico\n");
    fs::last_write_time(other.site.tree / "src/a.c", fs::file_time_type::clock::now() - std::chrono::hours(1));
    t.site.tree = other.site.tree;
    auto built = t.build_it();
    require(built);
    BOOST_TEST(get_file(built->file) == "code of Kalico\ncode B\nv1\n");
    put_file(other.site.tree / "src/a.c", "code of last week\n");
    fs::last_write_time(other.site.tree / "src/a.c", fs::file_time_type::clock::now() - std::chrono::hours(1));
    built = t.build_of(config_text("bin"), {.tree_version = "v0.12.0-1-g0123456"});
    require(built);
    BOOST_TEST(get_file(built->file) == "code of last week\ncode B\nv1\n");
}

BOOST_AUTO_TEST_CASE(what_a_failed_build_left_behind_is_not_linked) {
    tree t(tree::with_recipe_for_b("\t@false\n"));
    BOOST_TEST(!t.build_it().has_value());
    put_file(t.site.out() / "a.o", "half an object");
    put_file(t.site.out() / "lib/elf2uf2", "half a tool, which depends on no .config");
    put_file(t.site.tree / "Makefile", makefile);
    const auto built = t.build_it();
    require(built);
    BOOST_TEST(get_file(built->file) == "code A\ncode B\nv1\n");
    BOOST_TEST(!fs::exists(t.site.out() / "lib/elf2uf2"));
}

BOOST_AUTO_TEST_CASE(a_failing_compile_shows_its_last_20_lines) {
    tree t(tree::with_recipe_for_b("\t@for i in $$(seq 1 300); do echo \"b.c:$$i: error: no\"; done; exit 1\n"));
    const auto built = t.build_it();
    BOOST_REQUIRE(!built);
    const auto& e = built.error();
    BOOST_TEST((e.code == errc::build_failed));
    BOOST_TEST(e.what == "the firmware did not build");
    BOOST_TEST(e.cause == "");
    BOOST_TEST(e.output.size() == 20u);
    BOOST_TEST(std::ranges::count(e.output, "b.c:300: error: no") == 1);
    BOOST_TEST(std::ranges::count(e.output, "b.c:100: error: no") == 0);
    BOOST_TEST(e.command.find("OUT=" + (t.site.out() / "").string()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(b15_a_compilers_line_is_quoted_as_it_is_however_long_and_indented) {
    const std::string path = "/home/pi/" + std::string(200, 'k') + "/src/b.c:7:5:";
    tree t(tree::with_recipe_for_b("\t@echo '   7 |     if (a  <  b)'; echo '" + path + " Error 127'; exit 1\n"));
    const auto built = t.build_it();
    BOOST_REQUIRE(!built);
    const auto& lines = built.error().output;
    BOOST_TEST((std::find(lines.begin(), lines.end(), path + " Error 127") != lines.end()));
    BOOST_TEST((std::find(lines.begin(), lines.end(), "   7 |     if (a  <  b)") != lines.end()));
}

BOOST_AUTO_TEST_CASE(a_make_that_fails_without_a_word_is_said_to_have_printed_nothing) {
    const tree t;
    struct mute {
        kf::result<kf::io::run_outcome> run(const kf::io::command&, const kf::io::run_limits&,
                                            const kf::io::output_sink&) {
            return kf::io::run_outcome{2, 0};
        }
    } runner;
    const auto bad = complete(runner, t.site, cached(config_text("bin")), 60);
    BOOST_REQUIRE(!bad);
    BOOST_TEST(bad.error().cause == "it printed nothing");
    BOOST_TEST(bad.error().output.empty());
}

BOOST_AUTO_TEST_CASE(a_missing_compiler_is_answered_with_its_package) {
    tree t(tree::with_recipe_for_b("\t@echo 'make: arm-none-eabi-gcc: No such file or directory'; exit 127\n"));
    BOOST_TEST(t.build_it().error().steps.at(0) == "sudo apt install gcc-arm-none-eabi libnewlib-arm-none-eabi");
}

/// Runs for real, but the deadline counts only from the moment that make hangs.
struct impatient_runner {
    kf::io::posix_runner real = {};
    kf::seconds asked_for = 0;
    kf::result<kf::io::run_outcome> run(const kf::io::command& c, kf::io::run_limits limits,
                                        const kf::io::output_sink& out) {
        bool hangs = false;
        asked_for = limits.total;
        limits.total = 0.01;
        limits.held = [&] { return !hangs; };
        std::string said = "\n";
        return real.run(c, limits, [&](std::string_view chunk) {
            said += chunk;
            hangs = said.find("\nhanging\n") != std::string::npos; // a line of its own: make -n shows the whole recipe
            out(chunk);
        });
    }
};

BOOST_AUTO_TEST_CASE(d14_a_hung_build_is_ended_with_its_grandchildren) {
    tree t(tree::with_recipe_for_b("\t@sh -c 'sleep 1000 & echo $$! > $(OUT)pid; echo hanging; wait'\n"));
    impatient_runner runner;
    const auto source = complete(runner, t.site, cached(config_text("bin")), 300);
    BOOST_REQUIRE(source);
    BOOST_TEST(runner.asked_for == 300);
    const auto built = build(runner, t.site, *source, {.jobs = 2, .deadline = 300});
    BOOST_REQUIRE(!built);
    BOOST_TEST((built.error().code == errc::timeout));
    BOOST_TEST(built.error().what == "the build took too long and was ended");
    BOOST_TEST(std::ranges::count(built.error().output, "hanging") == 1);
    BOOST_TEST(built.error().steps.at(1) == "give it more time: --build-timeout SECONDS");
    BOOST_TEST(runner.asked_for > 0);
    BOOST_TEST(runner.asked_for < 300); // what the steps before it took is gone from the budget
    const int grandchild = std::stoi(get_file(t.site.out() / "pid"));
    // It is ended with the group, its parent's parent reaps it a moment later: dead or a zombie is what counts.
    const auto gone = [&] {
        if (::kill(grandchild, 0) != 0) return true;
        const auto stat = get_file("/proc/" + std::to_string(grandchild) + "/stat");
        const auto name_end = stat.rfind(')');
        return name_end == std::string::npos || stat.substr(name_end + 2, 1) == "Z";
    };
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!gone() && std::chrono::steady_clock::now() < until) ::usleep(1000);
    BOOST_TEST(gone());
}

BOOST_AUTO_TEST_CASE(what_olddefconfig_changed_is_reported_and_the_cached_text_stays) {
    tree t;
    put_file(t.site.tree / "src/Kconfig", "/CONFIG_OLD_THING/d\n$aCONFIG_NEW_THING=y\n");
    const auto config = cached("CONFIG_OLD_THING=y\n" + config_text("bin"));
    const auto source = complete(t.runner, t.site, config, 60);
    BOOST_REQUIRE(source);
    BOOST_REQUIRE(source->drift.size() == 2u);
    BOOST_TEST(to_string(source->drift.at(0)) == "added   CONFIG_NEW_THING=y");
    BOOST_TEST(to_string(source->drift.at(1)) == "dropped CONFIG_OLD_THING=y");
    BOOST_TEST(!fs::exists(t.site.out()));
    const auto built = build(t.runner, t.site, *source, {});
    require(built);
    BOOST_TEST(built->config.enabled("NEW_THING"));
}

BOOST_AUTO_TEST_CASE(a_tree_that_lost_the_boards_options_never_builds_its_default_board) {
    tree t;
    put_file(t.site.tree / "src/Kconfig", "s/stm32f446xx/atmega2560/\n");
    auto built = t.build_it();
    BOOST_REQUIRE(!built);
    BOOST_TEST((built.error().code == errc::mismatch));
    BOOST_TEST(built.error().cause == "the chip would become atmega2560, was stm32f446xx");
    put_file(t.site.tree / "src/Kconfig", "s/0x8008000/0x8000000/\n");
    built = t.build_it();
    BOOST_REQUIRE(!built);
    BOOST_TEST(built.error().cause == "the application start would become 0x8000000, was 0x8008000");
    BOOST_TEST(!fs::exists(t.site.out()));
}

BOOST_AUTO_TEST_CASE(a_config_of_two_lines_is_completed_by_its_source_tree) {
    tree t;
    put_file(
        t.site.tree / "src/Kconfig", "/CONFIG_MACH_STM32F446=y/a\\\n" + [] {
            std::string text = config_text("bin");
            text.pop_back();
            for (std::size_t i = 0; (i = text.find('\n', i)) != std::string::npos; i += 2) text.replace(i, 1, "\\\n");
            return text;
        }() + "\n");
    const auto source = complete(t.runner, t.site, cached("CONFIG_MACH_STM32=y\r\nCONFIG_MACH_STM32F446=y\r\n"), 60);
    BOOST_REQUIRE(source);
    BOOST_TEST(*source->config.mcu() == "stm32f446xx");
    BOOST_TEST(*source->config.application_start() == 0x8008000u);
    BOOST_TEST(source->text.find('\r') == std::string::npos); // make would take it for a part of the values
    require(t.build_of("CONFIG_MACH_STM32=y\nCONFIG_MACH_STM32F446=y\n"));
}

BOOST_AUTO_TEST_CASE(b21_a_chip_that_the_source_tree_drops_never_becomes_its_default_board) {
    tree t; // as the real one: what is dropped leaves the default board's options
    put_file(t.site.tree / "src/Kconfig", "/CONFIG_MACH_SUN8I=y/d\n$aCONFIG_MCU=\"atmega2560\"\n");
    const auto other = complete(t.runner, t.site, cached("CONFIG_64BIT=y\nCONFIG_MACH_SUN8I=y\n"), 60);
    BOOST_REQUIRE(!other);
    BOOST_TEST((other.error().code == errc::mismatch));
    BOOST_TEST(other.error().cause == "it drops CONFIG_MACH_SUN8I, by which the chip was chosen");
    put_file(t.site.tree / "src/Kconfig", "");
    const auto nothing = complete(t.runner, t.site, cached("CONFIG_MACH_STM32=y\n"), 60);
    BOOST_REQUIRE(!nothing);
    BOOST_TEST(nothing.error().cause == "it names no MCU for it");
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_no_source_tree_is_not_found) {
    tree t;
    fs::remove(t.site.tree / "src/Kconfig");
    const auto built = t.build_it();
    BOOST_REQUIRE(!built);
    BOOST_TEST((built.error().code == errc::not_found));
    BOOST_TEST(built.error().cause == "it has no src/Kconfig");
}

BOOST_AUTO_TEST_CASE(a_path_that_make_cannot_name_or_that_is_not_ours_is_refused) {
    tree t;
    const auto tree_dir = t.site.tree;
    for (const fs::path& dir : {t.dir.path() / "with blank", t.dir.path() / "a$b", fs::path("relative/dir"),
                                fs::path("/"), fs::path(), tree_dir, tree_dir / "out"}) {
        t.site.dir = dir;
        const auto built = t.build_it();
        BOOST_REQUIRE(!built);
        BOOST_TEST((built.error().code == errc::usage), dir.string());
    }
    BOOST_TEST(!fs::exists(tree_dir / "out"));
}

BOOST_AUTO_TEST_CASE(menuconfig_tells_whether_something_was_saved) {
    tree t;
    const auto old_text = config_text("bin"), new_text = config_text("uf2");
    put_file(t.site.tree / "src/answer", old_text);
    auto edited = menuconfig(t.runner, t.site, old_text);
    BOOST_REQUIRE(edited);
    BOOST_TEST(!edited->saved);
    put_file(t.site.tree / "src/answer", new_text);
    edited = menuconfig(t.runner, t.site, old_text);
    BOOST_REQUIRE(edited);
    BOOST_TEST(edited->saved);
    BOOST_TEST(edited->text == new_text);
    put_file(t.site.tree / "src/answer", "");
    edited = menuconfig(t.runner, t.site, "");
    BOOST_REQUIRE(edited);
    BOOST_TEST(!edited->saved);
    BOOST_TEST(!fs::exists(t.site.tree / ".config"));
}

BOOST_AUTO_TEST_CASE(a_menuconfig_that_fails_is_an_error) {
    tree t;
    const auto edited = menuconfig(t.runner, t.site, ""); // src/answer is missing
    BOOST_REQUIRE(!edited);
    BOOST_TEST((edited.error().code == errc::build_failed));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace build_test
