// SPDX-License-Identifier: MIT
#include "../temporary_folder.hpp"

#include <kf/board/registry.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <cmath>
#include <fstream>
#include <limits>

namespace registry_test {

using namespace kf::board;
using kf::errc;
using kf::test::temporary_folder;

// What the Python original writes, with keys of its own (config_cache_dir) and of somebody else ("note", "x-tool").
constexpr const char* original = R"({
  "blocked_devices": [
    "usb-Prusa_*",
    {
      "added_by": "hand",
      "reason": "the probe",
      "serial_pattern": "usb-Cartographer_*"
    },
    {
      "pattern": "usb-Klipper_rp2040_DEAD*"
    }
  ],
  "devices": {
    "nhk": {
      "flash_method": "make_flash",
      "flashable": false,
      "mcu": "rp2040",
      "name": "Nitehawk 36",
      "serial_pattern": "usb-Klipper_rp2040_30333938340A53E6*"
    },
    "octopus-pro": {
      "flash_method": null,
      "flashable": true,
      "mcu": "stm32h723",
      "name": "Octopus Pro v1.1",
      "note": "main board \u00b5",
      "serial_pattern": "usb-Klipper_stm32h723xx_29001A001151313531383332*"
    }
  },
  "global": {
    "allow_flash_fallback": true,
    "config_cache_dir": "~/.config/kalico-flash/configs",
    "default_flash_method": "katapult",
    "katapult_dir": "~/katapult",
    "klipper_dir": "~/klipper",
    "return_delay": 5.0,
    "skip_menuconfig": false,
    "stagger_delay": 2.0
  },
  "x-tool": {
    "deep": [
      1,
      2.5,
      {
        "k": null
      },
      [],
      {}
    ]
  }
}
)";

std::string slurp(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void spill(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

registry parsed(const std::string& text) {
    auto r = parse_registry(text, "devices.json");
    BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().what));
    return *r;
}
std::string refusal(const std::string& text) {
    const auto r = parse_registry(text, "devices.json");
    BOOST_REQUIRE_MESSAGE(!r.has_value(), "accepted: " << text);
    BOOST_TEST((r.error().code == errc::malformed));
    return r.error().what;
}
/// A file with one board, one member of which is as given.
std::string with_device(const std::string& members) {
    return "{\n  \"devices\": {\n    \"a\": {\n      " + members + "\n    }\n  }\n}\n";
}
std::string with_global(const std::string& members) { return "{\"global\": {" + members + "}}"; }

board some_board(const std::string& name) {
    return {.name = name, .mcu = "rp2040", .serial_pattern = "usb-Klipper_rp2040_" + name + "*"};
}

/// Lets the Nth effect fail, or ends the process there.
int effects_left = 0;
bool effects_kill = false;
kf::result<void> count_down(kf::io::effect_kind, std::string_view what) {
    if (effects_left-- > 0) return {};
    if (effects_kill) ::_exit(99);
    return kf::fail(errc::io, "made to fail: " + std::string(what));
}
struct installed_probe {
    installed_probe(int n, bool kill) {
        effects_left = n;
        effects_kill = kill;
        kf::io::installed_effect_probe = count_down;
    }
    ~installed_probe() { kf::io::installed_effect_probe = nullptr; }
};

BOOST_AUTO_TEST_SUITE(registry_suite)

BOOST_AUTO_TEST_CASE(reads_the_originals_file) {
    const auto r = parsed(original);
    BOOST_REQUIRE_EQUAL(r.boards.size(), 2U);
    BOOST_TEST((r.boards[0] == board{.key = "nhk",
                                     .name = "Nitehawk 36",
                                     .mcu = "rp2040",
                                     .serial_pattern = "usb-Klipper_rp2040_30333938340A53E6*",
                                     .method = method_named("make_flash"),
                                     .flashable = false}));
    BOOST_TEST(r.boards[1].name == "Octopus Pro v1.1");
    BOOST_TEST(!r.boards[1].method);
    BOOST_TEST(!r.boards[1].seen_as_katapult);
    BOOST_TEST((r.settings == flash_settings{}));
    BOOST_TEST((r.blocked == std::vector<blocked_device>{
                                 {"usb-Prusa_*"}, {"usb-Cartographer_*", "the probe"}, {"usb-Klipper_rp2040_DEAD*"}}));
}

BOOST_AUTO_TEST_CASE(writes_what_the_original_would_write_and_keeps_unknown_keys_at_every_level) {
    BOOST_TEST(to_text(parsed(original)) == original);
}

BOOST_AUTO_TEST_CASE(a_change_touches_only_what_it_changes) {
    auto r = parsed(original);
    r.boards[1].name = "Octopus \xc3\xb6";
    r.boards[1].seen_as_katapult = "2026-01-25";
    r.settings.stagger_delay = 0.5;
    std::string expected = original;
    const auto swap = [&](const std::string& from, const std::string& to) {
        const auto at = expected.find(from);
        BOOST_REQUIRE(at != std::string::npos);
        expected.replace(at, from.size(), to);
    };
    swap("\"Octopus Pro v1.1\"", "\"Octopus \\u00f6\"");
    swap("\"stagger_delay\": 2.0", "\"stagger_delay\": 0.5");
    swap("      \"serial_pattern\": \"usb-Klipper_stm32h723xx",
         "      \"seen_as_katapult\": \"2026-01-25\",\n      \"serial_pattern\": \"usb-Klipper_stm32h723xx");
    BOOST_TEST(to_text(r) == expected);
    r.boards[1].seen_as_katapult.reset();
    BOOST_TEST(to_text(r).find("seen_as_katapult") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_was_learned_of_a_board_is_kept_beside_the_originals_keys) {
    auto r = parse_registry(R"({"devices": {"b": {"name": "B", "mcu": "rp2040", "serial_pattern": "usb-x*",
        "usb_port": "1-1.4", "klipper_usb": {"name": "usb-Kalico_t_T1-if00", "manufacturer": "Kalico", "product": "t",
        "serial": "T1", "since": 2026}}}})",
                            "f");
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->boards[0].usb_port == "1-1.4");
    BOOST_TEST((r->boards[0].as_klipper == usb_face{"usb-Kalico_t_T1-if00", "Kalico", "t", "T1"}));
    BOOST_TEST(r->boards[0].as_katapult.empty());
    r->boards[0].as_katapult = {"usb-katapult_rp2040_E66-if00", "katapult", "rp2040", "E66"};
    const auto text = to_text(*r);
    BOOST_TEST(text.find("\"since\": 2026") != std::string::npos); // not ours, kept
    const auto again = parse_registry(text, "f");
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST((again->boards == r->boards));
    r->boards[0].as_klipper = {};
    r->boards[0].as_katapult = {};
    r->boards[0].usb_port.clear();
    for (const char* key : {"klipper_usb", "katapult_usb", "usb_port"})
        BOOST_TEST(to_text(*r).find(key) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_empty_registry_is_written_whole) {
    BOOST_TEST(to_text(registry{}) == R"({
  "blocked_devices": [],
  "devices": {},
  "global": {
    "allow_flash_fallback": true,
    "default_flash_method": "katapult",
    "katapult_dir": "~/katapult",
    "klipper_dir": "~/klipper",
    "return_delay": 5.0,
    "skip_menuconfig": false,
    "stagger_delay": 2.0
  }
}
)");
}

BOOST_AUTO_TEST_CASE(strings_and_numbers_come_out_as_python_writes_them) {
    const auto text = [](const char* json) { return python_json(boost::json::parse(json)); };
    BOOST_TEST(text(R"("tab\tquote\"slash\\ \u007f\u0001\ud83d\ude00\u4e2d/")") ==
               R"("tab\tquote\"slash\\ \u007f\u0001\ud83d\ude00\u4e2d/")"
               "\n");
    BOOST_TEST(text("[1e16, 0.1, -0.0, 18446744073709551615, -5, 1e-7]") ==
               "[\n  1e+16,\n  0.1,\n  -0.0,\n  18446744073709551615,\n  -5,\n  1e-07\n]\n");
}

BOOST_AUTO_TEST_CASE(a_number_that_is_not_ours_keeps_its_digits) {
    for (const std::string number :
         {"1e400", "-1E-400", "-0.0", "-0", "0", "18446744073709551615", "18446744073709551616", "-9223372036854775809",
          "0.1000000000000000055", "1.50", "1E5", "100000000000000000000.000", "12345244444444444444444444444.44444"}) {
        const auto at_every_level =
            parsed(R"({"x": )" + number + R"(, "y": [[)" + number + R"(], {"k": )" + number +
                   R"(}], "global": {"ctd": )" + number +
                   R"(}, "devices": {"b": {"name": "B", "mcu": "rp2040", "serial_pattern": "usb-x*", "klipper_usb":)" +
                   R"({"serial": "T1", "n": )" + number + R"(}, "n":)" + number +
                   R"(}}, "blocked_devices": [{"pattern": "p", )" + R"("n": )" + number + "}]}");
        const auto text = to_text(at_every_level);
        for (const std::string& line :
             {"\n  \"x\": " + number + ",\n", "\n      " + number + "\n    ],", "\n      \"k\": " + number + "\n",
              "\n    \"ctd\": " + number + ",\n", "\n      \"n\": " + number + ",\n",
              "\n        \"n\": " + number + ",\n", "\n      \"n\": " + number + ",\n      \"pattern\": \"p\"\n"})
            BOOST_TEST(text.find(line) != std::string::npos, line << " is not in " << text);
        BOOST_TEST(to_text(parsed(text)) == text);
    }
}

BOOST_AUTO_TEST_CASE(a_setting_is_read_and_written_to_its_last_digit) {
    // The last ones are such that a parser which is one off in its last digit gives another number each time.
    for (const auto& [written, number] : {std::pair{"2.00", "2.0"},
                                          {"1E1", "10.0"},
                                          {"0.1000000000000000055", "0.1"},
                                          {"0.30000000000000004", "0.30000000000000004"},
                                          {"29.999999999999996", "29.999999999999996"},
                                          {"4.9406564584124654e-324", "5e-324"}}) {
        const auto text = to_text(parsed(with_global("\"stagger_delay\": " + std::string(written))));
        BOOST_TEST(text.find("\"stagger_delay\": " + std::string(number) + "\n") != std::string::npos, text);
        BOOST_TEST(to_text(parsed(text)) == text);
    }
    BOOST_TEST(refusal(with_global("\n\"stagger_delay\": 1e400"))
                   .find("line 2, column 18: global.stagger_delay is too large") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(missing_parts_have_defaults) {
    BOOST_TEST(parsed("{}").boards.empty());
    BOOST_TEST((parsed("{\"global\":{}}").settings == flash_settings{}));
    const auto r = parsed(with_device(R"("name": "A", "mcu": "rp2040", "serial_pattern": "usb-Klipper_rp2040_1*")"));
    BOOST_TEST(r.boards.at(0).flashable);
    BOOST_TEST(!r.boards.at(0).method);
}

BOOST_AUTO_TEST_CASE(broken_json_is_reported_with_line_and_column) {
    BOOST_TEST(refusal("{\n  \"devices\": {\n    \"a\": {},\n  }\n}\n").find("line 4, column 3") != std::string::npos);
    BOOST_TEST(refusal("").find("line 1, column 1: the file ends too early") != std::string::npos);
    BOOST_TEST(refusal("{\n\"global\": {").find("line 2, column 12: the file ends too early") != std::string::npos);
    BOOST_TEST(refusal("{} x").find("line 1, column 4") != std::string::npos);
    BOOST_TEST(refusal("[]").find("must be an object") != std::string::npos);
    BOOST_TEST(refusal("{\"devices\": {\"a\": 1,\n \"a\": 2}}").find("line 2, column 2: \"a\" stands twice") !=
               std::string::npos);
    BOOST_TEST(refusal("{\"a\": {\"b\": [2.0]},\n \"a\": 1}").find("line 2, column 2: \"a\" stands twice") !=
               std::string::npos);
    BOOST_TEST(refusal("{\"a\": [2.0, [1]],\n \"a\": [2]}").find("\"a\" stands twice") != std::string::npos);
    BOOST_TEST(refusal(std::string(200, '[')).find("line 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_column_counts_characters_not_bytes) {
    BOOST_TEST(refusal("{\"\xc3\xb6\xc3\xb6\": x}").find("line 1, column 8") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_error_of_a_malformed_file_gives_steps_and_names_the_file) {
    const auto r = parse_registry("{\n\"devices\": 1}", "/home/pi/devices.json");
    BOOST_REQUIRE(!r);
    BOOST_TEST(r.error().what ==
               "/home/pi/devices.json is wrong at line 2, column 12: devices must be an object { ... }");
    BOOST_REQUIRE_EQUAL(r.error().steps.size(), 1U);
    BOOST_TEST(r.error().steps[0] == "correct it: nano +2,12 /home/pi/devices.json");
}

BOOST_AUTO_TEST_CASE(d21_missing_fields_are_an_error_with_a_line_not_a_crash) {
    BOOST_TEST(refusal(with_device(R"("mcu": "rp2040", "serial_pattern": "p")"))
                   .find("line 3, column 10: devices.a has "
                         "no \"name\"") != std::string::npos);
    BOOST_TEST(refusal(with_device(R"("name": "A", "serial_pattern": "p")")).find("no \"mcu\"") != std::string::npos);
    BOOST_TEST(refusal(with_device(R"("name": "A", "mcu": "rp2040")")).find("no \"serial_pattern\"") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(d21_wrong_types_are_an_error_with_a_line_not_a_crash) {
    const std::string rest = R"(, "mcu": "rp2040", "serial_pattern": "p")";
    BOOST_TEST(refusal(with_device("\"name\": 5" + rest)).find("line 4, column 15: devices.a.name must be text") !=
               std::string::npos);
    BOOST_TEST(refusal(with_device("\"name\": \"\"" + rest)).find("devices.a.name must not be empty") !=
               std::string::npos);
    BOOST_TEST(refusal(with_device("\"name\": \"A\\u001b[2J\"" + rest)).find("control") != std::string::npos);
    for (const char* member :
         {R"("flashable": "yes")", R"("flashable": null)", R"("flash_method": "dd")", R"("flash_method": 1)",
          R"("seen_as_katapult": true)", R"("seen_as_katapult": "yesterday")", R"("usb_port": 4)",
          R"("usb_port": "1/1")", R"("klipper_usb": "usb-x")", R"("katapult_usb": {"serial": 1})",
          R"("klipper_usb": {"name": "a\nb"})"})
        (void)refusal(with_device("\"name\": \"A\"" + rest + ", " + member));
    for (const char* text :
         {R"({"devices": []})", R"({"devices": null})", R"({"devices": {"a": []}})", R"({"global": 1})",
          R"({"blocked_devices": {}})", R"({"blocked_devices": [1]})", R"({"blocked_devices": [{}]})",
          R"({"blocked_devices": [{"pattern": "x", "reason": 4}]})", R"({"blocked_devices": [""]})"})
        (void)refusal(text);
    BOOST_TEST(refusal("{\"blocked_devices\": [\"a\",\n 7]}").find("line 2, column 2: blocked_devices.1") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(d21_no_delay_is_nan_text_or_out_of_bounds) {
    BOOST_TEST(refusal(with_global("\n\"stagger_delay\": NaN")).find("line 2, column 18") != std::string::npos);
    for (const char* member :
         {R"("stagger_delay": "x")", R"("stagger_delay": -0.1)", R"("stagger_delay": 30.5)", R"("return_delay": 61)",
          R"("return_delay": null)", R"("return_delay": Infinity)", R"("stagger_delay": true)",
          R"("skip_menuconfig": 1)", R"("allow_flash_fallback": "true")", R"("klipper_dir": 3)", R"("klipper_dir": "")",
          R"("default_flash_method": "hope")"})
        (void)refusal(with_global(member));
    BOOST_TEST(parsed(with_global("\"stagger_delay\": 30, \"return_delay\": 0")).settings.stagger_delay == 30.0);
}

BOOST_AUTO_TEST_CASE(a_key_that_leads_out_of_its_folder_is_refused) {
    for (const char* key : {"..", ".", "", "../../etc", "a/b", "a\\u0000b"})
        (void)refusal("{\"devices\": {\"" + std::string(key) +
                      "\": {\"name\": \"A\", \"mcu\": \"rp2040\", \"serial_pattern\": \"p\"}}}");
}

BOOST_AUTO_TEST_CASE(old_keys_are_kept_even_when_no_slug_would_be_like_them) {
    const auto r = parsed(R"({"devices": {"My Board_1": {"name": "A", "mcu": "rp2040", "serial_pattern": "p"}}})");
    BOOST_TEST(r.boards.at(0).key == "My Board_1");
    BOOST_TEST(find(r, "My Board_1").has_value());
}

BOOST_AUTO_TEST_CASE(slugs_are_short_ascii_and_unique) {
    BOOST_TEST(slug("Octopus Pro v1.1") == "octopus-pro-v1-1");
    BOOST_TEST(slug("  \xc3\x96kt\xc3\xb3_Pus.. /x ") == "okto-pus-x");
    BOOST_TEST(slug("\xc5\x81\xc3\xb3"
                    "d\xc5\xba") == "odz"); // NFKD does not take the stroke of an L away
    BOOST_TEST(slug("a/b") == "ab");
    BOOST_TEST(slug("\u0218urub \u021beav\u0103") == "surub-teava");             // Romanian
    BOOST_TEST(slug("\u0110\u1ea7u phun \u1edf gi\u1eefa") == "au-phun-o-giua"); // the stroke of a D stays, too
    BOOST_TEST(slug("\u1ebe\u1ecd\u1eff\u1e9e\u01c4x") == "eox");
    BOOST_TEST(slug("\xe4\xb8\xad\xe6\x96\x87") == "");
    BOOST_TEST(slug("e\xcc\x81") == "e"); // a combining accent
    BOOST_TEST(slug(std::string(100, 'a')) == std::string(64, 'a'));
    BOOST_TEST(slug("\xc3") == "");
    const auto taken = [](std::string_view key) { return key == "a" || key == "a-2" || key == std::string(64, 'b'); };
    BOOST_TEST(unique_slug("A", taken) == "a-3");
    BOOST_TEST(unique_slug(std::string(70, 'B'), taken) == std::string(62, 'b') + "-2");
    BOOST_TEST(unique_slug("\xe4\xb8\xad", taken) == "board");
}

BOOST_AUTO_TEST_CASE(boards_are_found_by_key_and_by_name_whatever_its_case) {
    const auto r = parsed(original);
    BOOST_TEST(find(r, "nhk")->name == "Nitehawk 36");
    BOOST_TEST(find(r, "NITEHAWK 36")->key == "nhk");
    BOOST_TEST(find(r, "octopus pro V1.1")->key == "octopus-pro");
}

BOOST_AUTO_TEST_CASE(an_unknown_name_is_answered_with_the_near_ones) {
    const auto missed = find(parsed(original), "octopus-por");
    BOOST_REQUIRE(!missed);
    BOOST_TEST((missed.error().code == errc::not_found));
    BOOST_TEST(missed.error().what == "there is no board \"octopus-por\"");
    BOOST_TEST(missed.error().cause.find("octopus-pro") != std::string::npos);
    BOOST_TEST(missed.error().steps.at(0) == "kflash list");
    const auto none = find(registry{}, "x");
    BOOST_REQUIRE(!none);
    BOOST_TEST(none.error().steps.at(0) == "kflash add");
}

BOOST_AUTO_TEST_CASE(a_name_of_two_boards_is_refused_with_their_keys) {
    const auto r = parsed(R"({"devices": {
        "a": {"name": "Same", "mcu": "rp2040", "serial_pattern": "p"},
        "b": {"name": "same", "mcu": "rp2040", "serial_pattern": "q"}}})");
    const auto found = find(r, "SAME");
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().code == errc::usage));
    BOOST_TEST(found.error().cause == "they are Same (key a), same (key b)");
    BOOST_TEST(found.error().steps.at(0) == "give the key instead");
    BOOST_TEST(find(r, "b")->serial_pattern == "q");
}

BOOST_AUTO_TEST_CASE(a_key_that_is_another_boards_name_means_neither) {
    // As a person or an older kflash made it: pico was renamed, and another board got its name.
    const auto r = parsed(R"({"devices": {
        "pico": {"name": "Nozzle", "mcu": "rp2040", "serial_pattern": "p"},
        "tool": {"name": "Pico", "mcu": "rp2040", "serial_pattern": "q"}}})");
    for (const char* word : {"pico", "Pico", "PICO"}) {
        const auto found = find(r, word);
        BOOST_REQUIRE(!found);
        BOOST_TEST((found.error().code == errc::usage));
        BOOST_TEST(found.error().what == "2 boards are called \"" + std::string(word) + "\"");
        BOOST_TEST(found.error().cause == "they are Nozzle (key pico), Pico (key tool)");
        BOOST_TEST(found.error().steps.back().ends_with("kflash edit tool --name ANOTHER"));
    }
    BOOST_TEST(find(r, "nozzle")->key == "pico");
    BOOST_TEST(find(r, "tool")->key == "tool");
    BOOST_TEST(with_key(r, "pico")->name == "Nozzle"); // a program that has found it means it
    BOOST_TEST((with_key(r, "Pico").error().code == errc::not_found));
    // Keys of the original may differ by their case alone.
    const auto keys = parsed(R"({"devices": {
        "ebb": {"name": "left", "mcu": "rp2040", "serial_pattern": "p"},
        "EBB": {"name": "right", "mcu": "rp2040", "serial_pattern": "q"}}})");
    BOOST_TEST(find(keys, "ebb")->name == "left");
    BOOST_TEST(find(keys, "EBB")->name == "right");
    BOOST_TEST(!find(keys, "Ebb"));
}

BOOST_AUTO_TEST_CASE(no_board_gets_a_name_or_a_key_that_another_one_answers_to) {
    auto r = parsed(R"({"devices": {"pico": {"name": "Nozzle", "mcu": "rp2040", "serial_pattern": "p"}}})");
    BOOST_TEST(add(r, some_board("Pico")).error().what == "there is already a board called \"Pico\"");
    BOOST_TEST(add(r, some_board("PICO")).error().cause == "it is the key of Nozzle");
    BOOST_TEST((add(r, some_board("nozzle")).error().code == errc::usage));
    auto with_a_key = some_board("Tool");
    with_a_key.key = "NOZZLE"; // as an import brings it
    BOOST_TEST((add(r, with_a_key).error().code == errc::usage));
    BOOST_TEST(add(r, some_board("Nozzle!")).value() == "nozzle-2"); // its slug is a name
    BOOST_TEST(check_name(r, "Pico", "pico").has_value());           // back to what it was called
    BOOST_TEST(!check_name(r, "Pico", "nozzle-2").has_value());
    BOOST_TEST(r.boards.size() == 2U);
}

BOOST_AUTO_TEST_CASE(names_that_look_alike_but_for_blanks_and_what_takes_no_room_are_one) {
    auto r = parsed(R"({"devices": {"pico": {"name": "Nozzle", "mcu": "rp2040", "serial_pattern": "p"}}})");
    for (const char* name : {"pico ", " PICO", "pico\u00a0", "pi\u200bco", "\ufeffpico", " nozzle\t"})
        BOOST_TEST((name_taken(r, name) != nullptr), name);
    BOOST_TEST((name_taken(r, "pi co") == nullptr));
    // Of an older kflash: what a list shows as pico is the other board.
    const auto old = parsed(R"({"devices": {
        "pico": {"name": "Nozzle", "mcu": "rp2040", "serial_pattern": "p"},
        "tool": {"name": "pico ", "mcu": "rp2040", "serial_pattern": "q"}}})");
    BOOST_REQUIRE(!find(old, "pico"));
    BOOST_TEST((find(old, "pico").error().code == errc::usage));
}

BOOST_AUTO_TEST_CASE(adding_gives_a_key_keeps_the_order_and_checks_the_values) {
    registry r;
    BOOST_TEST(add(r, some_board("Zeta")).value() == "zeta");
    BOOST_TEST(add(r, some_board("A b")).value() == "a-b");
    BOOST_TEST(add(r, some_board("A_b")).value() == "a-b-2");
    BOOST_TEST((add(r, some_board("ZETA")).error().code == errc::usage));
    BOOST_TEST((add(r, some_board("")).error().code == errc::usage));
    auto bad = some_board("bad");
    bad.mcu = "rp 2040";
    BOOST_TEST(add(r, bad).error().what == "the board's mcu must be letters and digits, as in stm32h723");
    bad = some_board("bad");
    bad.serial_pattern = "/dev/serial/by-id/usb-Klipper_rp2040_1*";
    BOOST_TEST((add(r, bad).error().code == errc::usage));
    BOOST_REQUIRE_EQUAL(r.boards.size(), 3U);
    BOOST_TEST(r.boards[0].key == "a-b");
    BOOST_TEST(r.boards[2].key == "zeta");
    auto renamed = r.boards[0];
    renamed.name = "New";
    BOOST_TEST(replace(r, renamed).has_value());
    BOOST_TEST(find(r, "new")->key == "a-b");
    BOOST_TEST(remove(r, "a-b").has_value());
    BOOST_TEST((remove(r, "a-b").error().code == errc::not_found));
    BOOST_TEST((replace(r, renamed).error().code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(no_file_is_an_empty_registry) {
    const temporary_folder folder;
    const auto r = read_registry(folder / "devices.json");
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->boards.empty());
    BOOST_TEST((read_registry(folder.path()).error().code == errc::malformed)); // a directory
}

BOOST_AUTO_TEST_CASE(an_update_keeps_the_version_before) {
    const temporary_folder folder;
    const auto file = folder / "deep/devices.json";
    const auto add_one = [](const char* name) {
        return [name](registry& r) -> kf::result<void> {
            KF_CHECK(add(r, some_board(name)));
            return {};
        };
    };
    BOOST_TEST(update(file, "test", add_one("one")).has_value());
    BOOST_TEST(!std::filesystem::exists(folder / "deep/devices.json.bak"));
    const auto first = slurp(file);
    ::chmod(file.c_str(), 0600);
    BOOST_TEST(update(file, "test", add_one("two"))->boards.size() == 2U);
    BOOST_TEST(slurp(folder / "deep/devices.json.bak") == first);
    BOOST_TEST(read_registry(file)->boards.size() == 2U);
    struct stat st{};
    BOOST_REQUIRE_EQUAL(::stat(file.c_str(), &st), 0);
    BOOST_TEST((st.st_mode & 0777) == 0600U);
    // Nothing changed: nothing is written, the version before stays the version before.
    BOOST_TEST(update(file, "test", [](registry&) -> kf::result<void> { return {}; }).has_value());
    BOOST_TEST(slurp(folder / "deep/devices.json.bak") == first);
}

BOOST_AUTO_TEST_CASE(a_link_to_the_file_stays_a_link) {
    const temporary_folder folder;
    spill(folder / "dotfiles.json", original);
    std::filesystem::create_symlink(folder / "dotfiles.json", folder / "devices.json");
    BOOST_TEST(update(folder / "devices.json", "test", [](registry& r) { return remove(r, "nhk"); }).has_value());
    BOOST_TEST(std::filesystem::is_symlink(folder / "devices.json"));
    BOOST_TEST(read_registry(folder / "dotfiles.json")->boards.size() == 1U);
}

BOOST_AUTO_TEST_CASE(d21_a_malformed_file_is_left_untouched) {
    const temporary_folder folder;
    const std::string broken = "{\"devices\": {\"a\": {\"name\": \"A\"}}, }";
    spill(folder / "devices.json", broken);
    const auto r = update(folder / "devices.json", "test", [](registry&) -> kf::result<void> { return {}; });
    BOOST_REQUIRE(!r);
    BOOST_TEST((r.error().code == errc::malformed));
    BOOST_TEST(slurp(folder / "devices.json") == broken);
    BOOST_TEST(!std::filesystem::exists(folder / "devices.json.bak"));
}

BOOST_AUTO_TEST_CASE(d21_an_update_cannot_store_a_nan_or_half_a_board) {
    const temporary_folder folder;
    const auto file = folder / "devices.json";
    spill(file, original);
    const auto nan = update(file, "test", [](registry& r) -> kf::result<void> {
        r.settings.stagger_delay = std::numeric_limits<double>::quiet_NaN();
        return {};
    });
    BOOST_REQUIRE(!nan);
    BOOST_TEST(nan.error().what == "stagger_delay must be a number of seconds from 0 to 30");
    BOOST_TEST((nan.error().code == errc::usage));
    const auto nameless = update(file, "test", [](registry& r) -> kf::result<void> {
        r.boards[0].name.clear();
        return {};
    });
    BOOST_TEST(!nameless.has_value());
    const auto refused = update(file, "test", [](registry& r) -> kf::result<void> {
        r.boards.clear();
        return kf::fail(errc::refused, "changed my mind");
    });
    BOOST_TEST((refused.error().code == errc::refused));
    BOOST_TEST(slurp(file) == original);
}

BOOST_AUTO_TEST_CASE(an_update_that_waits_in_vain_names_the_holder) {
    const temporary_folder folder;
    const auto file = folder / "devices.json";
    const auto lock = kf::io::file_lock::take(file.string() + ".lock", "kflash edit octopus");
    BOOST_REQUIRE(lock.has_value());
    const auto r = update(file, "test", [](registry&) -> kf::result<void> { return {}; }, kf::io::time_point::min());
    BOOST_REQUIRE(!r);
    BOOST_TEST((r.error().code == errc::busy));
    BOOST_TEST(r.error().cause.find("kflash edit octopus") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(d21_processes_that_update_at_once_lose_nothing) {
    const temporary_folder folder;
    const auto file = folder / "devices.json";
    constexpr int processes = 4, each = 10;
    std::vector<pid_t> children;
    for (int p = 0; p < processes; ++p) {
        const pid_t pid = ::fork();
        BOOST_REQUIRE(pid >= 0);
        if (pid == 0) {
            for (int i = 0; i < each; ++i) {
                const auto name = fmt::format("p{}-{}", p, i);
                const auto change = [&](registry& r) -> kf::result<void> {
                    KF_CHECK(add(r, some_board(name)));
                    return {};
                };
                const auto far = kf::io::steady_clock{}.now() + std::chrono::seconds(100);
                if (!update(file, name, change, far)) ::_exit(1);
            }
            ::_exit(0);
        }
        children.push_back(pid);
    }
    for (const pid_t pid : children) {
        int status = 0;
        BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
        BOOST_TEST(status == 0);
    }
    const auto r = read_registry(file);
    BOOST_REQUIRE(r.has_value());
    BOOST_TEST(r->boards.size() == std::size_t{processes} * each);
}

BOOST_AUTO_TEST_CASE(any_effect_that_fails_or_kills_leaves_the_old_or_the_new_file_whole) {
    int kinds[2] = {0, 0};
    for (const bool kill : {false, true}) {
        for (int n = 0;; ++n) {
            const temporary_folder folder;
            const auto file = folder / "devices.json";
            spill(file, original);
            const auto change = [](registry& r) { return remove(r, "nhk"); };
            bool done = false;
            if (kill) {
                const pid_t pid = ::fork();
                BOOST_REQUIRE(pid >= 0);
                if (pid == 0) {
                    const installed_probe probe(n, true);
                    ::_exit(update(file, "test", change) ? 0 : 1);
                }
                int status = 0;
                BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
                BOOST_REQUIRE(WIFEXITED(status));
                done = WEXITSTATUS(status) == 0;
            } else {
                const installed_probe probe(n, false);
                const auto r = update(file, "test", change);
                done = r.has_value();
                if (!done) BOOST_TEST(r.error().what.starts_with("made to fail"), r.error().what);
            }
            ++kinds[kill];
            const auto boards = read_registry(file)->boards.size();
            BOOST_TEST((boards == 1 || boards == 2));
            if (boards == 2) BOOST_TEST(slurp(file) == original);
            if (boards == 1) BOOST_TEST(slurp(folder / "devices.json.bak") == original);
            if (!kill) // what was begun is cleared away
                for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
                    const auto name = entry.path().filename().string();
                    BOOST_TEST((name == "devices.json" || name == "devices.json.bak" || name == "devices.json.lock"),
                               name);
                }
            // The next run works, whatever happened.
            BOOST_TEST(update(file, "test", [](registry& r) {
                           r.settings.return_delay = 1;
                           return kf::result<void>{};
                       }).has_value());
            if (done) {
                BOOST_TEST(boards == 1U);
                break;
            }
            BOOST_REQUIRE(n < 100);
        }
    }
    BOOST_TEST(kinds[0] == kinds[1]);
    BOOST_TEST(kinds[0] == 8); // lock; create, write, rename of the .bak and of the file; none left
    BOOST_TEST_MESSAGE("registry update: " << kinds[0] - 1 << " effects x {error, kill}");
}

BOOST_AUTO_TEST_CASE(a_text_in_latin_1_is_refused_before_it_is_written) {
    flash_settings s;
    s.klipper_dir = "/home/k\374che/klipper";
    BOOST_REQUIRE(problem(s).has_value());
    BOOST_TEST(problem(s)->what == "must be UTF-8");
    s.klipper_dir = "/home/k\303\274che/klipper";
    BOOST_TEST(!problem(s).has_value());
}

BOOST_AUTO_TEST_CASE(a_file_with_a_key_is_its_owners_alone_and_stays_so) {
    const temporary_folder dir;
    const auto file = dir / "devices.json";
    const auto mode = [&](const std::string& more = "") {
        struct stat st{};
        BOOST_REQUIRE_EQUAL(::stat((file.string() + more).c_str(), &st), 0);
        return st.st_mode & 0777;
    };
    const auto with_key = [&](const std::string& key) {
        BOOST_REQUIRE(update(file, "test", [&](registry& r) -> kf::result<void> {
            r.settings.moonraker_api_key = key;
            r.settings.stagger_delay += 1;
            return {};
        }));
    };
    with_key("");
    BOOST_TEST(mode() == 0644U);
    with_key("0123456789abcdef");
    BOOST_TEST(mode() == 0600U);
    with_key("");
    BOOST_TEST(mode() == 0600U);
    BOOST_TEST(mode(".bak") == 0600U); // the key is still there
}

BOOST_AUTO_TEST_CASE(a_pattern_is_blocked_once_and_the_default_for_ever) {
    registry r;
    BOOST_REQUIRE(block(r, {"usb-Cartographer_*", "the probe"}));
    BOOST_REQUIRE(block(r, {"USB-cartographer_*", "a probe"}));
    BOOST_REQUIRE(block(r, {"usb-cartographer_*"})); // its reason stays
    BOOST_TEST((r.blocked == std::vector<blocked_device>{{"usb-Cartographer_*", "a probe"}}));
    for (const auto& bad : {std::string(), std::string("a\nb"), std::string(256, 'x')})
        BOOST_TEST((block(r, {bad}).error().code == kf::errc::usage));
    BOOST_TEST((block(r, {"usb-x*", "a\nb"}).error().code == kf::errc::usage));
    const auto none = unblock(r, "usb-x*");
    BOOST_TEST((none.error().code == kf::errc::not_found));
    BOOST_TEST(none.error().steps.at(0) == "kflash include --pattern 'usb-Cartographer_*'");
    BOOST_TEST((unblock(r, "usb-Beacon_*").error().code == kf::errc::refused));
    BOOST_REQUIRE(unblock(r, "usb-CARTOGRAPHER_*"));
    BOOST_TEST(r.blocked.empty());
    BOOST_REQUIRE(block(r, {"usb-beacon_*", "mine"})); // with another reason
    BOOST_REQUIRE(unblock(r, "usb-beacon_*"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace registry_test
