// SPDX-License-Identifier: MIT
// libFuzzer harness of klippy/rpc: arbitrary bytes in arbitrary pieces. The first byte chooses the piece size. Whatever
// comes in, the decoder stays within its limit, never gives anything after an error, and gives the same messages
// however the bytes are cut.
//   clang++-19 -std=c++23 -g -O1 -fsanitize=fuzzer,address,undefined -DFMT_HEADER_ONLY -Iinclude tests/fuzz/rpc.cpp
//   -lboost_json

#include <kf/klippy/rpc.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

std::string decode(kf::io::byte_view in, std::size_t piece) {
    kf::klippy::message_decoder decoder(4096);
    std::string out;
    const auto drain = [&] {
        while (auto m = decoder.next()) {
            if (!*m) {
                out += "!";
                auto again = decoder.next();
                if (!again || *again) std::abort();
                return false;
            }
            if (const auto* r = std::get_if<kf::klippy::response>(&**m))
                out += "r" + std::to_string(r->id) + boost::json::serialize(r->value) + r->error_text.value_or("");
            else
                out += "p" + std::get<kf::klippy::push>(**m).key +
                       boost::json::serialize(std::get<kf::klippy::push>(**m).params);
        }
        return true;
    };
    while (!in.empty()) {
        const auto n = std::min(piece, in.size());
        decoder.feed(in.first(n));
        in = in.subspan(n);
        if (!drain()) break;
    }
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const kf::io::byte_view in(data + 1, size - 1);
    if (decode(in, in.size()) != decode(in, data[0] + 1u)) std::abort();
    // What we would send with such a text is either refused or exactly one frame.
    const std::string text(reinterpret_cast<const char*>(in.data()), in.size());
    if (const auto made = kf::klippy::request(1, "gcode/script", {{"script", text}}); made) {
        if (!kf::is_utf8(text)) std::abort();
        if (std::count(made->begin(), made->end(), std::uint8_t{3}) != 1 || made->back() != 3) std::abort();
        const auto back = boost::json::parse(std::string(made->begin(), made->end() - 1));
        if (back.at("params").at("script").as_string() != text) std::abort();
    } else if (kf::is_utf8(text))
        std::abort();
    return 0;
}
