// SPDX-License-Identifier: MIT
// The stand-in tree is judged by what judges the real one: build.hpp, image.hpp and the proofs. KF_KSIM is the path of
// the built ksim; without it only what needs no images is tested.
#include <kf/firmware/build.hpp>
#include <kf/firmware/proofs.hpp>
#include <kf/io/posix_process.hpp>
#include <kf/sim/firmware_tree.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>

namespace firmware_tree_test {

namespace fs = std::filesystem;
using namespace kf::firmware;
using kf::errc;
using kf::sim::tree_fault;

#ifdef KF_KSIM
constexpr const char* ksim = KF_KSIM;
#else
constexpr const char* ksim = "/nonexistent/ksim";
#endif

struct stand_in {
    fs::path dir;
    build_site site;
    kf::io::posix_runner runner = {};

    stand_in() {
        std::string name = (fs::temp_directory_path() / "kf-tree-XXXXXX").string();
        dir = ::mkdtemp(name.data());
        site = {dir / "klipper", dir / "ours", "test"};
        BOOST_REQUIRE(kf::sim::install_firmware_tree(site.tree, ksim, "v0.13.0-7-gabcdef0"));
    }
    stand_in(const stand_in&) = delete;
    stand_in& operator=(const stand_in&) = delete;
    ~stand_in() {
        std::error_code ec;
        fs::remove_all(dir, ec);
    }

    static cached_config sample(const char* board) {
        const auto text = kf::sim::sample_config(board);
        BOOST_REQUIRE(text.has_value());
        return {*text, *kconfig::parse(*text)};
    }
    kf::result<build_outcome> build_it(const char* board, const progress_sink& progress = {}) {
        KF_TRY(const auto source, complete(runner, site, sample(board), 60));
        return build(runner, site, source, {.jobs = 2}, progress);
    }
};

boost::test_tools::assertion_result has_ksim(boost::unit_test::test_unit_id) {
#ifdef KF_KSIM
    return true;
#else
    boost::test_tools::assertion_result no(false);
    no.message() << "this build of the tests does not know where ksim is (KF_KSIM)";
    return no;
#endif
}

namespace utf = boost::unit_test;

BOOST_AUTO_TEST_SUITE(sim_firmware_tree)

BOOST_AUTO_TEST_CASE(sample_configs_say_what_the_real_ones_say) {
    struct row {
        const char *key, *mcu;
        std::uint64_t start;
        bool vectors, base;
    };
    for (const auto& r :
         {row{"stm32h723", "stm32h723xx", 0x8020000, true, false},
          row{"stm32f446", "stm32f446xx", 0x8008000, true, false}, row{"rp2040", "rp2040", 0x10004000, true, false},
          row{"rp2040-noboot", "rp2040", 0x10000100, true, true}, row{"atmega2560", "atmega2560", 0, false, false},
          row{"linux", "linux", 0, false, false}}) {
        const auto c = stand_in::sample(r.key).config;
        BOOST_TEST_CONTEXT(r.key) {
            BOOST_TEST(*c.mcu() == r.mcu);
            BOOST_TEST(c.application_start().value_or(0) == r.start);
            BOOST_TEST(c.has_vector_table() == r.vectors);
            BOOST_TEST(c.at_flash_base() == r.base);
        }
    }
    BOOST_TEST(!kf::sim::sample_config("no such board").has_value());
}

BOOST_AUTO_TEST_CASE(a_path_with_quotes_cannot_break_the_makefile) {
    BOOST_TEST(kf::sim::recipe_word("/a b/it's $HOME") == "'/a b/it'\\''s $$HOME'");
}

BOOST_AUTO_TEST_CASE(every_board_builds_its_kind_of_image_and_passes_the_proofs, *utf::precondition(has_ksim)) {
    stand_in t;
    using row = std::pair<const char*, const char*>;
    for (const auto& [board, file] :
         {row{"stm32h723", "klipper.bin"}, row{"stm32f446", "klipper.bin"}, row{"rp2040", "klipper.bin"},
          row{"rp2040-noboot", "klipper.uf2"}, row{"atmega2560", "klipper.elf.hex"}, row{"linux", "klipper.elf"}}) {
        BOOST_TEST_CONTEXT(board) {
            int done = 0, total = -1;
            const auto built = t.build_it(board, [&](const build_progress& p) { done = p.done, total = p.total; });
            BOOST_REQUIRE_MESSAGE(built.has_value(), (built ? "" : built.error().cause));
            BOOST_TEST(built->file.filename().string() == file);
            BOOST_TEST(done == total);
            BOOST_TEST(total >= 15);
            const auto im = load_built(*built);
            BOOST_REQUIRE(im);
            BOOST_TEST((im->kind != image_kind::bin || im->linked_at.has_value()));
            const auto checked = check_all(*im, built->config,
                                           {.board_mcu = *built->config.mcu(), .tree_version = "v0.13.0-7-gabcdef0"});
            BOOST_TEST(checked.has_value(), (checked ? "" : checked.error().cause));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_missing_config_becomes_the_default_boards_as_in_the_real_tree, *utf::precondition(has_ksim)) {
    stand_in t;
    const auto config = t.dir / "never-made.config";
    const kf::io::command make{
        .argv = {"make", "OUT=" + (t.dir / "out/").string(), "KCONFIG_CONFIG=" + config.string()},
        .cwd = t.site.tree.string(),
        .environment = {{"MAKEFLAGS", ""}}};
    const auto ran = kf::io::run_and_capture(t.runner, make, 60);
    BOOST_REQUIRE(ran);
    BOOST_TEST(ran->first.status == 0, ran->second);
    BOOST_TEST(fs::exists(t.dir / "out/klipper.elf.hex"));
    BOOST_TEST(*kf::io::read_file(config) == *kf::sim::sample_config("atmega2560"));
}

BOOST_AUTO_TEST_CASE(a_commit_alone_rebuilds_nothing_as_in_the_real_tree, *utf::precondition(has_ksim)) {
    stand_in t;
    BOOST_REQUIRE(t.build_it("stm32f446"));
    BOOST_REQUIRE(kf::io::write_file(t.site.tree / "VERSION", "v0.13.0-8-g1111111\n"));
    const kf::io::command make{
        .argv = {"make", "OUT=" + (t.site.out() / "").string(), "KCONFIG_CONFIG=" + t.site.config().string()},
        .cwd = t.site.tree.string(),
        .environment = {{"MAKEFLAGS", ""}}};
    const auto ran = kf::io::run_and_capture(t.runner, make, 60);
    BOOST_REQUIRE(ran);
    BOOST_TEST(ran->second.find("Nothing to be done") != std::string::npos, ran->second);
    BOOST_TEST(load_image(t.site.out() / "klipper.bin", 0x8008000)->dictionary->version == "v0.13.0-7-gabcdef0");
    const auto built = t.build_it("stm32f446");
    BOOST_REQUIRE(built);
    BOOST_TEST(load_built(*built)->dictionary->version == "v0.13.0-8-g1111111");
}

BOOST_AUTO_TEST_CASE(faults_come_and_go_on_demand, *utf::precondition(has_ksim)) {
    stand_in t;
    BOOST_REQUIRE(kf::sim::set_fault(t.site.tree, tree_fault::fail_compile));
    auto built = t.build_it("rp2040");
    BOOST_REQUIRE(!built);
    BOOST_TEST((built.error().code == errc::build_failed));
    BOOST_TEST(std::ranges::any_of(
        built.error().output, [](const std::string& line) { return line.starts_with("src/stepper.c:30: error:"); }));
    BOOST_REQUIRE(kf::sim::clear_fault(t.site.tree, tree_fault::fail_compile));

    BOOST_REQUIRE(kf::sim::set_fault(t.site.tree, tree_fault::stale_version, "v0.12.0-1-g0000000\n"));
    built = t.build_it("rp2040");
    BOOST_REQUIRE(built);
    BOOST_TEST(load_built(*built)->dictionary->version == "v0.12.0-1-g0000000");
    BOOST_REQUIRE(kf::sim::clear_fault(t.site.tree, tree_fault::stale_version));
    built = t.build_it("rp2040");
    BOOST_REQUIRE(built);
    BOOST_TEST(load_built(*built)->dictionary->version == "v0.13.0-7-gabcdef0");
}

BOOST_AUTO_TEST_CASE(a_symbol_that_the_tree_forgot_is_dropped, *utf::precondition(has_ksim)) {
    stand_in t;
    auto config = stand_in::sample("rp2040");
    config.text += "CONFIG_KF_EXTRA=y\n";
    config.config = *kconfig::parse(config.text);
    BOOST_TEST(complete(t.runner, t.site, config, 60)->drift.empty());
    auto known = std::string(kf::sim::known_symbols);
    known.erase(known.find("KF_EXTRA\n"), 9);
    BOOST_REQUIRE(kf::io::write_file(t.site.tree / "src/Kconfig", known));
    const auto source = complete(t.runner, t.site, config, 60);
    BOOST_REQUIRE(source);
    BOOST_REQUIRE(source->drift.size() == 1u);
    BOOST_TEST(to_string(source->drift.at(0)) == "dropped CONFIG_KF_EXTRA=y");
}

BOOST_AUTO_TEST_CASE(what_follows_from_a_chosen_chip_is_filled_in_as_in_the_real_tree, *utf::precondition(has_ksim)) {
    stand_in t;
    const auto filled_in = [&](const char* text) -> std::string {
        BOOST_REQUIRE(kf::io::write_file(t.dir / "few.config", text));
        const kf::io::command make{.argv = {"make", "olddefconfig", "OUT=" + (t.dir / "out/").string(),
                                            "KCONFIG_CONFIG=" + (t.dir / "few.config").string()},
                                   .cwd = t.site.tree.string(),
                                   .environment = {{"MAKEFLAGS", ""}}};
        const auto ran = kf::io::run_and_capture(t.runner, make, 60);
        BOOST_REQUIRE(ran);
        return kconfig::parse(*kf::io::read_file(t.dir / "few.config"))->mcu().value_or("none");
    };
    BOOST_TEST(filled_in("CONFIG_MACH_STM32=y\nCONFIG_MACH_STM32H723=y\n") == "stm32h723xx");
    BOOST_TEST(filled_in("CONFIG_MACH_SUN8I=y\n") == "atmega2560"); // of another program: the default board
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace firmware_tree_test
