// SPDX-License-Identifier: MIT
#pragma once
/// Pixels as the bytes of a PNG file. Spec: https://www.w3.org/TR/png/.

#include <kf/error.hpp>
#include <kf/preview/raster.hpp>

#include <png.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kf::preview {

namespace detail {

inline result<std::string> png_of(raster_size size, png_uint_32 format, const void* pixels) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(size.width);
    image.height = static_cast<png_uint_32>(size.height);
    image.format = format;
    image.flags = PNG_IMAGE_FLAG_FAST;
    std::string out(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
    png_alloc_size_t length = out.size();
    if (png_image_write_to_memory(&image, out.data(), &length, 0, pixels, 0, nullptr) == 0)
        return kf::fail(errc::failed, std::string("the picture could not be made: ") + image.message);
    out.resize(length);
    return out;
}

} // namespace detail

/// One byte a pixel, 255 is white; `grey` has width times height of them.
[[nodiscard]] inline result<std::string> png_bytes(raster_size size, const std::vector<std::uint8_t>& grey) {
    return detail::png_of(size, PNG_FORMAT_GRAY, grey.data());
}

[[nodiscard]] inline result<std::string> png_bytes(const raster& picture) {
    static_assert(sizeof(colour) == 3);
    return detail::png_of(picture.size(), PNG_FORMAT_RGB, picture.pixels().data());
}

} // namespace kf::preview
