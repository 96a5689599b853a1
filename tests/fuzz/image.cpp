// SPDX-License-Identifier: MIT
/// Any bytes as a firmware image: it is pinned with its parts in order and inside of its file, or refused with a
/// reason; the proofs judge whatever was pinned. Inputs that begin with 'z' are dictionaries, packed and not.
#include "wire.hpp"

#include <kf/firmware/proofs.hpp>

#include <string_view>

namespace {

using kf::fuzz::demand;

void pin(kf::io::byte_view file, std::optional<std::uint64_t> start) {
    const auto image = kf::firmware::pin_image(kf::io::bytes(file.begin(), file.end()), "klipper.bin", start);
    if (!image) {
        demand(!image.error().what.empty());
        return;
    }
    demand(image->sha256.size() == 64 && !image->segments.empty() && image->bytes.size() == file.size());
    demand(image->end() > image->start());
    std::uint64_t behind = 0;
    for (const auto& part : image->segments) {
        demand(!part.data.empty() && part.address >= behind);
        behind = part.address + part.data.size();
        demand(behind > part.address);
    }
    demand(behind == image->end());
    (void)vectors(*image, image->start());
    static const auto config = *kf::firmware::kconfig::parse(
        "CONFIG_BOARD_DIRECTORY=\"stm32\"\nCONFIG_MCU=\"stm32f446xx\"\nCONFIG_FLASH_SIZE=0x80000\n"
        "CONFIG_FLASH_BOOT_ADDRESS=0x8000000\nCONFIG_FLASH_APPLICATION_ADDRESS=0x8008000\nCONFIG_USBSERIAL=y\n");
    const auto proofs = prove(*image, config, {.board_mcu = "stm32f446", .has_katapult = true});
    bool all = true;
    for (const auto& p : proofs) {
        demand(!p.says.empty());
        all = all && p.holds;
    }
    // What passes must lie in the flash, behind the bootloader.
    if (all) demand(image->start() >= 0x8008000 && image->end() <= 0x8080000 && image->dictionary.has_value());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const kf::io::byte_view rest(data + 1, size - 1);
    switch (data[0]) {
    case 'z':
        if (const auto d = kf::mcu::unpack_dictionary(rest)) demand(!d->app.empty() && !d->version.empty());
        if (const auto d =
                kf::mcu::parse_dictionary(std::string_view(reinterpret_cast<const char*>(rest.data()), rest.size())))
            demand(!d->app.empty() && !d->version.empty());
        break;
    case 's': pin(rest, 0x8008000); break;
    default: pin({data, size}, std::nullopt);
    }
    return 0;
}
