// SPDX-License-Identifier: MIT
#include "kjog_commands.hpp"

int main(int argc, char** argv) { return kf::cli::run(kf::kjog::tool(), argc, argv); }
