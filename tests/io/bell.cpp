// SPDX-License-Identifier: MIT
#include <kf/io/bell.hpp>

#include <boost/test/unit_test.hpp>

#include <poll.h>

#include <thread>

namespace bell_test {

using namespace kf;

bool rings(const io::bell& b, int within_ms = 0) {
    pollfd p{b.native_handle(), POLLIN, 0};
    return ::poll(&p, 1, within_ms) == 1;
}

BOOST_AUTO_TEST_CASE(a_bell_rings_until_it_is_settled_however_often_it_was_rung) {
    const io::bell b;
    BOOST_REQUIRE(static_cast<bool>(b));
    BOOST_TEST(!rings(b));
    b.settle(); // and waits for nobody
    b.ring();
    b.ring();
    BOOST_TEST(rings(b));
    BOOST_TEST(rings(b));
    b.settle();
    BOOST_TEST(!rings(b));
}

BOOST_AUTO_TEST_CASE(a_bell_wakes_another_thread) {
    const io::bell b;
    std::thread other([&] { b.ring(); });
    BOOST_TEST(rings(b, 20000));
    other.join();
}

} // namespace bell_test
