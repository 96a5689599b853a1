// SPDX-License-Identifier: MIT
// libFuzzer harness of run/pen_record: any bytes as the record of a pen. Only an empty file and a whole pause point
// leave no doubt; what is stored reads back as itself.
#include <kf/run/pen_record.hpp>

#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace {

namespace fs = std::filesystem;

void demand(bool truth) {
    if (!truth) std::abort();
}

/// In memory where the system has such a place: a million small files are written.
fs::path folder() {
    static const fs::path at = [] {
        const fs::path base = fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path();
        const fs::path made = base / ("kf-fuzz-pen-" + std::to_string(::getpid()));
        fs::create_directories(made);
        std::atexit([] {
            std::error_code ec;
            fs::remove_all((fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                               ("kf-fuzz-pen-" + std::to_string(::getpid())),
                           ec);
        });
        return made;
    }();
    return at;
}

using place = std::optional<kf::klippy::xyz>;

/// To the last digit that is written.
bool same_place(const place& a, const place& b) {
    if (!a || !b) return a.has_value() == b.has_value();
    for (std::size_t i = 0; i < 3; ++i)
        if (!(std::abs((*a)[i] - (*b)[i]) < 1e-5)) return false;
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const fs::path socket = "/nowhere/klippy.sock";
    const fs::path file = folder() / "pen%nowhere%klippy.sock";
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    kf::run::pen_record first(folder(), socket);
    const bool blank =
        std::string(reinterpret_cast<const char*>(data), size).find_first_not_of('\n') == std::string::npos;
    demand(blank || !first.doubt().empty() || first.pause_point());
    if (first.pause_point())
        for (const double v : *first.pause_point()) demand(std::isfinite(v));

    const std::string doubt = first.doubt();
    const auto pause = first.pause_point();
    if (!first.may_be_down("a try").has_value()) return 0;
    kf::run::pen_record second(folder(), socket);
    demand(second.doubt() == "a try" && same_place(second.pause_point(), pause));
    demand(second.is_up().has_value());
    demand(kf::run::pen_record(folder(), socket).doubt().empty());
    demand(same_place(kf::run::pen_record(folder(), socket).pause_point(), pause));
    return 0;
}
