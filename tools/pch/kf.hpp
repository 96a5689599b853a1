// SPDX-License-Identifier: MIT
// Precompiled: what nearly every translation unit reads. Nothing relies on it: each header is also compiled alone.
#include <boost/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>
