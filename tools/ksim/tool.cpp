// SPDX-License-Identifier: MIT
#include "commands.hpp"

namespace kf::ksim {

const cli::tool_row& tool() {
    static const cli::tool_row row{"ksim",
                                   "Simulates a printer's host: boards, Klipper, its service, a firmware tree.",
                                   {},
                                   {host_command(), board_command(), firmware_image_command(), menuconfig_command(),
                                    flash_usb_command()}};
    return row;
}

} // namespace kf::ksim
