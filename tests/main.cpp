// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE kf
#include <boost/test/unit_test.hpp>
