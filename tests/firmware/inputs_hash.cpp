// SPDX-License-Identifier: MIT
// Asks the real git about a small tree with the folders of Klipper's.
#include "../temporary_folder.hpp"
#include "text_files.hpp"

#include <kf/firmware/git_version.hpp>
#include <kf/firmware/inputs_hash.hpp>
#include <kf/io/posix_process.hpp>

#include <boost/test/unit_test.hpp>

namespace inputs_hash_test {

using namespace kf::firmware;
using kf::errc;

struct tree {
    kf::test::temporary_folder dir;
    kf::io::posix_runner runner = {};

    tree() {
        put_file(path() / "Makefile", "all:\n");
        put_file(path() / "src/main.c", "int main(void) { return 0; }\n");
        put_file(path() / "src/stm32/Makefile", "# one\nCROSS_PREFIX=arm-none-eabi-\n");
        put_file(path() / "lib/cmsis/core.h", "#define CORE 7\n");
        put_file(path() / "lib/.gitignore", "*.o\nhidflash/hid-flash\n");
        put_file(path() / "scripts/buildcommands.py", "print()\n");
        put_file(path() / "klippy/klippy.py", "host\n");
    }
    [[nodiscard]] std::filesystem::path path() const { return dir.path(); }
    void git(std::vector<std::string> words) {
        kf::io::command c{
            .argv = {"git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"},
            .cwd = path().string(),
            .environment = {{"GIT_CONFIG_GLOBAL", "/dev/null"}}};
        c.argv.insert(c.argv.end(), words.begin(), words.end());
        const auto ran = kf::io::run_and_capture(runner, c, 30);
        BOOST_REQUIRE(ran.has_value());
        BOOST_REQUIRE_MESSAGE(ran->first.status == 0, ran->second);
    }
    void commit_all() {
        git({"add", "-A"});
        git({"commit", "-q", "--allow-empty", "-m", "all"});
    }
    /// As a checkout, and as the same files without git.
    std::string hash_both_ways() {
        const auto with_git = hash();
        std::filesystem::rename(path() / ".git", path() / "away.git");
        BOOST_TEST(hash() == with_git);
        std::filesystem::rename(path() / "away.git", path() / ".git");
        return with_git;
    }
    std::string hash() {
        const auto h = hash_sources(runner, path(), {}, 30);
        BOOST_REQUIRE_MESSAGE(h.has_value(), (h ? "" : h.error().what));
        BOOST_TEST(h->size() == 64u);
        return *h;
    }
};

struct checkout : tree {
    checkout() {
        git({"init", "-q"});
        commit_all();
    }
};

kconfig config(std::string_view text) { return *kconfig::parse(text); }

BOOST_AUTO_TEST_SUITE(firmware_inputs_hash)

BOOST_AUTO_TEST_CASE(a_blob_has_the_name_that_git_gives_it) {
    // printf 'hello\n' | git hash-object --stdin [--object-format=sha256]
    BOOST_TEST(blob_name("hello\n", 40) == "ce013625030ba8dba906f756967f9e9ca394464a");
    BOOST_TEST(blob_name("hello\n", 64) == "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4");
}

BOOST_AUTO_TEST_CASE(a_commit_that_touches_no_source_leaves_the_hash) {
    checkout t;
    const auto before = t.hash();
    put_file(t.path() / "klippy/klippy.py", "another host\n");
    put_file(t.path() / "docs/Features.md", "new\n");
    BOOST_TEST(t.hash() == before);
    t.commit_all();
    BOOST_TEST(t.hash() == before);
}

BOOST_AUTO_TEST_CASE(an_edit_counts_before_it_is_committed_and_not_once_more_by_the_commit) {
    checkout t;
    const auto before = t.hash();
    put_file(t.path() / "src/main.c", "int main(void) { return 1; }\n");
    const auto edited = t.hash();
    BOOST_TEST(edited != before);
    t.git({"add", "-A"});
    BOOST_TEST(t.hash() == edited);
    t.commit_all();
    BOOST_TEST(t.hash() == edited);
    put_file(t.path() / "src/main.c", "int main(void) { return 0; }\n");
    BOOST_TEST(t.hash() == before);
}

BOOST_AUTO_TEST_CASE(each_folder_of_the_build_counts) {
    for (const char* file : {"Makefile", "lib/cmsis/core.h", "scripts/buildcommands.py", "src/stm32/Makefile"}) {
        checkout t;
        const auto before = t.hash();
        put_file(t.path() / file, "changed\n");
        BOOST_TEST(t.hash() != before, file);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_gone_or_new_counts) {
    checkout t;
    const auto before = t.hash();
    std::filesystem::remove(t.path() / "lib/cmsis/core.h");
    const auto gone = t.hash();
    BOOST_TEST(gone != before);
    put_file(t.path() / "src/extra.c", "new\n");
    BOOST_TEST(t.hash() != gone);
}

BOOST_AUTO_TEST_CASE(what_is_hidden_from_git_status_is_compiled_and_counts) {
    checkout t;
    const auto before = t.hash();
    put_file(t.path() / ".git/info/exclude", "src/plugin.c\n");
    put_file(t.path() / "src/plugin.c", "plugin\n");
    const auto hidden = t.hash();
    BOOST_TEST(hidden != before);
    t.git({"update-index", "--assume-unchanged", "src/main.c"});
    BOOST_TEST(t.hash() == hidden);
    put_file(t.path() / "src/main.c", "edited\n");
    BOOST_TEST(t.hash() != hidden);
}

BOOST_AUTO_TEST_CASE(a_linked_folder_counts_with_what_is_in_it) {
    checkout t;
    kf::test::temporary_folder plugin;
    put_file(plugin / "probe.c", "one\n");
    std::filesystem::create_directory_symlink(plugin.path(), t.path() / "src/probe");
    std::filesystem::create_directory_symlink(t.path() / "src", t.path() / "src/around"); // for ever
    const auto before = t.hash();
    put_file(plugin / "probe.c", "two\n");
    BOOST_TEST(t.hash() != before);
}

BOOST_AUTO_TEST_CASE(what_the_tree_itself_ignores_is_compiled_and_counts) {
    checkout t;
    kf::test::temporary_folder plugin;
    put_file(plugin / "Makefile", "src-y += extras/probe/probe.c\n");
    put_file(plugin / "probe.c", "one\n");
    put_file(t.path() / "src/extras/.gitignore", "*\n"); // as Kalico has it
    t.git({"add", "-f", "src/extras/.gitignore"});
    const auto without = t.hash_both_ways();
    std::filesystem::create_directory_symlink(plugin.path(), t.path() / "src/extras/probe");
    const auto before = t.hash_both_ways();
    BOOST_TEST(before != without);
    put_file(plugin / "probe.c", "two\n");
    const auto edited = t.hash_both_ways();
    BOOST_TEST(edited != before);
    put_file(t.path() / "src/extras/own/own.c", "own\n");
    BOOST_TEST(t.hash_both_ways() != edited);
}

BOOST_AUTO_TEST_CASE(what_the_scripts_import_from_klippy_counts) {
    checkout t;
    const auto without = t.hash_both_ways();
    put_file(t.path() / "klippy/msgproto.py", "one\n");
    const auto before = t.hash_both_ways();
    BOOST_TEST(before != without);
    t.commit_all();
    BOOST_TEST(t.hash_both_ways() == before);
    put_file(t.path() / "klippy/msgproto.py", "two\n");
    BOOST_TEST(t.hash_both_ways() != before);
}

BOOST_AUTO_TEST_CASE(a_tracked_link_counts_with_what_it_leads_to) {
    checkout t;
    kf::test::temporary_folder elsewhere;
    put_file(elsewhere / "pins.h", "one\n");
    put_file(elsewhere / "probe/probe.c", "one\n");
    std::filesystem::create_symlink(elsewhere / "pins.h", t.path() / "src/pins.h");
    std::filesystem::create_directory_symlink(elsewhere / "probe", t.path() / "src/probe");
    std::filesystem::create_symlink("nowhere", t.path() / "src/.#main.c"); // an editor's
    std::filesystem::create_directory_symlink(t.path() / "src", t.path() / "src/stm32/around");
    t.commit_all();
    const auto before = t.hash_both_ways();
    put_file(elsewhere / "pins.h", "two\n");
    const auto file = t.hash_both_ways();
    BOOST_TEST(file != before);
    put_file(elsewhere / "probe/probe.c", "two\n");
    BOOST_TEST(t.hash_both_ways() != file);
}

BOOST_AUTO_TEST_CASE(a_repository_in_the_tree_counts_with_its_files_and_not_by_its_commit) {
    checkout t;
    put_file(t.path() / "lib/sub/sub.c", "one\n");
    t.git({"init", "-q", "lib/sub"});
    t.git({"-C", "lib/sub", "add", "-A"});
    t.git({"-C", "lib/sub", "commit", "-q", "-m", "sub"});
    t.commit_all(); // a gitlink
    const auto before = t.hash_both_ways();
    put_file(t.path() / "lib/sub/sub.c", "two\n");
    const auto edited = t.hash_both_ways();
    BOOST_TEST(edited != before);
    t.git({"-C", "lib/sub", "commit", "-q", "-a", "-m", "edited"});
    BOOST_TEST(t.hash_both_ways() == edited);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_or_is_too_much_gives_no_hash) {
    checkout t;
    const auto refused = [&](const source_bounds& bounds) {
        const auto h = hash_sources(t.runner, t.path(), {}, 30, bounds);
        BOOST_REQUIRE(!h);
        return h.error();
    };
    BOOST_TEST((refused({.entries = 5}).code == errc::refused));
    put_file(t.path() / "src/new.c", std::string(1000, 'x'));
    BOOST_TEST((refused({.bytes = 999}).code == errc::refused));
    BOOST_TEST(hash_sources(t.runner, t.path(), {}, 30, {.bytes = 1000}).has_value());
    std::filesystem::create_symlink("loop.h", t.path() / "src/loop.h"); // also root cannot read it
    const auto e = refused({});
    BOOST_TEST((e.code == errc::io));
    BOOST_TEST(e.what.find("loop.h") != std::string::npos);
    t.commit_all();
    BOOST_TEST((refused({}).code == errc::io));
}

BOOST_AUTO_TEST_CASE(what_a_flash_leaves_in_the_tree_does_not_count) {
    for (const bool with_git : {true, false}) {
        tree t;
        if (with_git) t.git({"init", "-q"});
        if (with_git) t.commit_all();
        put_file(t.path() / "lib/hidflash/main.c", "c\n");
        const auto before = t.hash();
        put_file(t.path() / "lib/hidflash/hid-flash", "program\n");
        put_file(t.path() / "lib/hidflash/main.o", "object\n");
        BOOST_TEST(t.hash() == before, (with_git ? "git" : "no git"));
        put_file(t.path() / "lib/hidflash/main.c", "d\n");
        BOOST_TEST(t.hash() != before, (with_git ? "git" : "no git"));
    }
}

BOOST_AUTO_TEST_CASE(a_tree_without_git_is_read) {
    tree t;
    const auto before = t.hash();
    put_file(t.path() / "klippy/klippy.py", "another host\n");
    BOOST_TEST(t.hash() == before);
    put_file(t.path() / "src/main.c", "edited\n");
    BOOST_TEST(t.hash() != before);
    t.git({"init", "-q"});
    const auto untracked = t.hash();
    t.commit_all();
    BOOST_TEST(t.hash() == untracked);
}

BOOST_AUTO_TEST_CASE(what_is_no_tree_has_no_hash) {
    tree t;
    std::filesystem::remove(t.path() / "Makefile");
    const auto none = hash_sources(t.runner, t.path(), {}, 30);
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code == errc::not_found));
    checkout broken;
    put_file(broken.path() / ".git/index", "no index\n");
    const auto refused = hash_sources(broken.runner, broken.path(), {}, 30);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == errc::refused));
}

BOOST_AUTO_TEST_CASE(git_tells_how_far_a_version_is_from_the_tree) {
    checkout t;
    const auto head = [&] { return *describe_tree(t.runner, t.path(), {}, 30); };
    const auto distance = [&](const std::string& v) { return distance_to(t.runner, t.path(), v, {}, 30); };
    const auto first = head();
    BOOST_TEST((distance(first) == commit_distance{0, 0}));
    t.commit_all();
    t.commit_all();
    BOOST_TEST((distance(first) == commit_distance{2, 0}));
    BOOST_TEST((distance("v0.13.0-7-g" + first) == commit_distance{2, 0}));
    const auto second = head();
    t.git({"checkout", "-q", first});
    BOOST_TEST((distance(second) == commit_distance{0, 2}));
    put_file(t.path() / "src/main.c", "of a fork\n");
    t.commit_all();
    BOOST_TEST((distance(second) == commit_distance{1, 2}));
    BOOST_TEST(!distance("v0.13.0-7-g1234567"));
    BOOST_TEST(!distance("?"));
}

BOOST_AUTO_TEST_CASE(the_compiler_is_that_of_the_boards_makefile) {
    tree t;
    BOOST_TEST(compiler_prefix(t.path(), config("CONFIG_BOARD_DIRECTORY=\"stm32\"\n")) == "arm-none-eabi-");
    BOOST_TEST(compiler_prefix(t.path(), config("CONFIG_BOARD_DIRECTORY=\"linux\"\n")) == "");
    const auto avr = config("CONFIG_BOARD_DIRECTORY=\"avr\"\n");
    put_file(t.path() / "src/avr/Makefile", "CROSS_PREFIX = bin/avr-\n");
    for (const char* program : {"gcc", "ld"}) {
        const auto file = t.path() / "bin" / (std::string("avr-") + program);
        put_file(file, "#!/bin/sh\necho " + std::string(program) + " 12.2\necho more\n");
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    }
    const auto version = compiler_version(t.runner, t.path(), compiler_prefix(t.path(), avr), {}, 30);
    BOOST_REQUIRE(version);
    BOOST_TEST(*version == "gcc 12.2; ld 12.2");
    std::filesystem::remove(t.path() / "bin/avr-gcc");
    const auto none = compiler_version(t.runner, t.path(), compiler_prefix(t.path(), avr), {}, 30);
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code == errc::not_found));
    BOOST_TEST(none.error().what == "bin/avr-gcc is not installed");
}

BOOST_AUTO_TEST_CASE(the_configuration_counts_by_what_it_sets) {
    const auto hash = [](std::string_view text) { return inputs_hash("s", config(text), "c"); };
    const auto before = hash("CONFIG_MCU=\"a\"\nCONFIG_B=y\n# CONFIG_C is not set\n");
    BOOST_TEST(hash("# a comment\nCONFIG_B=y\nCONFIG_MCU=\"a\"\n") == before);
    BOOST_TEST(hash("CONFIG_MCU=\"a\"\nCONFIG_B=y\nCONFIG_C=y\n") != before);
    BOOST_TEST(hash("CONFIG_MCU=\"a\"\n") != before);
    BOOST_TEST(inputs_hash("t", config("CONFIG_B=y\n"), "c") != inputs_hash("s", config("CONFIG_B=y\n"), "c"));
    BOOST_TEST(inputs_hash("s", config("CONFIG_B=y\n"), "d") != inputs_hash("s", config("CONFIG_B=y\n"), "c"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace inputs_hash_test
