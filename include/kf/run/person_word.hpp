// SPDX-License-Identifier: MIT
#pragma once
/// What a person said before a printer is moved: who stands by at a touch-off, whether the pen is up, and whether
/// macros of others may stand in the way.

#include <kf/run/preflight.hpp>
#include <kf/run/z_reference.hpp>

namespace kf::run {

struct person_word {
    touch_off_by touch_off = touch_off_by::person;
    pen_word pen = pen_word::nothing;
    foreign_macros foreign = foreign_macros::refused;
};

} // namespace kf::run
