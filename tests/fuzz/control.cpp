// SPDX-License-Identifier: MIT
// libFuzzer harness of run/steering: any bytes as the answer of a running kplot. An answer is an object or an error,
// and says the same when it is written out again.
#include <kf/run/steering.hpp>

#include <boost/json/src.hpp> // so that the parser itself is instrumented

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const auto answer = kf::run::read_answer(line);
    if (!answer) {
        if (answer.error().what.empty()) std::abort();
        return 0;
    }
    const auto again = kf::run::read_answer(boost::json::serialize(*answer));
    if (!again || again->size() != answer->size()) std::abort();
    for (const auto& [key, value] : *answer) { // numbers are read to a rounding; kplot asks for none
        const auto* same = again->if_contains(key);
        if (same == nullptr || same->kind() != value.kind()) std::abort();
        if (value.is_string() && same->get_string() != value.get_string()) std::abort();
        if (value.is_bool() && same->get_bool() != value.get_bool()) std::abort();
    }
    return 0;
}
