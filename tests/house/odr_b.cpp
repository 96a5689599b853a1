// SPDX-License-Identifier: MIT
#include "all_headers.hpp"

int odr_b();
int odr_b() { return 0; }
