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
    boost::json::object said; // texts and truths: kplot asks for no numbers, which are read to a rounding
    for (const auto& [key, value] : *answer)
        if (value.is_string() || value.is_bool()) said[key] = value;
    const auto again = kf::run::read_answer(boost::json::serialize(said));
    if (!again || *again != said) std::abort();
    return 0;
}
