// SPDX-License-Identifier: MIT
#include "ksim_commands.hpp"

#include <kf/flash/methods/katapult_usb.hpp>

#include <cstdio>
#include <cstdlib>

namespace kf::ksim {
namespace {

/// Prints as the flashers do that Klipper's make flash runs.
struct hash_sink : silent_sink {
    std::uint64_t shown = 0;
    void progress(const kf::progress& p) {
        if (p.total == 0) return;
        const auto marks = p.done * 50 / p.total + (p.in == phase::verify ? 50 : 0);
        for (; shown < marks; ++shown) std::fputc('#', stdout);
        std::fflush(stdout);
    }
};

result<void> flash(const std::filesystem::path& device, const std::string& file, std::uint64_t start) {
    KF_TRY(const auto image, firmware::load_image(file));
    if (image.kind != firmware::image_kind::bin)
        return kf::fail(errc::usage, "the simulated boards have Katapult: only klipper.bin can be written");
    flash::write_job job;
    auto pinned = image;
    KF_TRY(pinned, firmware::pin_image(pinned.bytes, file, start));
    job.image = &pinned;
    // Of a simulated host: by-id, by-path and sys lie beside each other.
    const auto root = device.parent_path().parent_path();
    board::usb_address on{{root / "by-id", root / "sys"}};
    KF_TRY(const auto seen, board::scan(on.at));
    std::error_code ec;
    const auto node = std::filesystem::canonical(device, ec);
    for (const auto& d : seen.devices)
        if (d.resolved == node) on.trail.start = d;
    if (on.trail.start.file_name.empty()) return kf::fail(errc::not_found, "there is no " + device.string());
    job.address = std::move(on);
    flash::katapult_usb writer{io::steady_clock{}};
    hash_sink out;
    std::printf("Flashing '%s'...\n[", file.c_str());
    std::fflush(stdout);
    auto done = writer.write(job, out);
    std::printf("]\n");
    return done;
}

} // namespace

int flash_usb(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: ksim flash-usb DEVICE IMAGE START\n", stderr);
        return 2;
    }
    const auto done = flash(argv[1], argv[2], std::strtoull(argv[3], nullptr, 0));
    if (done) return 0;
    std::fprintf(stderr, "Failed to flash to %s: %s (%s)\n", argv[1], done.error().what.c_str(),
                 done.error().cause.c_str());
    return 1;
}

} // namespace kf::ksim
