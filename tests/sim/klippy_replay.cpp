// SPDX-License-Identifier: MIT
/// Each recording of a real klippy, played against the simulated one on a manual clock: the recorded client sends what
/// it sent, as long after the event before it as it did then. Compared are the order of ids, texts, shapes and values,
/// and the time that each answer took.
///
/// Tolerances. Answers to scripts: 0.12 s and 2 %; with G28 0.35 s more (how far the carriage was is known to a few
/// mm). Queries wait for a tick whose phase the recording doesn't tell: at most 0.26 s. Live positions: 0.15 s of
/// motion at 50 mm/s. Sequences of states in pushes are equal, of positions nearly so (they are samples).
///
#include "../klippy/recording.hpp"
#include "../temporary_folder.hpp"

#include <kf/io/atomic_file.hpp>
#include <kf/sim/klippy_process.hpp>
#include <kf/sim/printer_cfg.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace klippy_replay_test {

using namespace kf;
namespace json = boost::json;
using json::object;
using json::value;
using test::recorded;

/// What the recorder did to the printer at a recorded time, besides sending requests.
struct deed {
    double t;
    std::function<void(sim::klippy_process&)> act;
};

struct scenario {
    const char* name;
    const char* before = "";          ///< scripts of an earlier recording that left its traces
    planner::xyz carriage{20, 15, 8}; ///< where it stood
    std::vector<deed> deeds = {};
    std::set<std::string> free_ids = {};  ///< answers that tell of a past which is not in the recording
    bool positions = true;                ///< compare where the head is in pushes
    std::set<std::string> rig_waits = {}; ///< answers whose time is no measure
    double slack = 0;                     ///< more tolerance for the times of scripts
    std::function<void(sim::printer_config&)> config = [](sim::printer_config&) {};
    std::function<void(sim::klippy_process&)> start = [](sim::klippy_process& k) {
        k.start(0);
        k.run_until(5);
    };
};
std::ostream& operator<<(std::ostream& out, const scenario& s) { return out << s.name; }

std::string at_xyz(double x, double y, double z) { return fmt::format("G28\nG1 X{} Y{} Z{} F6000\nM400", x, y, z); }

/// The files of the recorded printer, as far as recordings tell: names, sizes, positions between lines, the moves.
void make_gcodes(const std::filesystem::path& folder) {
    const auto write = [&](const std::string& name, const std::string& text) {
        std::filesystem::create_directories((folder / name).parent_path());
        std::ofstream(folder / name, std::ios::binary) << text;
    };
    const auto strokes = [](int n) {
        std::string out = "G90\n; nothing moves.\n";
        for (int i = 0; i < n; ++i) out += fmt::format("G1 X{} Y{} F3000 ; line {}\n", i % 2 == 0 ? 60 : 10, 10 + i, i);
        return out;
    };
    write("simple.gcode", strokes(4));
    write("long.gcode", strokes(12));
    BOOST_REQUIRE(strokes(4).size() == 125 && strokes(12).size() == 335);
    std::string strokes20;
    for (int row = 10; row < 90; row += 20)
        for (int x = 10; x < 200; x += 40)
            strokes20 += fmt::format("G1 X{}.000 Y{}.000 F9000\nG1 Z0 F1800\nG1 X{}.000 Y{}.000 F3000\nG1 Z5 F1800\n",
                                     x, row, x + 30, row);
    write("strokes20.gcode", strokes20 + "M400\n");
    BOOST_REQUIRE(strokes20.size() == 1500);
    write("g.g", "; 34567\n");
    write("err.gcode", "G90\nG1 X60 F3000\nG1 X10\nG1 X999\nG1 X50\n");
    write("unk.gcode", "FOOBAR\nG1 X60 Y13 F3000\nG1 X10\n");
    write("nonl.gcode", "G1 X60 F3000");
    write("crlf.gcode", "G90\r\nG1 X10 F3000\r\n; second..\r\n");
    write("empty.gcode", "");
    write("utf8.gcode", "; h\xc3\xa9llo \xe2\x9c\x8e and..\nG1 X60 F3000\n");
    write("latin1.gcode", "; h\xe9llo, not UTF-8..\n");
    std::string mid;
    while (mid.size() < 22011) mid += "; 34567890\n";
    mid[17000] = '\xe9';
    write("latinmid.gcode", mid);
    const std::string filler = "G90\n; nothing moves.\nG1 X60 F3000 ; X, not Y..\n";
    BOOST_REQUIRE(filler.size() == 47);
    for (const char* name : {"with space.gcode", "sub dir/in ner.gcode", "CaseFile.gcode", "quo'te.gcode",
                             "eq=ual.gcode", "hash#semi;colon.gcode"})
        write(name, filler);
    write("noext", filler);
    write("txt.txt", filler);
    std::string many = "G90\nG1 X20 Y20 F3000\n";
    for (int i = 0; many.size() < 18408; ++i) {
        const int row = i / 80;
        const int along = row % 2 == 0 ? i % 80 + 1 : 79 - i % 80;
        many += fmt::format("G1 X{:.1f} Y{}.0\n", 20 + 0.5 * along, 20 + row);
    }
    many.resize(18408);
    write("many.gcode", many + "\n");
}

bool contains(const recorded& l, std::string_view text) {
    return json::serialize(l.msg).find(text) != std::string::npos;
}

class replay {
  public:
    replay(const scenario& s)
      : scenario_(s)
      , lines_(test::load_recording(std::string(s.name) + ".jsonl")) {}

    void run() {
        sim::printer_config config;
        config.gcodes = folder_.path();
        config.carriage = scenario_.carriage;
        make_gcodes(folder_.path());
        scenario_.config(config);
        sim::klippy_process k(config);
        klippy_ = &k;
        scenario_.start(k);
        set_up();
        play();
        compare();
    }

  private:
    struct arrival {
        double t;
        object msg;
    };
    struct side { // one connection, as recorded or as replayed
        std::vector<arrival> responses, outputs, pushes;
        std::vector<std::string> order;                  ///< of answers and outputs: their id, or "output"
        std::map<std::string, std::vector<double>> sent; // by id
    };

    static std::string id_of(const object& o) { return json::serialize(o.at("id")); }

    static void sort_in(side& s, double t, object msg) {
        if (msg.contains("id")) {
            s.order.push_back(id_of(msg));
            s.responses.push_back({t, std::move(msg)});
            return;
        }
        const auto* params = msg.if_contains("params");
        const bool is_output = params != nullptr && params->is_object() && params->as_object().contains("response");
        if (is_output) s.order.emplace_back("output");
        (is_output ? s.outputs : s.pushes).push_back({t, std::move(msg)});
    }

    void set_up() {
        const std::string before = scenario_.before;
        if (before.empty()) return;
        auto& k = *klippy_;
        const int c = *k.connect();
        int n = 0;
        for (std::size_t at = 0; at < before.size();) {
            const std::size_t end = std::min(before.find('|', at), before.size());
            const std::string script = before.substr(at, end - at);
            at = end + 1;
            if (script.starts_with("wait ")) {
                k.run_until(k.now() + std::stod(script.substr(5)));
                continue;
            }
            k.receive(c, json::serialize(
                             object{{"id", ++n}, {"method", "gcode/script"}, {"params", object{{"script", script}}}}) +
                             '\x03');
            std::string out;
            while (out.find("\"id\":" + std::to_string(n) + ",") == std::string::npos) {
                BOOST_REQUIRE_MESSAGE(k.next() < k.now() + 60, "the preparation hangs: " << script);
                k.run_until(k.next());
                out += k.take_output(c);
            }
        }
        k.hang_up(c);
        k.run_until(k.now() + 0.02);
    }

    void collect() {
        for (const auto& [conn, id] : open_) {
            std::string& partial = partial_[id];
            partial += klippy_->take_output(id);
            for (std::size_t end; (end = partial.find('\x03')) != std::string::npos; partial.erase(0, end + 1)) {
                auto msg = json::parse(partial.substr(0, end)).as_object();
                if (conn == "new") {
                    if (const auto* r = msg.if_contains("result"); r != nullptr && r->as_object().contains("state"))
                        note_state(ours_states_, klippy_->now(), std::string(r->at("state").as_string()));
                    continue;
                }
                if (msg.contains("id")) answered_[conn + id_of(msg)].push_back(klippy_->now());
                sort_in(ours_[conn], klippy_->now(), std::move(msg));
            }
            if (!klippy_->is_open(id) && !closed_at_.contains(id)) closed_at_[id] = klippy_->now();
        }
    }

    void run_to(double t) {
        while (klippy_->now() < t) {
            klippy_->run_until(std::min(t, std::max(klippy_->next(), klippy_->now())));
            collect();
        }
        klippy_->run_until(t);
        collect();
    }

    static void note_state(std::vector<std::pair<double, std::string>>& to, double t, std::string state) {
        if (to.empty() || to.back().second != state) to.emplace_back(t, std::move(state));
    }

    /// Our time of the recorded line `i`, which the next one follows.
    double our_time(std::size_t i) {
        const recorded& l = lines_[i];
        if (l.direction == '>' || l.is_eof()) return sent_at_.at(i);
        const std::string key = l.connection + id_of(l.msg.as_object());
        // The n-th answer with this id.
        std::size_t n = 0;
        for (std::size_t k = 0; k < i; ++k)
            if (lines_[k].is_response() && lines_[k].connection + id_of(lines_[k].msg.as_object()) == key) ++n;
        const double until = klippy_->now() + 30;
        while (answered_[key].size() <= n) {
            BOOST_REQUIRE_MESSAGE(klippy_->next() < until, "no answer to " << key << " of " << l.t << " s");
            klippy_->run_until(std::max(klippy_->next(), klippy_->now()));
            collect();
        }
        return answered_[key][n];
    }

    void play() {
        std::optional<std::size_t> base;
        zero_ = klippy_->now();
        auto deeds = scenario_.deeds;
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            const recorded& l = lines_[i];
            const auto time_of = [&](double t) { return base ? our_time(*base) + t - lines_[*base].t : zero_ + t; };
            while (!deeds.empty() && deeds.front().t <= l.t) {
                run_to(time_of(deeds.front().t));
                deeds.front().act(*klippy_);
                deeds.erase(deeds.begin());
                collect();
            }
            if (l.direction == '<' && !l.is_eof()) {
                if (l.connection == "new") {
                    if (const auto* r = l.msg.as_object().if_contains("result");
                        r != nullptr && r->as_object().contains("state"))
                        note_state(theirs_states_, l.t, std::string(r->at("state").as_string()));
                } else {
                    sort_in(theirs_[l.connection], l.t, l.msg.as_object());
                    if (l.is_response()) base = i;
                }
                continue;
            }
            if (l.direction == '#') continue;
            const double at = std::max(time_of(l.t), klippy_->now());
            sent_at_[i] = at;
            run_to(at);
            if (l.is_eof())
                end_of(l, i);
            else
                request(l, at);
            base = i;
        }
        for (std::size_t i = 0; i < lines_.size(); ++i) // what came in last
            if (lines_[i].is_response() && lines_[i].connection != "new") (void)our_time(i);
        if (base && theirs_states_.empty())
            run_to(our_time(*base) + lines_.back().t - lines_[*base].t + 0.3); // and the last pushes
        run_to(klippy_->now() + 0.05);
        if (!ours_states_.empty()) { // a client that polls every 20 ms has looked for the last time
            for (int i = 0; i < 10; ++i) {
                run_to(klippy_->now() + 0.02);
                note_state(ours_states_, klippy_->now(), klippy_->state().name);
            }
        }
    }

    void request(const recorded& l, double at) {
        if (!open_.contains(l.connection)) {
            const auto c = klippy_->connect();
            if (!c) {
                BOOST_TEST((l.connection == "new"), "refused at " << l.t);
                return; // one of the polls of a client that waits for klippy to come back
            }
            open_[l.connection] = *c;
        }
        // Requests that were sent in pieces end with this one.
        std::string& sent = sent_bytes_[l.connection];
        sent += l.bytes();
        for (std::size_t end; (end = sent.find('\x03')) != std::string::npos; sent.erase(0, end + 1)) {
            boost::system::error_code ec;
            const value frame = json::parse(sent.substr(0, end), ec);
            if (ec || !frame.is_object() || l.connection == "new") continue;
            const auto* id = frame.as_object().if_contains("id");
            if (id == nullptr) continue;
            theirs_[l.connection].sent[json::serialize(*id)].push_back(l.t);
            ours_[l.connection].sent[json::serialize(*id)].push_back(at);
            methods_[l.connection + json::serialize(*id)].push_back(frame.as_object());
        }
        klippy_->receive(open_[l.connection], l.bytes());
        run_to(at);
    }

    void end_of(const recorded& l, std::size_t i) {
        const auto it = open_.find(l.connection);
        if (it == open_.end()) return;
        // klippy says goodbye before it closes; every other end is the client's.
        bool by_klippy = false;
        for (std::size_t k = 0; k < lines_.size(); ++k)
            by_klippy = by_klippy || (std::abs(lines_[k].t - l.t) < 0.05 && lines_[k].direction == '<' &&
                                      contains(lines_[k], "Klipper state: Disconnect"));
        if (by_klippy && l.connection != "new") {
            const double sent = sent_at_[i];
            for (double more = 0.02; klippy_->is_open(it->second) && more < 0.3; more += 0.02) run_to(sent + more);
            BOOST_TEST(!klippy_->is_open(it->second), "connection " << l.connection << " stays open at " << l.t);
        }
        if (klippy_->is_open(it->second)) klippy_->hang_up(it->second);
        collect();
        open_.erase(it);
    }

    // --- the comparison

    static double slack(const std::string& path) {
        const auto ends = [&](std::string_view what) { return path.ends_with(what); };
        if (path.find("live_position") != std::string::npos) return 8;
        if (path.find("live_velocity") != std::string::npos) return 1e9; // which part of the move a sample meets
        if (ends("time") || ends("eventtime")) return 1e9;
        if (ends("total_duration") || ends("printing_time")) return 0.4;
        return 1e-6;
    }

    /// Empty when they agree, otherwise where not.
    static std::string difference(const value& theirs, const value& ours, const std::string& path) {
        static const std::set<std::string> free{
            "hostname",   "klipper_path", "python_path",      "process_id", "user_id",      "group_id",
            "log_file",   "config_file",  "software_version", "cpu_info",   "help",         "file_path",
            "path",       "gcode",        "on_error_gcode",   "mcu",        "system_stats", "serial",
            "mcu_version"};
        if (theirs.is_number() && ours.is_number()) {
            const double d = std::abs(theirs.to_number<double>() - ours.to_number<double>());
            if (d <= slack(path)) return {};
            return fmt::format("{}: {} and {}", path, json::serialize(theirs), json::serialize(ours));
        }
        if (theirs.is_object() && ours.is_object()) {
            for (const auto& [key, v] : theirs.as_object()) {
                if (path.ends_with("commands") || path == "help") { // every command is there; help texts are ours
                    if (!ours.as_object().contains(key))
                        return fmt::format("{}: {} is missing", path, std::string(key));
                    continue;
                }
                const auto* mine = ours.as_object().if_contains(key);
                if (mine == nullptr) return fmt::format("{}: {} is missing", path, std::string(key));
                if (free.contains(key) && !(key == "gcode" && path == "status") && !(key == "mcu" && path == "config"))
                    continue;
                if (auto d = difference(v, *mine, path + "." + std::string(key)); !d.empty()) return d;
            }
            if (!path.ends_with("commands") && path != "help")
                for (const auto& [key, v] : ours.as_object())
                    if (!theirs.as_object().contains(key))
                        return fmt::format("{}: {} is too much", path, std::string(key));
            return {};
        }
        if (theirs.is_array() && ours.is_array()) {
            if (theirs.as_array().size() != ours.as_array().size())
                return fmt::format("{}: {} and {}", path, json::serialize(theirs), json::serialize(ours));
            for (std::size_t i = 0; i < theirs.as_array().size(); ++i)
                if (auto d = difference(theirs.at(i), ours.at(i), path); !d.empty()) return d;
            return {};
        }
        if (theirs == ours) return {};
        return fmt::format("{}: {} and {}", path, json::serialize(theirs), json::serialize(ours));
    }

    void compare() {
        for (auto& [conn, theirs] : theirs_) {
            side& ours = ours_[conn];
            compare_responses(conn, theirs, ours);
            compare_outputs(conn, theirs, ours);
            compare_pushes(conn, theirs, ours);
        }
        compare_lives();
    }

    void compare_responses(const std::string& conn, const side& theirs, const side& ours) {
        BOOST_TEST(theirs.order == ours.order, boost::test_tools::per_element());
        std::vector<std::string> order, our_order;
        for (const auto& r : theirs.responses) order.push_back(id_of(r.msg));
        for (const auto& r : ours.responses) our_order.push_back(id_of(r.msg));
        BOOST_TEST(order == our_order, boost::test_tools::per_element());
        if (order != our_order) return;
        std::map<std::string, std::size_t> seen;
        for (std::size_t i = 0; i < order.size(); ++i) {
            const std::string& id = order[i];
            const std::size_t n = seen[id]++;
            const auto& requests = methods_[conn + id];
            const object request = n < requests.size() ? requests[n] : object{};
            const std::string method = request.contains("method") ? std::string(request.at("method").as_string()) : "";
            auto their_msg = theirs.responses[i].msg;
            auto our_msg = ours.responses[i].msg;
            const std::string path = method == "gcode/help" ? "help" : "";
            std::string d;
            if (const auto* r = their_msg.if_contains("result"); r != nullptr && our_msg.contains("result"))
                d = difference(*r, our_msg.at("result"), path);
            else
                d = difference(their_msg, our_msg, path);
            if (scenario_.free_ids.contains(id)) d.clear();
            BOOST_TEST(d.empty(),
                       "answer " << id << " to " << method << " at " << theirs.responses[i].t << " s: " << d);
            if (scenario_.rig_waits.contains(id)) continue;
            if (!theirs.sent.contains(id) || n >= theirs.sent.at(id).size()) continue;
            const double took = theirs.responses[i].t - theirs.sent.at(id)[n];
            const double ours_took = ours.responses[i].t - ours.sent.at(id)[n];
            const std::string text = json::serialize(request);
            if (method.starts_with("objects/")) {
                BOOST_TEST(ours_took <= 0.26, "query " << id << " took " << ours_took);
                continue;
            }
            double allowed = 0.12 + 0.02 * took + scenario_.slack;
            if (text.find("G28") != std::string::npos) allowed += 0.35;
            if (method == "query_endstops/status") allowed += 0.2;
            // A script that waits for room sleeps a second at a time, through a shutdown too.
            if (const auto* e = their_msg.if_contains("error");
                e != nullptr && json::serialize(*e).find("hutdown") != std::string::npos)
                allowed += 1.0;
            BOOST_TEST(std::abs(took - ours_took) <= allowed, "answer " << id << " to " << text.substr(0, 120) << " at "
                                                                        << theirs.responses[i].t << " s took " << took
                                                                        << " s, ours " << ours_took << " s");
        }
    }

    void compare_outputs(const std::string& conn, const side& theirs, const side& ours) {
        const auto texts = [](const std::vector<arrival>& all) {
            std::vector<std::string> out;
            for (const auto& a : all) {
                std::string text(a.msg.at("params").at("response").as_string());
                if (text.starts_with("// FIRMWARE_NAME")) text = "// FIRMWARE_NAME";
                if (text.starts_with("// mcu: stepper_x")) text = text.substr(text.find('\n')); // raw step counts
                object templ = a.msg;
                templ.erase("params");
                out.push_back(json::serialize(templ) + text);
            }
            return out;
        };
        const auto want = texts(theirs.outputs);
        const auto got = texts(ours.outputs);
        BOOST_TEST(want == got, "output on connection \"" << conn << "\"");
        for (std::size_t i = 0; i < std::max(want.size(), got.size()) && want != got; ++i) {
            const std::string w = i < want.size() ? want[i] : "-";
            const std::string g = i < got.size() ? got[i] : "-";
            if (w != g) {
                BOOST_TEST_MESSAGE("  " << i << ": " << w << "\n  ours: " << g);
                break;
            }
        }
    }

    /// When a recorded time was in the replay, and how long after the request or answer that tells so.
    [[nodiscard]] std::pair<double, double> ours_of(double t) {
        if (anchors_.empty())
            for (std::size_t i = 0; i < lines_.size(); ++i)
                if ((lines_[i].direction == '>' && sent_at_.contains(i)) ||
                    (lines_[i].is_response() && lines_[i].connection != "new"))
                    anchors_.emplace_back(lines_[i].t, our_time(i));
        const auto after =
            std::upper_bound(anchors_.begin(), anchors_.end(), t, [](double a, const auto& b) { return a < b.first; });
        const auto [theirs, ours] = after == anchors_.begin() ? std::pair(0.0, zero_) : *std::prev(after);
        return {ours + t - theirs, t - theirs};
    }

    /// Each field's values one after the other.
    static std::map<std::string, std::vector<std::pair<double, std::string>>> histories(const side& s) {
        std::map<std::string, std::vector<std::pair<double, std::string>>> all;
        const auto take = [&](double t, const object& status) {
            for (const auto& [name, fields] : status)
                for (const auto& [field, v] : fields.as_object()) {
                    auto& h = all[std::string(name) + "." + std::string(field)];
                    std::string text = json::serialize(v);
                    if (v.is_array() && !v.as_array().empty() && v.at(0).is_number()) { // without the last bits
                        text.clear();
                        for (const auto& e : v.as_array()) text += fmt::format("{:.3f} ", e.to_number<double>() + 1e-9);
                    }
                    if (h.empty() || h.back().second != text) h.emplace_back(t, text);
                }
        };
        for (const auto& p : s.pushes) {
            const auto& params = p.msg.at("params").as_object();
            if (const auto* status = params.if_contains("status")) take(p.t, status->as_object());
        }
        return all;
    }

    void compare_pushes(const std::string& conn, const side& theirs, const side& ours) {
        // Which fields are told at all, and the states they go through.
        auto want = histories(theirs);
        auto got = histories(ours);
        for (const auto& [field, h] : want) {
            const bool sampled = field.find("live_") != std::string::npos || field.ends_with("time") ||
                                 field.ends_with("total_duration");
            if (sampled) {
                BOOST_TEST(got.contains(field), conn << " never hears of " << field);
                continue;
            }
            std::vector<std::string> w, g;
            for (const auto& [t, v] : h) w.push_back(field.ends_with("file_path") ? (v == "null" ? v : "path") : v);
            for (const auto& [t, v] : got[field])
                g.push_back(field.ends_with("file_path") ? (v == "null" ? v : "path") : v);
            const bool position = field.ends_with("position") || field.ends_with("progress");
            if (!position) {
                BOOST_TEST(w == g, conn << " " << field << ": " << json::serialize(json::value_from(w)) << "\n ours "
                                        << json::serialize(json::value_from(g)));
                for (std::size_t i = 0; i < w.size() && w == g; ++i) {
                    const auto [expected, since] = ours_of(h[i].first);
                    const double d = got[field][i].first - expected;
                    const double allowed = 0.4 + scenario_.slack + 0.02 * since; // a tick and what scripts may differ
                    BOOST_TEST(std::abs(d) < allowed, field << " " << w[i] << " is " << d << " s off");
                }
                continue;
            }
            if (!scenario_.positions) continue;
            // Samples of what moves: nearly all of them are met.
            std::size_t met = 0;
            for (const auto& v : w) met += static_cast<std::size_t>(std::count(g.begin(), g.end(), v) > 0);
            BOOST_TEST(static_cast<double>(met) >= 0.6 * static_cast<double>(w.size()),
                       conn << " " << field << ": " << json::serialize(json::value_from(w)) << "\n ours "
                            << json::serialize(json::value_from(g)));
        }
        // No push of another form than the recorded ones.
        std::set<std::string> forms;
        const auto form = [](const arrival& a) {
            object templ = a.msg;
            templ.erase("params");
            return json::serialize(templ);
        };
        for (const auto& p : theirs.pushes) forms.insert(form(p));
        for (const auto& p : ours.pushes)
            BOOST_TEST(forms.contains(form(p)), conn << " gets " << json::serialize(p.msg).substr(0, 200));
    }

    /// The states that a client sees while it waits for klippy to come back.
    void compare_lives() {
        std::vector<std::string> want, got;
        for (const auto& s : theirs_states_) want.push_back(s.second);
        for (const auto& s : ours_states_) got.push_back(s.second);
        BOOST_TEST(want == got, boost::test_tools::per_element());
        for (std::size_t i = 1; i < want.size() && want == got; ++i) {
            const double theirs = theirs_states_[i].first - theirs_states_[i - 1].first;
            const double ours = ours_states_[i].first - ours_states_[i - 1].first;
            BOOST_TEST(std::abs(theirs - ours) < 0.35, want[i] << " came after " << theirs << " s, ours " << ours);
        }
    }

    const scenario& scenario_;
    std::vector<recorded> lines_;
    test::temporary_folder folder_;
    sim::klippy_process* klippy_ = nullptr;
    double zero_ = 0;
    std::map<std::string, int> open_;
    std::map<int, std::string> partial_;
    std::map<int, double> closed_at_;
    std::map<std::size_t, double> sent_at_;
    std::vector<std::pair<double, double>> anchors_; ///< recorded time, our time
    std::map<std::string, std::vector<double>> answered_;
    std::map<std::string, std::vector<object>> methods_;
    std::map<std::string, std::string> sent_bytes_;
    std::map<std::string, side> theirs_, ours_;
    std::vector<std::pair<double, std::string>> theirs_states_, ours_states_;
};

using klippy = sim::klippy_process;

/// A restart that another client asked for.
deed restart_at(double t) {
    return {t, [](klippy& k) {
                const int c = *k.connect();
                k.receive(c, "{\"id\":1,\"method\":\"gcode/firmware_restart\"}\x03");
            }};
}
deed mcu_at(double t, sim::mcu_condition c) {
    return {t, [c](klippy& k) { k.set_mcu(c); }};
}
deed kill_at(double t) {
    return {t, [](klippy& k) { k.kill(); }};
}
deed start_at(double t, double listening_after = 0.65) {
    return {t, [listening_after](klippy& k) { k.start(listening_after); }};
}
deed endstop_at(double t, bool stuck) {
    return {t, [stuck](klippy& k) { k.set_switch(sim::motor::x, stuck); }};
}
deed second_switch_is(bool stuck) {
    return {0, [stuck](klippy& k) { k.set_switch(sim::motor::x1, stuck); }};
}
deed mcu_shutdown_at(double t, std::string reason) {
    return {t, [reason](klippy& k) { k.mcu_reports_shutdown(reason); }};
}

/// Another client runs a script.
deed script_at(double t, std::string script) {
    return {t, [script](klippy& k) {
                const int c = *k.connect();
                k.receive(c, json::serialize(object{
                                 {"id", 1}, {"method", "gcode/script"}, {"params", object{{"script", script}}}}) +
                                 '\x03');
            }};
}

constexpr auto kalico = sim::host_program::kalico;
std::function<void(sim::printer_config&)> from_cfg(std::string text,
                                                   sim::host_program program = sim::host_program::klipper) {
    return [text, program](sim::printer_config& c) {
        const auto read = sim::read_printer_cfg(text, "p.cfg", c);
        BOOST_REQUIRE_MESSAGE(read, read.error().what);
        c.program = program;
    };
}

/// A whole printer.cfg as kcal printer-cfg wrote it for the recorded machine, and sections that go over it.
std::function<void(sim::printer_config&)> from_whole_cfg(const std::string& name, std::string over = "",
                                                         sim::host_program program = sim::host_program::klipper) {
    return [name, over, program](sim::printer_config& c) {
        const auto text = io::read_file(KF_TESTS_DIR "/transcripts/printer_cfg/" + name);
        BOOST_REQUIRE(text);
        const auto gcodes = c.gcodes;
        from_cfg(*text + over, program)(c);
        BOOST_TEST(c.config_error == "");
        c.gcodes = gcodes;
    };
}

/// What the macros of a web UI came to on the recorded printer: a lift from where the pen is, and a ride to a corner.
const std::string foreign_macros = "[gcode_macro PAUSE]\nrename_existing: PAUSE_BASE\ngcode:\n    PAUSE_BASE\n    G91\n"
                                   "    G1 Z2 F900\n    G90\n    G1 X245 Y345 F3000\n"
                                   "[gcode_macro RESUME]\nrename_existing: RESUME_BASE\ngcode:\n"
                                   "    RESUME_BASE VELOCITY=50\n"
                                   "[gcode_macro CANCEL_PRINT]\nrename_existing: CANCEL_PRINT_BASE\ngcode:\n"
                                   "    TURN_OFF_HEATERS\n    M106 S0\n    CANCEL_PRINT_BASE\n";
const std::string safe_z_home = "[safe_z_home]\nhome_xy_position: 125,175\nz_hop: 10\n";
const std::string short_retracts = "[stepper_x]\nhoming_retract_dist: 0\n[stepper_y]\nhoming_retract_dist: 2\n";

/// A second switch of X that nobody presses, and one that is always pressed.
const std::string second_endstop = "[stepper_x1]\nendstop_pin: ^gpio23\n";
const std::string second_endstop_pressed = "[stepper_x1]\nendstop_pin: ^!gpio23\n";

/// Before some recordings other ones had been made on the same printer.
const std::string printed_simple = at_xyz(10, 10, 5) + "|SDCARD_PRINT_FILE FILENAME=simple.gcode|wait 8";
const std::string printed_while_paused = at_xyz(10, 10, 5) +
                                         "|SDCARD_PRINT_FILE FILENAME=long.gcode|wait 1|PAUSE|SDCARD_PRINT_FILE "
                                         "FILENAME=simple.gcode|wait 4.4|M400|CLEAR_PAUSE";
const std::string cancelled_long =
    at_xyz(10, 10, 5) + "|SDCARD_PRINT_FILE FILENAME=long.gcode|wait 3.1|CANCEL_PRINT|M400|wait 3";
const std::string reset_after_long = cancelled_long + "|SDCARD_RESET_FILE";
const std::string cancelled_paused =
    at_xyz(10, 10, 5) + "|SDCARD_PRINT_FILE FILENAME=long.gcode|wait 1|PAUSE|CANCEL_PRINT|G1 X60 Y12|M400";
const std::string cancelled_paused_60_13 = cancelled_paused + "|G1 X60 Y13 F6000|M400";
const std::string cancelled_late =
    at_xyz(10, 10, 5) + "|SDCARD_PRINT_FILE FILENAME=long.gcode|wait 3.2|PAUSE|M400|wait 8.5|CANCEL_PRINT|G1 "
                        "X10 Y15 F6000|M400|wait 3";
const std::string printed_strokes =
    at_xyz(0, 0, 5) + "|SDCARD_PRINT_FILE FILENAME=strokes20.gcode|wait 28|G1 Z0|wait 3";
const std::string printed_g = at_xyz(10, 10, 5) + "|SDCARD_PRINT_FILE FILENAME=g.g|wait 3";

const std::vector<scenario> scenarios{
    {.name = "basic", .before = "G4 P1|wait 3"},
    {.name = "framing"},
    {.name = "utf8"},
    {.name = "concurrency", .before = "G28\nG1 X60 F6000\nG1 Y10\nM400"},
    {.name = "script_timing", .carriage = {90, 15, 8}},
    {.name = "homing_and_errors", .before = "QUERY_ENDSTOPS"},
    {.name = "remote_method"},
    {.name = "start_latency"},
    {.name = "subscribe", .before = "G28\nG1 X40 Y20 F6000\nM400|wait 35"},
    {.name = "live_position_glitch", .before = "G28\nG1 X11 Y10 Z5 F6000\nM400"},
    {.name = "idle_subscribe_all", .before = "G28\nG1 X11 Y10 Z5 F6000\nM400|wait 2", .free_ids = {"1"}},
    {.name = "homing_failures",
     .before = "G28\nG1 X40 Y30 Z5 F6000\nM400|wait 3",
     .deeds = {endstop_at(0, false), endstop_at(8, true)}},
    {.name = "dump_trapq_stepper", .before = "G28\nG1 X120 Y100 Z5 F6000\nM400"},
    {.name = "jog_stream", .before = "G28\nG1 X20 Y10 Z5 F6000\nM400"},
    {.name = "big_script", .before = "G28\nG1 X60 Y14 Z5 F6000\nM400"},
    {.name = "stroke_streaming"},
    {.name = "accident_mcu_shutdown_during_stream",
     .before = "G28\nG1 X50 Y20 F6000\nM400",
     .deeds = {mcu_shutdown_at(43.3659, "Stepper too far in past\nThis generally occurs when the micro-controller has "
                                        "been\nrequested to step at a rate higher than it is capable of\nobtaining.")}},

    {.name = "sd_complete", .before = printed_strokes.c_str()},
    {.name = "sd_names", .before = printed_simple.c_str()},
    {.name = "sd_pause_resume_cancel", .before = printed_g.c_str()},
    {.name = "sd_cancel_while_paused", .before = cancelled_late.c_str()},
    {.name = "sd_print_while_paused", .before = cancelled_paused.c_str()},
    {.name = "sd_error", .before = printed_while_paused.c_str(), .free_ids = {"2"}},
    {.name = "sd_client_disconnect", .before = cancelled_paused_60_13.c_str(), .free_ids = {"2"}},
    {.name = "sd_cancel_midmotion", .before = printed_simple.c_str()},
    {.name = "sd_latin1_mid", .before = cancelled_long.c_str()},
    {.name = "script_during_sdprint", .carriage = {80, 15, 8}, .positions = false, .slack = 1.1},
    {.name = "resume_moves_diagonally", .before = "G28"},
    {.name = "idle_timeout_while_paused",
     .before = "G28\nG1 X10 Y10 Z5 F6000\nM400|SDCARD_PRINT_FILE FILENAME=simple.gcode|wait 6|G1 X115.537 Y26.146 Z0 "
               "F6000|M400|wait 2"},

    {.name = "false_success_on_estop", .carriage = {0, 0, 0}, .deeds = {restart_at(5.389)}},
    {.name = "false_success_no_m400_on_estop", .carriage = {36, 15, 6}, .deeds = {restart_at(6.6875)}},
    {.name = "sentinel_after_m400_on_estop", .carriage = {36, 15, 6}, .deeds = {restart_at(6.6835)}},
    {.name = "emergency_stop_moving", .carriage = {200, 15, 8}},
    {.name = "emergency_stop_idle", .before = reset_after_long.c_str()},
    {.name = "emergency_stop_sdprint", .carriage = {215, 15, 8}},
    {.name = "m112_script_moving", .carriage = {45, 5, 8}, .deeds = {{15.9, [](klippy& k) { k.fail_next_restart(); }}}},
    {.name = "firmware_restart_when_ready"},
    {.name = "firmware_restart_after_estop",
     .start =
         [](klippy& k) {
             k.start(0);
             k.run_until(5);
             k.shut_down("Shutdown due to webhooks request");
             const int c = *k.connect();
             k.receive(c, "{\"id\":1,\"method\":\"gcode/restart\"}\x03");
             k.run_until(10);
         }},
    {.name = "firmware_restart_after_internal_error",
     .start =
         [](klippy& k) {
             k.fail_next_restart();
             k.start(0);
             k.run_until(5);
         }},
    {.name = "restart_when_ready", .carriage = {60, 15, 8}},
    {.name = "restart_via_script"},
    {.name = "restart_while_moving", .carriage = {0, 0, 0}},
    {.name = "mcu_reported_shutdown",
     .carriage = {25, 15, 8},
     .deeds = {mcu_shutdown_at(6.958, "Force shutdown command")}},
    {.name = "mcu_kill_idle",
     .deeds = {mcu_at(6.26, sim::mcu_condition::absent), mcu_at(11.08, sim::mcu_condition::alive)}},
    {.name = "mcu_kill_moving",
     .deeds = {mcu_at(6.677, sim::mcu_condition::absent), mcu_at(19.584, sim::mcu_condition::alive)},
     .slack = 0.3},
    {.name = "klippy_kill-KILL", .carriage = {10, 0, 8}, .deeds = {kill_at(3.01), start_at(6.1)}, .positions = false},
    {.name = "klippy_kill-TERM", .carriage = {30, 20, 8}, .deeds = {kill_at(3.02), start_at(6.2)}, .positions = false},
    {.name = "klippy_kill_midmove-KILL", .carriage = {80, 15, 8}, .deeds = {kill_at(8.13)}},
    {.name = "klippy_kill_midmove-TERM", .carriage = {20, 15, 8}, .deeds = {kill_at(6.88)}},
    {.name = "startup_state_no_mcu",
     .deeds = {start_at(0.3, 0), mcu_at(91.3, sim::mcu_condition::alive)},
     .start = [](klippy& k) { k.set_mcu(sim::mcu_condition::absent); }},
    {.name = "config_error",
     .deeds = {{2.23, [](klippy& k) { k.config().config_error.clear(); }}},
     .config =
         [](sim::printer_config& c) { c.config_error = "Unable to parse option 'max_velocity' in section 'printer'"; }},

    {.name = "foreign_pause_resume_cancel", .config = from_cfg(foreign_macros)},
    {.name = "on_error_gcode_cancels", .config = from_cfg("[virtual_sdcard]\non_error_gcode: CANCEL_PRINT\n")},
    {.name = "safe_z_home", .config = from_cfg(safe_z_home)},
    {.name = "homing_override",
     .config = from_cfg("[homing_override]\naxes: xyz\nset_position_z: 0\ngcode:\n    G90\n    G1 Z5 F600\n"
                        "    G28 X0 Y0\n    G28 Z0\n    G1 Z10 F600\n")},
    {.name = "homing_override_of_z",
     .config = from_cfg("[homing_override]\naxes: z\ngcode:\n    G28 Z\n    G1 Z12 F1200\n")},
    {.name = "skew_without_profile", .config = from_cfg("[skew_correction]\n")},
    {.name = "skew_profile",
     .config = from_cfg("[skew_correction]\n[skew_correction kcal]\nxy_skew: 0.006875\nxz_skew: 0\nyz_skew: 0\n")},
    {.name = "g92"},
    {.name = "delayed_gcode_moves",
     .config = from_cfg("[delayed_gcode stray]\ngcode:\n    G90\n    G1 X200 Y100 F6000\n"
                        "[delayed_gcode greet]\ninitial_duration: 0\ngcode:\n    M118 hello\n"
                        "    UPDATE_DELAYED_GCODE ID=greet DURATION=2\n")},
    {.name = "second_client_moves", .deeds = {script_at(6.879, "G90\nG1 X240 Y340 F6000")}},
    {.name = "homing"},
    {.name = "endstop_inside",
     .carriage = {20, 19, 8},
     .config = from_cfg("[stepper_x]\nposition_min: -10\n[stepper_y]\nposition_endstop: 4\nposition_min: -2\n")},
    {.name = "endstop_at_the_top",
     .carriage = {20, 15, 30},
     .config = from_cfg("[stepper_z]\nposition_min: 0\nposition_endstop: 38\nposition_max: 40\n"
                        "homing_positive_dir: true\n")},
    {.name = "velocity_at_rest"},
    {.name = "jog_hold", .before = "G28\nG1 X100 Y100 Z10 F6000\nM400\nG90|wait 3"},
    {.name = "jog_stop", .before = "G28\nG1 X100 Y100 Z10 F6000\nM400\nG90|wait 3"},
    {.name = "homing_without_retract", .config = from_cfg(short_retracts)},
    // Kalico asks the endstops before each approach and keeps more in its buffer: half a second for each axis.
    {.name = "kalico_homing", .positions = false, .slack = 1.7, .config = from_cfg("", kalico)},
    {.name = "kalico_homing_without_retract", .slack = 1.2, .config = from_cfg(short_retracts, kalico)},
    {.name = "kalico_safe_z_home", .slack = 1.7, .config = from_cfg(safe_z_home, kalico)},
    // Of an endstop that never triggers the rig was patient with its board.
    {.name = "manual_stepper", .rig_waits = {"45", "46"}, .config = from_whole_cfg("bring_up.cfg")},
    {.name = "generated_printer_cfg", .config = from_whole_cfg("drawing.cfg")},
    {.name = "second_endstop",
     .deeds = {second_switch_is(false)},
     .rig_waits = {"8"},
     .config = from_whole_cfg("drawing.cfg", second_endstop)},
    {.name = "second_endstop_pressed",
     .deeds = {second_switch_is(true)},
     .config = from_whole_cfg("drawing.cfg", second_endstop_pressed)},
    // Kalico has sections and objects of its own, and keeps more of one motor's moves in its buffer.
    {.name = "kalico_manual_stepper",
     .free_ids = {"2", "3", "59", "60"},
     .rig_waits = {"33", "37", "45", "46"},
     .slack = 0.7,
     .config = from_whole_cfg("bring_up.cfg", "", kalico)},
    {.name = "kalico_texts", .config = from_cfg("[delayed_gcode stray]\ngcode:\n    G90\n", kalico)},
};

BOOST_AUTO_TEST_SUITE(klippy_replay)

/// Recordings that are no conversation.
const std::map<std::string, std::string> not_replayed{
    {"huge", "empty: only the times of big requests were noted"},
    {"unresponsive_client", "one remark; the client that does not read is in tests/sim/klippy_server.cpp"}};

BOOST_AUTO_TEST_CASE(every_recording_is_replayed_but_for_those_with_a_reason) {
    std::set<std::string> known;
    for (const auto& s : scenarios) known.insert(s.name);
    for (const auto& [name, reason] : not_replayed) BOOST_TEST(!known.contains(name));
    for (const auto& file : std::filesystem::directory_iterator(KF_TESTS_DIR "/transcripts/klippy")) {
        const std::string name = file.path().filename().string();
        BOOST_TEST(known.contains(name.substr(0, name.find('.'))), name);
    }
}

BOOST_DATA_TEST_CASE(answers_like_the_recorded_klippy, boost::unit_test::data::make(scenarios), s) { replay(s).run(); }

BOOST_AUTO_TEST_SUITE_END()

} // namespace klippy_replay_test
