// SPDX-License-Identifier: MIT
#include "ksim_commands.hpp"

#include <kf/sim/simulated_services.hpp>

#include <string>
#include <vector>

namespace kf::ksim {

int systemctl(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() < 2 || words[0] != "--state") {
        std::fputs("usage: ksim systemctl --state FILE show|is-active|start|stop|restart UNIT\n", stderr);
        return 2;
    }
    sim::simulated_services services(words[1]);
    return services.run({words.begin() + 2, words.end()});
}

} // namespace kf::ksim
