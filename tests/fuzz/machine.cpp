// SPDX-License-Identifier: MIT
// libFuzzer harness of machine/machine_file: any text as a machine.yaml. Every problem says something, or
// what is allowed; a machine without errors has finite numbers, and a changed field reads back as what it was changed
// to.
#include <kf/machine/machine_edit.hpp>
#include <kf/machine/machine_file.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void demand(bool truth) {
    if (!truth) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace machine = kf::machine;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = machine::read_machine(text);
    for (const auto& p : read.problems) demand(!p.text.empty() || !p.allowed.empty());
    if (machine::has_errors(read.problems)) {
        demand(!machine::to_error(read.problems, "machine.yaml").what.empty());
        return 0;
    }
    demand(!read.value.tools.empty() && std::isfinite(read.value.canvas.width_mm));
    const auto changed = machine::with_value(text, "canvas.width_mm", 123.5);
    if (!changed) return 0;
    const auto again = machine::read_machine(*changed);
    demand(again.value.canvas.width_mm == 123.5);
    return 0;
}
