// SPDX-License-Identifier: MIT
#include "all_headers.hpp"

int odr_b();

int main() { return odr_b(); }
