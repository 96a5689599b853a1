// SPDX-License-Identifier: MIT
// libFuzzer harness of job/job_file: any bytes as a job, in arbitrary pieces (the first byte chooses their size). The
// operations are the same however the bytes are cut; nothing comes after an error; what was read can be written, and
// what was written (with six decimals) reads back as itself; the strokes of any list of operations end or are refused.
#include <kf/job/job_file.hpp>
#include <kf/job/job_writer.hpp>
#include <kf/job/stroke.hpp>

#include <boost/json/src.hpp> // so that the parser itself is instrumented

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace kf::job;

void demand(bool truth) {
    if (!truth) std::abort();
}

struct outcome {
    job_header header;
    std::vector<operation> operations;
    std::string error;
    bool operator==(const outcome&) const = default;
};

outcome read(std::string_view text, std::size_t piece) {
    job_source source(
        [&]() -> kf::result<std::string_view> {
            const std::string_view part = text.substr(0, piece);
            text.remove_prefix(part.size());
            return part;
        },
        "job", {.line_bytes = 4096, .points = 64});
    outcome out;
    if (const auto header = source.header()) out.header = *header;
    for (;;) {
        const auto taken = source();
        if (!taken) {
            out.error = taken.error().what;
            demand(!out.error.empty());
            return out;
        }
        if (!*taken) return out;
        out.operations.push_back((*taken)->op);
        demand((*taken)->number == out.operations.size());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    const outcome whole = read(text, text.size());
    demand(whole == read(text, data[0] + 1u));

    std::string written;
    append_job_header(written, whole.header);
    for (const operation& op : whole.operations) demand(append_operation(written, op).has_value());
    const outcome again = read(written, 4096);
    demand(again.operations.size() == whole.operations.size() && again.error.empty());
    std::string rewritten;
    append_job_header(rewritten, again.header);
    for (const operation& op : again.operations) demand(append_operation(rewritten, op).has_value());
    demand(rewritten == written);

    stroke_source strokes(operations_of(whole.operations));
    for (std::size_t n = 0; n <= whole.operations.size(); ++n) {
        const auto s = strokes();
        if (!s || !*s) return 0;
        demand(!(*s)->steps.empty());
    }
    std::abort(); // more strokes than operations
}
