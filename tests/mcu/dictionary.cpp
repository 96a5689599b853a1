// SPDX-License-Identifier: MIT
#include "../scripted_link.hpp"

#include <kf/mcu/dictionary.hpp>

#include <boost/test/unit_test.hpp>

namespace dictionary_test {

using namespace kf;
using kf::tests::unhex;

// Python's zlib.compress(..., 9) of
// {"app":"Klipper","build_versions":"gcc: 12","config":{"MCU":"stm32f446xx"},"version":"v0.13.0-1-gabcdef0"}
const io::bytes packed =
    unhex("78da2dcbbb0a80200005d05f893b676849836b633436479a8ad043b24208ff3d87e6c379317b0f817e75deeb1325e4edd6657af419"
          "dcb1874c562951b03a933a76e32cc48ba11bb3846b6b6ac3791b235289ff647868c59a8a1246ec2cd5a20d45fa0019262100");

io::bytes zlib_of(const std::string& text) {
    uLongf size = ::compressBound(static_cast<uLong>(text.size()));
    io::bytes out(size);
    ::compress2(out.data(), &size, reinterpret_cast<const Bytef*>(text.data()), static_cast<uLong>(text.size()), 9);
    out.resize(size);
    return out;
}

io::bytes operator+(io::bytes a, const io::bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

BOOST_AUTO_TEST_SUITE(dictionary)

BOOST_AUTO_TEST_CASE(says_application_version_compiler_and_mcu) {
    const auto d = mcu::unpack_dictionary(packed);
    BOOST_REQUIRE(d.has_value());
    BOOST_TEST(d->app == "Klipper");
    BOOST_TEST(d->version == "v0.13.0-1-gabcdef0");
    BOOST_TEST(d->build_versions == "gcc: 12");
    BOOST_TEST(d->mcu == "stm32f446xx");
}

BOOST_AUTO_TEST_CASE(is_found_in_an_image_behind_other_zlib_streams) {
    const io::bytes decoys =
        unhex("78da0000789c78da") + zlib_of("no json") + zlib_of("{\"name\":\"other\"}") + zlib_of("[1,2]");
    const auto d = mcu::find_dictionary(io::bytes(4097, 0x11) + decoys + packed + io::bytes(300, 0xff));
    BOOST_REQUIRE(d.has_value());
    BOOST_TEST(d->mcu == "stm32f446xx");
}

BOOST_AUTO_TEST_CASE(an_image_without_one_is_refused) {
    const auto d = mcu::find_dictionary(io::bytes(20480, 0x78));
    BOOST_REQUIRE(!d.has_value());
    BOOST_TEST((d.error().code == errc::malformed));
    BOOST_TEST((mcu::find_dictionary({}).error().code == errc::malformed));
}

BOOST_AUTO_TEST_CASE(a_truncated_or_damaged_one_is_refused) {
    for (std::size_t n = 0; n < packed.size(); ++n)
        BOOST_TEST(!mcu::unpack_dictionary(io::byte_view(packed).first(n)).has_value());
    io::bytes damaged = packed;
    damaged[50] ^= 0x40;
    BOOST_TEST(!mcu::unpack_dictionary(damaged).has_value());
}

BOOST_AUTO_TEST_CASE(unpacking_ends_at_the_limit) {
    const auto text = mcu::inflate(zlib_of(std::string(5'000'000, ' ')));
    BOOST_REQUIRE(!text.has_value());
    BOOST_TEST((text.error().code == errc::malformed));
    BOOST_TEST((mcu::inflate(zlib_of(std::string(4000, 'x')), 4000) == std::string(4000, 'x')));
    BOOST_TEST(!mcu::inflate(zlib_of(std::string(4001, 'x')), 4000).has_value());
}

BOOST_AUTO_TEST_CASE(a_dictionary_needs_an_application_and_a_version) {
    BOOST_TEST(!mcu::parse_dictionary("{\"app\":\"Klipper\"}").has_value());
    BOOST_TEST(!mcu::parse_dictionary("{\"version\":\"v1\"}").has_value());
    BOOST_TEST(!mcu::parse_dictionary("{\"app\":1,\"version\":\"v1\"}").has_value());
    BOOST_TEST(!mcu::parse_dictionary("{\"app\":\"Klipper\",").has_value());
    const auto d = mcu::parse_dictionary("{\"app\":\"Klipper\",\"version\":\"?-x\",\"config\":[]}");
    BOOST_REQUIRE(d.has_value());
    BOOST_TEST(d->mcu == "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace dictionary_test
