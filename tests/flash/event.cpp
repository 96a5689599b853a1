// SPDX-License-Identifier: MIT
// What happens, whose it is, and how a sink comes to say it.
#include <kf/flash/event.hpp>
#include <kf/sink/recording.hpp>

#include <boost/test/unit_test.hpp>

namespace event_test {

using namespace kf;

/// A sink that asks whose the words are.
struct asking_sink : recording_sink {
    std::string board = {};
    std::vector<std::string> boards = {};
    void whose(std::string_view key) { board = key; }
    void step(phase p, std::string_view text) {
        boards.push_back(board);
        recording_sink::step(p, text);
    }
};

/// Keeps the kind and the owner of each event.
struct keeping_reporter {
    std::vector<std::pair<std::string, std::size_t>> seen = {};
    void tell(const flash::event& e) { seen.emplace_back(e.board, e.what.index()); }
};
static_assert(flash::reporter<keeping_reporter>);
static_assert(sink<flash::owned_sink<keeping_reporter>>);

template<class Out>
void say_all(Out& out) {
    out.step(phase::flash, "writing");
    out.progress({phase::flash, 1, 2, "blocks", 0});
    out.note("n");
    out.detail("d");
    out.frame("f");
    out.warn("w");
    out.fail({errc::failed, "e"});
    out.result({"flashed", "r"});
}

BOOST_AUTO_TEST_SUITE(event_suite)

BOOST_AUTO_TEST_CASE(each_word_is_a_typed_event_of_its_owner) {
    keeping_reporter tell;
    flash::owned_sink pico(tell, "pico"), job(tell, "");
    say_all(pico);
    job.step(phase::service, "stopping");
    const std::vector<std::pair<std::string, std::size_t>> wanted{{"pico", 0}, {"pico", 1}, {"pico", 2},
                                                                  {"pico", 2}, {"pico", 2}, {"pico", 3},
                                                                  {"pico", 4}, {"pico", 5}, {"", 0}};
    BOOST_TEST((tell.seen == wanted));
}

BOOST_AUTO_TEST_CASE(of_one_board_the_words_are_as_they_were) {
    recording_sink out;
    flash::sink_reporter tell(out, 1);
    flash::owned_sink pico(tell, "pico");
    say_all(pico);
    const std::vector<recording_sink::event> wanted{
        {"Flash", "writing"}, {"note", "n"}, {"detail", "d"}, {"frame", "f"}, {"warning", "w"}};
    BOOST_TEST((out.events == wanted));
    BOOST_TEST(out.bars.size() == 1u);
    BOOST_TEST(out.errors.at(0).what == "e");
    BOOST_TEST(out.results.at(0).text == "r");
}

BOOST_AUTO_TEST_CASE(of_several_boards_the_words_say_whose_they_are) {
    asking_sink out;
    flash::sink_reporter tell(out, 3);
    flash::owned_sink pico(tell, "pico"), job(tell, "");
    pico.step(phase::flash, "writing");
    job.step(phase::service, "starting klipper.service");
    pico.warn("careful");
    BOOST_TEST((out.events == std::vector<recording_sink::event>{{"Flash", "pico: writing"},
                                                                 {"Service", "starting klipper.service"},
                                                                 {"warning", "pico: careful"}}));
    BOOST_TEST((out.boards == std::vector<std::string>{"pico", ""}));
    BOOST_TEST(out.board == ""); // nobody else's words are taken for pico's
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace event_test
