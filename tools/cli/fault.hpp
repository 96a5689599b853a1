// SPDX-License-Identifier: MIT
#pragma once
/// The fail-Nth hook of the fault tests. Only ever installed where all is simulated.
///
/// KF_FAULT=N:KIND   the Nth effect fails (error), or the process gets a signal right before it by its name (kill, hup,
/// usr1, rtmin+3) KF_FAULT_LOG=FILE each effect as a line "N kind what"

namespace kf::cli {

void install_fault_probe();

} // namespace kf::cli
