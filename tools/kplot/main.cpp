// SPDX-License-Identifier: MIT
#include "kplot_commands.hpp"

int main(int argc, char** argv) { return kf::cli::run(kf::kplot::tool(), argc, argv); }
