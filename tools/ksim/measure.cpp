// SPDX-License-Identifier: MIT
#include "../cli/number.hpp"
#include "ksim_commands.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/sim/ink_file.hpp>
#include <kf/sim/ink_readings.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace kf::ksim {
namespace {

result<void> measure(cli::invocation& in) {
    const sim::look_row* look = sim::find_look(in.operands[0]);
    if (look == nullptr) return kf::fail(errc::usage, fmt::format("nobody looks for {}", in.operands[0]));
    const auto file = in.get("ink");
    if (!file) return kf::fail(errc::usage, "ksim measure needs --ink");
    const std::string with = in.get("with").value_or(std::string(look->with));
    const cal::instrument* instrument = cal::find_instrument(with);
    if (instrument == nullptr) return kf::fail(errc::usage, fmt::format("there is no instrument {}", with));
    KF_TRY(const unsigned seed, cli::count_option(in, "seed", 1, 0, 1000000000));
    KF_TRY(const unsigned times, cli::count_option(in, "times", 1, 1, 100));
    KF_TRY(const std::string text, io::read_file(*file));
    KF_TRY(const auto ink, sim::read_ink(text, *file));
    sim::observer eyes(seed, *instrument);
    KF_TRY(const auto readings, look->look(ink, eyes, static_cast<int>(times)));
    for (const sim::ink_reading& r : readings) in.results.put(fmt::format("{}: {}\n", r.name, r.value));
    return {};
}

} // namespace

cli::command_row measure_command() {
    return {"measure",
            "LOOK",
            1,
            1,
            "Reads what ksim printer drew as a person would, as answers for kcal.",
            {{"ink", "FILE", "the picture of ksim printer --ink, as SVG"},
             {"with", "INSTRUMENT", "what it is read with (as the look has it)"},
             {"seed", "N", "another person, or another day (1)"},
             {"times", "N", "how often each length is read (1)"}},
            {{"ksim measure steps-x --ink ink.svg > answers && kcal steps x --sim --answers answers",
              "what a ruler along the ticks shows"},
             {"ksim measure square --ink ink.svg --with film --times 5 --seed 7", "diagonals, five times each"}},
            measure};
}

} // namespace kf::ksim
