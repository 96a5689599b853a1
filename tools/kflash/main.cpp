// SPDX-License-Identifier: MIT
#include "kflash_commands.hpp"

#include <string_view>

int main(int argc, char** argv) {
    // With the words of the program that it stands for.
    if (argc > 1 && std::string_view(argv[1]) == "via-moonraker") return kf::kflash::via_moonraker(argc - 1, argv + 1);
    return kf::cli::run(kf::kflash::tool(), argc, argv);
}
