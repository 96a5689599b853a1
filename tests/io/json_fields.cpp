// SPDX-License-Identifier: MIT
// The one reader of JSON members: what is there, what is not, and what has another form.
#include <kf/io/json_fields.hpp>

#include <boost/test/unit_test.hpp>

namespace json_fields_test {

using namespace kf::io;
namespace json = boost::json;

json::object object(const char* text) { return json::parse(text).as_object(); }

BOOST_AUTO_TEST_SUITE(json_fields_)

BOOST_AUTO_TEST_CASE(reads_each_form) {
    const auto o = object(R"({"t":"x","b":true,"d":1.5,"whole":7,"large":18446744073709551615,"p":[1,2.5,3,4]})");
    json_fields f(o);
    std::string t;
    bool b = false;
    double d = 0, whole = 0, large = 0;
    std::int64_t n = 0;
    std::array<double, 3> p{};
    BOOST_TEST(f.read("t", t));
    BOOST_TEST(f.read("b", b));
    BOOST_TEST(f.read("d", d));
    BOOST_TEST(f.read("whole", whole));
    BOOST_TEST(f.read("whole", n));
    BOOST_TEST(f.read("large", large));
    BOOST_TEST(f.read("p", p));
    BOOST_TEST(t == "x");
    BOOST_TEST(b);
    BOOST_TEST(d == 1.5);
    BOOST_TEST(whole == 7.0);
    BOOST_TEST(n == 7);
    BOOST_TEST(large == 18446744073709551616.0);
    BOOST_TEST((p == std::array<double, 3>{1, 2.5, 3}));
    BOOST_TEST(!f.fault().has_value());
}

BOOST_AUTO_TEST_CASE(what_is_not_there_leaves_the_value_and_is_no_fault) {
    const auto o = object(R"({"none":null})");
    json_fields f(o);
    std::string t = "before";
    BOOST_TEST(!f.read("t", t));
    BOOST_TEST(!f.read("none", t));
    BOOST_TEST(t == "before");
    BOOST_TEST(!f.fault().has_value());
}

BOOST_AUTO_TEST_CASE(null_is_a_fault_where_it_means_nothing) {
    const auto o = object(R"({"none":null})");
    json_fields f(o, json_fields::null::is_wrong);
    double d = 3;
    BOOST_TEST(!f.read("none", d));
    BOOST_TEST(d == 3.0);
    BOOST_REQUIRE(f.fault().has_value());
    BOOST_TEST(f.fault()->key == "none");
    BOOST_TEST(f.fault()->what == "must be a number");
}

BOOST_AUTO_TEST_CASE(another_form_leaves_the_value_and_the_first_fault_stays) {
    const auto o = object(R"({"d":"1","b":1,"t":{},"p":[1,2],"q":[1,"2",3],"n":1.0})");
    std::string t = "before";
    bool b = true;
    double d = 2;
    std::int64_t n = 5;
    std::array<double, 3> p{7, 8, 9};
    json_fields f(o);
    BOOST_TEST(!f.read("b", b));
    BOOST_TEST(!f.read("d", d));
    BOOST_TEST(!f.read("t", t));
    BOOST_TEST(!f.read("p", p));
    BOOST_TEST(!f.read("q", p));
    BOOST_TEST(!f.read("n", n));
    BOOST_TEST(b);
    BOOST_TEST(d == 2.0);
    BOOST_TEST(t == "before");
    BOOST_TEST(n == 5);
    BOOST_TEST((p == std::array<double, 3>{7, 8, 9}));
    BOOST_TEST(f.fault()->key == "b");
    BOOST_TEST(f.fault()->what == "must be true or false");
}

BOOST_AUTO_TEST_CASE(a_member_that_has_to_be_there_is_missed_in_the_object) {
    const auto o = object("{}");
    json_fields f(o);
    std::string t;
    BOOST_TEST(!f.need("name", t));
    BOOST_TEST(f.fault()->key == "");
    BOOST_TEST(f.fault()->what == "has no \"name\"");
}

BOOST_AUTO_TEST_CASE(one_look_takes_another_form_for_nothing) {
    const auto o = object(R"({"o":{"t":"x"},"l":[1],"n":4,"none":null})");
    BOOST_TEST(text_at(object_at(o, "o"), "t") == "x");
    BOOST_TEST(text_at(object_at(o, "l"), "t") == "");
    BOOST_TEST(text_at(o, "n") == "");
    BOOST_TEST(text_at(o, "none") == "");
    BOOST_TEST(array_at(o, "l").size() == 1u);
    BOOST_TEST(array_at(o, "o").empty());
    BOOST_TEST(value_at<double>(o, "n").value_or(0) == 4.0);
    BOOST_TEST(!value_at<double>(o, "o").has_value());
    BOOST_TEST(as_object(json::value(3)).empty());
    BOOST_TEST(as_object(json::value(o)).size() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace json_fields_test
