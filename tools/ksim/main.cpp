// SPDX-License-Identifier: MIT
#include <string_view>

#include "commands.hpp"

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "systemctl") return kf::ksim::systemctl(argc - 2, argv + 2);
    return kf::cli::run(kf::ksim::tool(), argc, argv);
}
