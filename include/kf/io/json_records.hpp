// SPDX-License-Identifier: MIT
#pragma once
/// A file of records, one JSON object a line, as io::append_line() makes it: what a power cut left of the last line is
/// passed over, and its number is told.

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace kf::io {

/// `take(object)` for each line that is one. Gives the numbers, from 1, of lines that are none; empty ones do not
/// count.
template<class Take>
std::vector<std::size_t> each_json_line(std::string_view text, Take&& take) {
    std::vector<std::size_t> torn;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        boost::system::error_code ec;
        const auto value = boost::json::parse(line, ec);
        if (!ec && value.is_object())
            take(value.get_object());
        else
            torn.push_back(number);
    }
    return torn;
}

} // namespace kf::io
