// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"
#include "text_files.hpp"

#include <kf/firmware/git_version.hpp>

#include <boost/test/unit_test.hpp>

namespace git_version_test {

using namespace kf::firmware;

/// A process runner that answers every command with one text.
struct scripted_runner {
    int status = 0;
    std::string output;
    std::optional<kf::error> fails = {};
    std::vector<kf::io::command> ran = {};
    kf::result<kf::io::run_outcome> run(const kf::io::command& c, const kf::io::run_limits& limits,
                                        const kf::io::output_sink& out) {
        ran.push_back(c);
        BOOST_TEST(limits.total == 7.0);
        if (fails) return kf::fail(*fails);
        out(output);
        return kf::io::run_outcome{status, 0.0};
    }
};

BOOST_AUTO_TEST_SUITE(firmware_git_version)

BOOST_AUTO_TEST_CASE(reads_what_git_describe_says) {
    const auto v = parse_git_version("v0.13.0-730-g84104bbbd");
    BOOST_REQUIRE(v);
    BOOST_TEST((*v == git_version{"v0.13.0", 730, "84104bbbd", false}));
    BOOST_TEST(
        (*parse_git_version("v2025.01.00-12-gabcdef0-dirty") == git_version{"v2025.01.00", 12, "abcdef0", true}));
    BOOST_TEST((*parse_git_version("v1.0-rc1-3-gabcdef0") == git_version{"v1.0-rc1", 3, "abcdef0", false}));
    BOOST_TEST((*parse_git_version("84104bb") == git_version{"", 0, "84104bb", false}));
    for (const char* none : {"?", "", "-", "v0.13.0", "?-20261120_235046-vm", "v0.13.0-x-g84104bb", "a-1-gxyz"})
        BOOST_TEST(!parse_git_version(none).has_value(), none);
}

BOOST_AUTO_TEST_CASE(cuts_the_time_and_host_of_an_unclean_build) {
    BOOST_TEST(without_build_tail("v0.13.0-730-g84104bbbd-dirty-20261120_235029-vm") == "v0.13.0-730-g84104bbbd-dirty");
    BOOST_TEST(without_build_tail("v0.13.0-730-g84104bbbd-dirty-20261120_235029-my-pi-4") ==
               "v0.13.0-730-g84104bbbd-dirty");
    BOOST_TEST(without_build_tail("?-20261120_235046-vm") == "?");
    BOOST_TEST(without_build_tail("v0.13.0-730-g84104bbbd") == "v0.13.0-730-g84104bbbd");
    BOOST_TEST(without_build_tail("v0.13.0-20261120_23502-vm") == "v0.13.0-20261120_23502-vm");
    BOOST_TEST(without_build_tail("") == "");
}

BOOST_AUTO_TEST_CASE(d17_two_commits_at_one_distance_from_a_tag_are_not_one_version) {
    BOOST_TEST((compare_versions("v0.13.0-45-gaaaaaaa", "v0.13.0-45-gbbbbbbb") == version_relation::different));
}

BOOST_AUTO_TEST_CASE(a_hash_that_another_clone_cut_shorter_is_the_same_commit) {
    BOOST_TEST((compare_versions("v0.13.0-730-g84104bbbd", "v0.13.0-730-g84104bb") == version_relation::same));
    BOOST_TEST((compare_versions("v0.13.0-730-g84104bbbd", "84104bb") == version_relation::same));
    BOOST_TEST((compare_versions("v0.13.0-731-g84104bbbd", "v0.13.0-730-g84104bbbd") == version_relation::different));
}

BOOST_AUTO_TEST_CASE(d17_a_dirty_build_is_never_called_the_clean_version) {
    constexpr std::string_view dirty = "v0.13.0-730-g84104bbbd-dirty-20261120_235029-vm";
    BOOST_TEST((compare_versions("v0.13.0-730-g84104bbbd", dirty) == version_relation::different));
    BOOST_TEST((compare_versions("v0.13.0-730-g84104bbbd-dirty", dirty) == version_relation::same_dirty));
    BOOST_TEST((compare_versions("?", dirty) == version_relation::unknown));
}

BOOST_AUTO_TEST_CASE(guesses_the_flavour_from_the_tag) {
    BOOST_TEST((guess_flavour("v0.13.0-730-g84104bbbd") == flavour::klipper));
    BOOST_TEST((guess_flavour("v2026.02.00-1-g84104bbbd") == flavour::kalico));
    BOOST_TEST((guess_flavour("84104bb") == flavour::unknown));
}

BOOST_AUTO_TEST_CASE(asks_git_in_the_tree_and_drops_its_warnings) {
    const kf::test::temporary_folder dir;
    put_file(dir.path() / ".git", "gitdir: elsewhere\n");
    scripted_runner runner{0, "warning: something\nv0.13.0-730-g84104bbbd\n"};
    BOOST_TEST(*describe_tree(runner, dir.path(), {}, 7) == "v0.13.0-730-g84104bbbd");
    BOOST_REQUIRE(runner.ran.size() == 1u);
    BOOST_TEST(kf::io::to_string(runner.ran[0]) == "LC_ALL=C git describe --always --tags --long --dirty");
    BOOST_TEST(runner.ran[0].cwd == dir.path().string());
}

BOOST_AUTO_TEST_CASE(a_tree_without_git_has_no_version_and_git_is_not_asked) {
    const kf::test::temporary_folder dir;
    scripted_runner runner{0, "v9.9.9-1-gabcdef0\n"}; // what a repository around the tree would say
    BOOST_TEST(*describe_tree(runner, dir.path(), {}, 7) == "");
    BOOST_TEST(runner.ran.empty());
}

BOOST_AUTO_TEST_CASE(a_git_that_refuses_is_quoted_whole_and_its_own_remedy_is_the_first_step) {
    const kf::test::temporary_folder dir;
    put_file(dir.path() / ".git", "");
    // git 2.39 under LC_ALL=C
    scripted_runner runner{128, "fatal: detected dubious ownership in repository at '/x'\n"
                                "To add an exception for this directory, call:\n\n"
                                "\tgit config --global --add safe.directory /x\n"};
    const auto bad = describe_tree(runner, dir.path(), {}, 7);
    BOOST_REQUIRE(!bad);
    BOOST_TEST((bad.error().code == kf::errc::refused));
    BOOST_TEST(
        (bad.error().output == std::vector<std::string>{"fatal: detected dubious ownership in repository at '/x'",
                                                        "To add an exception for this directory, call:", "",
                                                        "\tgit config --global --add safe.directory /x"}));
    BOOST_TEST(bad.error().steps.at(0) == "git config --global --add safe.directory /x");
    BOOST_TEST(bad.error().steps.at(1) == "or run kflash as the user who owns " + dir.path().string());
    BOOST_TEST(bad.error().command == "LC_ALL=C git describe --always --tags --long --dirty");
}

BOOST_AUTO_TEST_CASE(a_broken_checkout_is_refused_in_gits_words) {
    const kf::test::temporary_folder dir;
    put_file(dir.path() / ".git", "gitdir: /nowhere\n");
    scripted_runner runner{128, "fatal: not a git repository: /nowhere\n"};
    const auto bad = describe_tree(runner, dir.path(), {}, 7);
    BOOST_REQUIRE(!bad);
    BOOST_TEST((bad.error().code == kf::errc::refused));
    BOOST_TEST(bad.error().output.at(0) == "fatal: not a git repository: /nowhere");
    BOOST_TEST(bad.error().steps.at(0) == "run the command above in that directory, and mend what git says");
}

BOOST_AUTO_TEST_CASE(a_git_that_is_slow_is_a_timeout_and_one_that_is_missing_is_refused_with_its_package) {
    const kf::test::temporary_folder dir;
    put_file(dir.path() / ".git", "");
    scripted_runner runner;
    runner.fails = kf::error{kf::errc::timeout, "git took too long and was ended"};
    const auto slow = describe_tree(runner, dir.path(), {}, 7);
    BOOST_REQUIRE(!slow);
    BOOST_TEST((slow.error().code == kf::errc::timeout));
    BOOST_TEST(slow.error().what == "git did not say within 7 s which version " + dir.path().string() + " is");
    BOOST_TEST(slow.error().steps.at(0) == "give it more time: --git-timeout SECONDS");
    runner.fails = kf::error{kf::errc::not_found, "there is no program git"};
    const auto none = describe_tree(runner, dir.path(), {}, 7);
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code == kf::errc::refused));
    BOOST_TEST(none.error().steps.at(0) == "sudo apt install git");
    runner.fails = kf::error{kf::errc::interrupted, "git was ended by a signal to us"};
    BOOST_TEST((describe_tree(runner, dir.path(), {}, 7).error().code == kf::errc::interrupted));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace git_version_test
