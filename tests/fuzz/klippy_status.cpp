// SPDX-License-Identifier: MIT
/// Any JSON as what klippy says of itself, one status a line. Whatever it is, it is refused or read, and nobody is told
/// where the printer is without klippy having said that it is ready.
#include "wire.hpp"

#include <kf/klippy/status.hpp>

#include <cmath>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using kf::fuzz::demand;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    kf::klippy::printer_status status;
    double at = 0;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        boost::system::error_code ec;
        const auto value = boost::json::parse(line, ec);
        if (ec || !value.is_object()) continue;
        at += 0.25;
        if (const auto merged = status.merge(value.get_object(), at); !merged) {
            demand(!merged.error().what.empty());
            return 0;
        }
        if (status.position() || status.live_position() || status.homed("xyz")) demand(status.ready());
        (void)kf::klippy::name(status.job());
    }
    return 0;
}
