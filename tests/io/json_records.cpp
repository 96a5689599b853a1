// SPDX-License-Identifier: MIT
#include <kf/io/json_fields.hpp>
#include <kf/io/json_records.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace json_records_test {

using kf::io::each_json_line;

struct read {
    std::vector<std::string> names = {};
    std::vector<std::size_t> torn = {};
};
read records(std::string_view text) {
    read all;
    all.torn =
        each_json_line(text, [&](const boost::json::object& o) { all.names.push_back(kf::io::text_at(o, "n")); });
    return all;
}

BOOST_AUTO_TEST_SUITE(json_records)

BOOST_AUTO_TEST_CASE(each_line_is_a_record_and_empty_ones_are_none) {
    const auto all = records("{\"n\":\"a\"}\n\n{\"n\":\"b\"}");
    BOOST_TEST((all.names == std::vector<std::string>{"a", "b"}));
    BOOST_TEST(all.torn.empty());
    BOOST_TEST((records("").names.empty() && records("\n\n").torn.empty()));
}

BOOST_AUTO_TEST_CASE(a_line_that_was_cut_short_is_told_by_its_number_and_the_next_one_counts) {
    const auto all = records("{\"n\":\"a\"}\n{\"n\":\"b\n\n[1]\n{\"n\":\"c\"}\n7\n");
    BOOST_TEST((all.names == std::vector<std::string>{"a", "c"}));
    BOOST_TEST((all.torn == std::vector<std::size_t>{2, 4, 6}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace json_records_test
