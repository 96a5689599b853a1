// SPDX-License-Identifier: MIT
#include <kf/io/descriptor_reserve.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

namespace descriptor_reserve_test {

using kf::io::descriptor_reserve;
/// `body` with so many descriptors and no more; true when it says so.
template<class F>
bool with_limit(rlim_t soft, rlim_t hard, F&& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        for (int fd = 3; fd < 256; ++fd) ::close(fd);
        const rlimit limit{soft, hard};
        ::setrlimit(RLIMIT_NOFILE, &limit);
        ::_exit(body() ? 0 : 1);
    }
    int status = 1;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

BOOST_AUTO_TEST_SUITE(descriptor_reserve_suite)

BOOST_AUTO_TEST_CASE(what_was_put_aside_can_be_opened_afterwards) {
    BOOST_TEST(with_limit(14, 14, [] {
        auto reserve = descriptor_reserve::hold(8);
        if (!reserve) return false;
        while (::open("/dev/null", O_RDONLY) >= 0) {} // somebody takes all that is left
        reserve->release();
        for (int i = 0; i < 8; ++i)
            if (::open("/dev/null", O_RDONLY) < 0) return false;
        return ::open("/dev/null", O_RDONLY) < 0;
    }));
}

BOOST_AUTO_TEST_CASE(a_limit_without_room_is_a_refusal_and_keeps_nothing) {
    BOOST_TEST(with_limit(14, 14, [] {
        const auto reserve = descriptor_reserve::hold(16);
        return !reserve && reserve.error().code == kf::errc::refused && ::open("/dev/null", O_RDONLY) >= 0;
    }));
}

BOOST_AUTO_TEST_CASE(a_soft_limit_is_raised_as_far_as_it_may_be) {
    BOOST_TEST(with_limit(8, 64, [] { return descriptor_reserve::hold(16).has_value(); }));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace descriptor_reserve_test
