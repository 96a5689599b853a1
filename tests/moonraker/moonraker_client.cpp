// SPDX-License-Identifier: MIT
#include "replies.hpp"

#include <kf/host/print_guard.hpp>
#include <kf/host/right.hpp>
#include <kf/moonraker/moonraker_services.hpp>
#include <kf/sim/moonraker_server.hpp>

#include <boost/test/unit_test.hpp>

#include <map>

namespace moonraker_client_test {

using namespace kf::moonraker;
using kf::errc;
using kf::test::recorded;

/// Answers by target, and keeps what it was asked.
struct scripted {
    std::map<std::string, http_reply> replies;
    std::vector<http_request>* asked = nullptr;
    kf::result<http_reply> operator()(const http_request& r, kf::io::time_point) {
        if (asked != nullptr) asked->push_back(r);
        const auto found = replies.find(r.target);
        if (found == replies.end()) return kf::fail(errc::not_connected, "nobody answers");
        return found->second;
    }
};

const kf::io::time_point never{};

kf::result<kf::host::printer_activity> activity(scripted server) {
    moonraker_client client(std::move(server), "http://127.0.0.1:7125", "");
    return kf::host::read_activity(
        [&](std::string_view method, const json::object& params) { return client.call(method, params, never); });
}

BOOST_AUTO_TEST_SUITE(client)

/// All that Moonraker answered in that state of klippy.
kf::result<kf::host::printer_activity> activity_in(const std::string& state) {
    return activity({{{"/printer/info", recorded(state + "-info")},
                      {"/printer/objects/list", recorded(state + "-list")},
                      {"/printer/objects/query", recorded(state + "-query")}}});
}
/// The reason, empty when idle.
std::string objection_in(const std::string& state) {
    const auto a = activity_in(state);
    BOOST_REQUIRE_MESSAGE(a.has_value(), state);
    const auto no = kf::host::objection_to_stop(*a);
    return no ? (no->unknown ? "? " : "") + no->reason : std::string();
}

BOOST_AUTO_TEST_CASE(moonraker_tells_what_klippys_socket_would_have_told) {
    BOOST_TEST(objection_in("ready") == "");
    BOOST_TEST(objection_in("printing") == "t.gcode is being printed, 0 % done");
    BOOST_TEST(objection_in("paused").starts_with("t.gcode is paused"));
    BOOST_TEST(objection_in("shutdown") == ""); // nothing can move
    BOOST_TEST(activity_in("shutdown")->state == "shutdown");
    BOOST_TEST(activity_in("ready")->process > 1);
    BOOST_TEST(activity_in("ready")->mcus.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_was_not_asked_for_is_not_known) {
    const auto a = activity({{{"/printer/info", recorded("ready-info")},
                              {"/printer/objects/list", recorded("ready-list")},
                              {"/printer/objects/query", {200, R"({"result":{"eventtime":1.5,"status":{}}})"}}}});
    BOOST_TEST_REQUIRE(a.has_value());
    BOOST_TEST(kf::host::objection_to_stop(*a).value().unknown);
}

BOOST_AUTO_TEST_CASE(each_way_of_not_answering_is_an_answer_of_its_own) {
    const auto code_of = [](const std::string& target, const http_reply& r) {
        moonraker_client client(scripted{{{target, r}}}, "http://x", "");
        return client.get(target, never).error().code;
    };
    BOOST_TEST((code_of("/server/info", recorded("nokey-info")) == errc::refused));
    BOOST_TEST((code_of("/printer/objects/query", recorded("gone-query")) == errc::not_connected));
    BOOST_TEST((code_of("/printer/info", recorded("never-info")) == errc::not_connected));
    BOOST_TEST((code_of("/printer/info", {200, "<html>"}) == errc::protocol));
    BOOST_TEST((code_of("/printer/info", {200, "[]"}) == errc::protocol));
    BOOST_TEST((code_of("/printer/info", {502, "<html>Bad Gateway</html>"}) == errc::protocol));
    BOOST_TEST((code_of("/printer/info", {400, R"({"error":{"code":400,"message":"no\nway"}})"}) == errc::failed));
    // The same words where no klippy is meant.
    BOOST_TEST((code_of("/machine/update/status", recorded("never-info")) == errc::failed));
}

BOOST_AUTO_TEST_CASE(a_redirect_is_not_followed_and_says_where_it_leads_and_what_to_set) {
    const auto told = [](unsigned status, const std::string& location) {
        moonraker_client client(scripted{{{"/printer/info", {status, "<html>Moved</html>", location}}}},
                                "http://pi.local", "k1");
        return client.get("/printer/info", never).error();
    };
    const auto moved = told(301, "http://pi.local/moonraker/printer/info");
    BOOST_TEST((moved.code == errc::protocol));
    BOOST_TEST(moved.what == "http://pi.local sends to http://pi.local/moonraker/printer/info");
    BOOST_TEST(moved.cause == "it answers with status 301, and redirects are not followed");
    BOOST_TEST(moved.steps.at(0) == "kflash settings --moonraker-url http://pi.local/moonraker");
    BOOST_TEST(told(308, "http://pi.local:7125/").steps.at(0) ==
               "kflash settings --moonraker-url http://pi.local:7125");
    // What kflash does not speak, what is no address at all, and what is not said.
    for (const char* location : {"https://pi.local/printer/info", "/login", "http://a b/", "http://u@h/printer/info"})
        BOOST_TEST(told(302, location).steps.at(0).ends_with("--moonraker-url http://HOST:7125"), location);
    BOOST_TEST(told(307, "").what == "http://pi.local sends elsewhere, and does not say where");
    BOOST_TEST(told(302, "http://h\x1b[2J/").what.find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_key_goes_along_and_a_missing_one_is_told_from_a_wrong_one) {
    std::vector<http_request> asked;
    moonraker_client with(scripted{{{"/server/info", recorded("nokey-info")}}, &asked}, "http://x", "abc");
    BOOST_TEST(with.get("/server/info", never).error().what == "Moonraker does not know this API key");
    BOOST_TEST_REQUIRE(asked.size() == 1u);
    BOOST_TEST((asked[0].headers == std::vector<std::pair<std::string, std::string>>{{"X-Api-Key", "abc"}}));
    moonraker_client without(scripted{{{"/server/info", recorded("nokey-info")}}, &asked}, "http://x", "");
    BOOST_TEST(without.get("/server/info", never).error().what == "Moonraker wants an API key");
    BOOST_TEST(asked[1].headers.empty());
}

/// Of a Moonraker that may manage klipper and crowsnest, and is the unit moonraker itself.
http_reply system_info() {
    return {200, R"({"result":{"system_info":{"available_services":["klipper","crowsnest"],)"
                 R"("instance_ids":{"moonraker":"moonraker","klipper":"klipper"}}}})"};
}
const http_reply ok{200, R"({"result":"ok"})"};

kf::result<void> proven(const kf::host::service_question& services, std::map<std::string, http_reply> starts,
                        std::vector<http_request>* asked = nullptr) {
    starts.emplace("/machine/system_info", system_info());
    moonraker_client client(scripted{std::move(starts), asked}, "http://x", "");
    return prove_services(client, services, never);
}

BOOST_AUTO_TEST_CASE(a_start_that_changes_nothing_proves_the_one_after_the_stop) {
    std::vector<http_request> asked;
    BOOST_TEST(
        proven({{"klipper.service"}, {"klipper.service"}}, {{"/machine/services/start?service=klipper", ok}}, &asked)
            .has_value());
    BOOST_TEST_REQUIRE(asked.size() == 2u);
    BOOST_TEST(asked[1].method == "POST");
}

BOOST_AUTO_TEST_CASE(where_the_way_back_is_not_sure_there_is_no_right) {
    const auto reason = [](const kf::result<void>& r) { return r ? std::string() : r.error().what; };
    BOOST_TEST(reason(proven({{"klipper-2.service"}}, {})) == "Moonraker may not stop and start klipper-2.service");
    BOOST_TEST(reason(proven({{"klipper.service", "moonraker.service"}}, {})) ==
               "Moonraker itself (moonraker.service) would be stopped");
    BOOST_TEST(reason(proven({{"klipper.service"}}, {})) ==
               "nothing runs that would show whether Moonraker may start it");
    BOOST_TEST(reason(proven({{"klipper.service"}, {"klipper.service"}},
                             {{"/machine/services/start?service=klipper",
                               {500, R"({"error":{"code":500,"message":"no right"}})"}}})) ==
               "Moonraker says no: no right");
}

BOOST_AUTO_TEST_CASE(a_service_that_is_owed_a_start_is_not_started_before_its_flash_and_needs_no_other_proof) {
    std::vector<http_request> asked;
    BOOST_TEST(proven({{"klipper.service"}, {}, {"klipper.service"}}, {}, &asked).has_value());
    BOOST_TEST(asked.size() == 1u); // its name among the services, and no start
    BOOST_TEST(!proven({{"klipper-2.service"}, {}, {"klipper-2.service"}}, {}).has_value());
}

BOOST_AUTO_TEST_CASE(ksims_moonraker_answers_as_the_real_one_did) {
    kf::sim::moonraker_server server({.socket = "/nonexistent/klippy_uds"});
    const auto same = [](const http_reply& a, const http_reply& b) {
        const auto text = [](const http_reply& r) {
            auto o = json::parse(r.body).as_object();
            if (auto* e = o.if_contains("error")) e->as_object().erase("traceback");
            return json::serialize(o);
        };
        return a.status == b.status && text(a) == text(b);
    };
    BOOST_TEST(same(server.answer({"GET", "/printer/info", {}, {}}), recorded("never-info")));
    kf::sim::moonraker_server locked({.socket = "/nonexistent/klippy_uds", .api_key = "k"});
    BOOST_TEST(same(locked.answer({"GET", "/printer/info", {}, {{"X-Api-Key", "j"}}}), recorded("nokey-info")));
    BOOST_TEST(locked.answer({"GET", "/server/info", {}, {{"X-Api-Key", "k"}}}).status == 200u);
    BOOST_TEST(server.answer({"POST", "/machine/services/stop?service=klipper", {}, {}}).status == 400u);
}

BOOST_AUTO_TEST_CASE(the_name_of_a_service_stays_one_word_of_a_query) {
    BOOST_TEST(percent_encoded(service_name("klipper@a&b.service")) == "klipper%40a%26b");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace moonraker_client_test
