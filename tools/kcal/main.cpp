// SPDX-License-Identifier: MIT
#include "kcal_commands.hpp"

int main(int argc, char** argv) { return kf::cli::run(kf::kcal::tool(), argc, argv); }
