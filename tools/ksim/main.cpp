// SPDX-License-Identifier: MIT
#include "firmware_image.hpp"
#include "ksim_commands.hpp"

#include <kf/io/standard_streams.hpp>

#include <string_view>

namespace {

/// Called by make and by kflash, with the words of the program that they stand for: no table, no log, no start-up cost.
constexpr struct {
    std::string_view name;
    int (*run)(int argc, char** argv);
} stand_ins[] = {{"systemctl", kf::ksim::systemctl},
                 {"firmware-image", kf::ksim::firmware_image},
                 {"olddefconfig", kf::ksim::olddefconfig},
                 {"menuconfig", kf::ksim::menuconfig},
                 {"flash-usb", kf::ksim::flash_usb}};

} // namespace

int main(int argc, char** argv) {
    kf::io::settle_standard_streams();
    for (const auto& s : stand_ins)
        if (argc > 1 && s.name == argv[1]) return s.run(argc - 1, argv + 1);
    return kf::cli::run(kf::ksim::tool(), argc, argv);
}
