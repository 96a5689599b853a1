// SPDX-License-Identifier: MIT
/// Any bytes as a .config: refused with a reason, or read into symbols that are the same however its lines end, and
/// that every question about them can be asked.
#include "wire.hpp"

#include <kf/firmware/config_cache.hpp>
#include <kf/firmware/proofs.hpp>

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kf::firmware;
    using kf::fuzz::demand;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto read = read_config(text, "x");
    if (!read) {
        demand(!read.error().cause.empty());
        return 0;
    }
    demand(read->text == text && !read->config.empty());
    const auto& c = read->config;
    demand(c.mcu() || !c.chosen_machines().empty());
    if (c.mcu()) demand(!c.mcu()->empty());
    const auto plain = plain_text(text);
    demand(plain_text(plain) == plain);
    const auto again = kconfig::parse(plain);
    demand(again && again->symbols() == c.symbols() && diff(c, *again).empty());
    std::string others = "\xef\xbb\xbf"; // as an editor of another system would save it
    for (const char ch : plain) others += ch == '\n' ? std::string("\r\n") : std::string(1, ch);
    const auto saved = kconfig::parse(plain_text(others));
    demand(saved && saved->symbols() == c.symbols());
    for (const auto& change : diff(kconfig{}, c)) demand(!to_string(change).empty());
    (void)expected_kind(c);
    (void)c.flash_base();
    (void)c.at_flash_base();
    for (const auto& p : prove_config(c, {.board_mcu = "x", .usb_mcu = "rp2040", .has_katapult = true}))
        demand(!p.says.empty());
    return 0;
}
