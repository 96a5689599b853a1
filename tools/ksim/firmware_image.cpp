// SPDX-License-Identifier: MIT
// The "compiler" of the stand-in firmware tree: one image, from a .config and a version.
#include "firmware_image.hpp"

#include <kf/firmware/kconfig.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/sim/stand_in_image.hpp>

#include <cstdio>
#include <map>

namespace kf::ksim {

namespace {

constexpr std::size_t default_size = 44 * 1024; // what the real tree gives for an STM32

result<io::bytes> image_for(const std::filesystem::path& file, const sim::image_recipe& recipe) {
    const std::string name = file.filename().string();
    if (name.ends_with(".bin")) return sim::make_image(recipe);
    if (name.ends_with(".uf2")) return sim::make_uf2(recipe);
    if (name.ends_with(".elf.hex")) return sim::make_hex(recipe);
    if (name.ends_with(".elf")) return sim::make_elf(recipe);
    return kf::fail(errc::usage, "an image ends in .bin, .uf2, .elf.hex or .elf, not " + name);
}

} // namespace

result<void> write_firmware_image(const std::filesystem::path& config_file, const std::filesystem::path& out,
                                  const std::string& version) {
    KF_TRY(const auto text, io::read_file(config_file));
    KF_TRY(const auto config, firmware::kconfig::parse(text));
    const auto mcu = config.mcu();
    if (!mcu) return kf::fail(errc::malformed, config_file.string() + " names no chip");
    sim::image_recipe recipe{.mcu = *mcu,
                             .version = version,
                             .app_start = static_cast<std::uint32_t>(config.application_start().value_or(0)),
                             .size = static_cast<std::size_t>(config.number("KF_IMAGE_SIZE").value_or(default_size))};
    recipe.usb_manufacturer = config.text("USB_MANUFACTURER").value_or("");
    recipe.usb_product = config.text("USB_PRODUCT").value_or("");
    if (!config.enabled("USB_SERIAL_NUMBER_CHIPID")) recipe.usb_serial = config.text("USB_SERIAL_NUMBER").value_or("");
    KF_TRY(const auto image, image_for(out, recipe));
    return io::write_file(out, std::string_view(reinterpret_cast<const char*>(image.data()), image.size()));
}

int firmware_image(int argc, char** argv) {
    std::map<std::string, std::string> options;
    for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
    for (const char* needed : {"--config", "--out", "--version"})
        if (!options.contains(needed)) {
            std::fprintf(stderr, "ksim firmware-image: %s is missing\n", needed);
            return 2;
        }
    const auto done = write_firmware_image(options["--config"], options["--out"], options["--version"]);
    if (done) return 0;
    std::fprintf(stderr, "ksim firmware-image: %s\n", done.error().what.c_str());
    return 1;
}

} // namespace kf::ksim
