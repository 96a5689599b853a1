// SPDX-License-Identifier: MIT
// Which firmware is in a file? A program of your own on kf's headers (the package kf-dev):
//     meson setup build && ninja -C build && build/which-firmware ~/klipper/out/klipper.bin
#include <kf/firmware/image.hpp>
#include <kf/version.hpp>

#include <iostream>

static_assert(KF_VERSION_MAJOR == 0, "written for kf 0.x");

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "which-firmware FILE: what a .bin, .uf2, .elf or .elf.hex is (kf " KF_VERSION_STRING ")\n";
        return kf::exit_status(kf::errc::usage);
    }
    const auto image = kf::firmware::load_image(argv[1]); // an error is a value: what happened, and what to try
    if (!image) {
        std::cerr << image.error().what << '\n';
        return kf::exit_status(image.error().code);
    }
    if (!image->dictionary) {
        std::cerr << argv[1] << " says nothing of itself: it is not Klipper's\n";
        return kf::exit_status(kf::errc::malformed);
    }
    const auto& said = *image->dictionary; // Klipper packs it into every image
    std::cout << said.app << ' ' << said.version << " for " << said.mcu << ", " << image->size() << " bytes";
    if (image->address_known) std::cout << " at 0x" << std::hex << image->start() << std::dec;
    std::cout << "\nsha256 " << image->sha256 << '\n';
}
