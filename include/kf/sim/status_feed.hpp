// SPDX-License-Identifier: MIT
#pragma once
/// objects/query and objects/subscribe of the simulated klippy. All of them share one tick of 250 ms: the first query
/// after a quiet spell is answered at once, any other with the next tick; a subscription gets the fields that differ
/// from what the tick before saw, and nothing when none does. A state that comes and goes between two ticks is never
/// seen.

#include <kf/sim/reactor.hpp>

#include <boost/json.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::sim {

class status_feed {
  public:
    /// Every object's fields at a time; empty when there is no such object.
    using source = std::function<boost::json::object(const std::string& name, seconds at)>;
    /// Gets {"eventtime","status"}.
    using receiver = std::function<void(boost::json::object)>;

    status_feed(reactor& r, source s)
      : reactor_(r)
      , source_(std::move(s)) {}

    /// `objects` maps names to null (all fields) or lists of field names; see is_valid.
    void query(boost::json::object objects, receiver answer) {
        pending_.push_back({std::move(objects), std::move(answer)});
        start();
    }

    /// Replaces what `client` was subscribed to, answers like a query, then pushes.
    void subscribe(int client, boost::json::object objects, receiver answer, receiver push) {
        clients_.erase(client);
        auto begin = [this, client, objects, answer = std::move(answer),
                      push = std::move(push)](boost::json::object params) mutable {
            // All fields of an object are the ones it has now.
            for (auto& [name, fields] : objects)
                if (fields.is_null()) {
                    const auto& seen = params.at("status").as_object();
                    boost::json::array all;
                    if (const auto* o = seen.if_contains(name))
                        for (const auto& [field, unused] : o->as_object()) all.emplace_back(field);
                    if (!all.empty()) fields = std::move(all);
                }
            answer(std::move(params));
            clients_.insert_or_assign(client, entry{std::move(objects), std::move(push)});
        };
        query(objects, std::move(begin));
    }
    void drop(int client) { clients_.erase(client); }

    [[nodiscard]] static bool is_valid(const boost::json::object& objects) {
        for (const auto& [name, fields] : objects) {
            if (fields.is_null()) continue;
            if (!fields.is_array()) return false;
            for (const auto& f : fields.as_array())
                if (!f.is_string()) return false;
        }
        return true;
    }

  private:
    static constexpr seconds period = 0.250;
    struct entry {
        boost::json::object objects;
        receiver to;
    };

    void start() {
        if (ticking_) return;
        ticking_ = true;
        reactor_.call_at(reactor_.now(), [this] { tick(); });
    }

    void tick() {
        const seconds now = reactor_.now();
        const auto before = std::exchange(seen_, {});
        const auto queries = std::exchange(pending_, {});
        const auto see = [&](const std::string& name) -> const boost::json::object& {
            auto it = seen_.find(name);
            if (it == seen_.end()) it = seen_.emplace(name, source_(name, now)).first;
            return it->second;
        };
        const auto params = [now](boost::json::object status) {
            return boost::json::object{{"eventtime", now}, {"status", std::move(status)}};
        };
        // What is sent may subscribe or drop; those lists are not walked while sending.
        std::vector<std::pair<receiver, boost::json::object>> out;
        for (const entry& q : queries) {
            boost::json::object status;
            for (const auto& [name, fields] : q.objects) {
                const boost::json::object& now_has = see(name);
                if (fields.is_null()) {
                    status[name] = now_has;
                    continue;
                }
                boost::json::object some;
                for (const auto& f : fields.as_array()) some[f.as_string()] = field(now_has, f.as_string());
                status[name] = std::move(some);
            }
            out.emplace_back(q.to, std::move(status));
        }
        for (auto& [client, sub] : clients_) {
            boost::json::object status;
            for (const auto& [name, fields] : sub.objects) {
                const boost::json::object& now_has = see(name);
                const auto old = before.find(std::string(name));
                boost::json::object changed;
                const auto compare = [&](boost::json::string_view f) {
                    const boost::json::value v = field(now_has, f);
                    if (old == before.end() || field(old->second, f) != v) changed[f] = v;
                };
                if (fields.is_null())
                    for (const auto& [f, unused] : now_has) compare(f);
                else
                    for (const auto& f : fields.as_array()) compare(f.as_string());
                if (!changed.empty()) status[name] = std::move(changed);
            }
            if (!status.empty()) out.emplace_back(sub.to, std::move(status));
        }
        for (auto& [to, status] : out) to(params(std::move(status)));
        ticking_ = !seen_.empty();
        if (ticking_)
            reactor_.call_at(now + period, [this] { tick(); });
        else if (!pending_.empty())
            start();
    }

    [[nodiscard]] static boost::json::value field(const boost::json::object& o, boost::json::string_view name) {
        const auto* v = o.if_contains(name);
        return v == nullptr ? boost::json::value(nullptr) : *v;
    }

    reactor& reactor_;
    source source_;
    std::vector<entry> pending_;
    std::map<int, entry> clients_;
    std::map<std::string, boost::json::object, std::less<>> seen_;
    bool ticking_ = false;
};

} // namespace kf::sim
