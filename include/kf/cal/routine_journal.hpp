// SPDX-License-Identifier: MIT
#pragma once
/// What a routine has done and heard so far, one JSON object a line, appended and synced before the routine goes on:
/// the next run of the same routine reads it and goes on where the last one was, whatever ended that one. A line that
/// was cut short is no line. Whoever opens a journal holds its lock: two runs never write one.

#include <kf/cal/routine_question.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/io/file_lock.hpp>
#include <kf/io/json_fields.hpp>
#include <kf/io/json_records.hpp>

#include <boost/json.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::cal {

namespace json = boost::json;

/// The journal as a routine sees it: pure, and all that its next step depends on.
class routine_notes {
    std::map<std::string, answer, std::less<>> answers_;
    std::map<std::string, json::object, std::less<>> ended_;
    std::set<std::string, std::less<>> begun_;

  public:
    void begin(std::string_view step) { begun_.emplace(step); }
    void end(std::string_view step, json::object saw) {
        begun_.erase(std::string(step));
        ended_.insert_or_assign(std::string(step), std::move(saw));
    }
    void hear(std::string_view name, answer a) { answers_.insert_or_assign(std::string(name), std::move(a)); }
    void forget(std::string_view name) {
        answers_.erase(std::string(name));
        ended_.erase(std::string(name));
        begun_.erase(std::string(name));
    }

    /// Of a step that moves or looks: it came to its end.
    [[nodiscard]] bool done(std::string_view step) const { return ended_.contains(step); }
    /// It began, and nobody knows how far it came.
    [[nodiscard]] bool half_done(std::string_view step) const { return begun_.contains(step); }
    /// What it saw there.
    [[nodiscard]] const json::object& saw(std::string_view step) const {
        static const json::object nothing;
        const auto found = ended_.find(step);
        return found == ended_.end() ? nothing : found->second;
    }
    [[nodiscard]] std::optional<double> seen(std::string_view step, std::string_view what) const {
        return io::value_at<double>(saw(step), what);
    }
    [[nodiscard]] bool heard(std::string_view name) const { return answers_.contains(name); }
    [[nodiscard]] std::optional<double> number(std::string_view name) const { return as<double>(name); }
    [[nodiscard]] std::optional<bool> flag(std::string_view name) const { return as<bool>(name); }
    [[nodiscard]] std::string word(std::string_view name) const {
        return as<std::string>(name).value_or(std::string());
    }
    /// How many names are answered; a routine that was given answers before goes on, it does not begin.
    [[nodiscard]] bool empty() const noexcept { return answers_.empty() && ended_.empty() && begun_.empty(); }

  private:
    template<class T>
    [[nodiscard]] std::optional<T> as(std::string_view name) const {
        const auto found = answers_.find(name);
        if (found == answers_.end()) return std::nullopt;
        const T* value = std::get_if<T>(&found->second);
        return value != nullptr ? std::optional(*value) : std::nullopt;
    }
};

/// What a journal is of. Two runs with one of these go on with each other's work.
struct routine_identity {
    std::string routine; ///< "square"
    std::string options; ///< all that changes what is drawn or asked: "--method diagonals --size 150"
    std::string machine; ///< machine.yaml
    bool operator==(const routine_identity&) const = default;
};

class routine_journal {
    std::filesystem::path file_;
    io::file_lock lock_;
    routine_identity who_;
    std::string machine_text_;
    routine_notes notes_;

    routine_journal(std::filesystem::path file, io::file_lock lock, routine_identity who)
      : file_(std::move(file))
      , lock_(std::move(lock))
      , who_(std::move(who)) {}

    [[nodiscard]] result<void> introduce() const {
        return append({{"routine", who_.routine},
                       {"options", who_.options},
                       {"machine", who_.machine},
                       {"machine_text", machine_text_}});
    }

    [[nodiscard]] result<void> append(const json::object& line) const {
        return io::append_line(file_, json::serialize(line));
    }
    static json::value to_json(const answer& a) {
        return std::visit([](const auto& value) { return json::value(value); }, a);
    }
    static std::optional<answer> from_json(const json::value& v) {
        if (const auto yes = io::value_as<bool>(v)) return answer(*yes);
        if (auto word = io::value_as<std::string>(v)) return answer(*std::move(word));
        const auto number = io::value_as<double>(v);
        return number ? std::optional(answer(*number)) : std::nullopt;
    }
    void take(const json::object& line) {
        if (const auto step = io::text_at(line, "begins"); !step.empty()) notes_.begin(step);
        if (const auto step = io::text_at(line, "ends"); !step.empty()) notes_.end(step, io::object_at(line, "saw"));
        if (const auto step = io::text_at(line, "forget"); !step.empty()) notes_.forget(step);
        if (const auto name = io::text_at(line, "answer"); !name.empty())
            if (const auto* value = line.if_contains("value"))
                if (auto a = from_json(*value)) notes_.hear(name, *std::move(a));
    }
    /// The identity in the first line; nothing when the file begins otherwise.
    result<std::optional<routine_identity>> read() {
        const auto text = io::read_file(file_, std::size_t{16} << 20);
        if (!text && text.error().code == errc::not_found) return std::nullopt;
        if (!text) return kf::fail(text.error());
        std::optional<routine_identity> whose;
        io::each_json_line(*text, [&](const json::object& line) {
            if (const auto routine = io::text_at(line, "routine"); !routine.empty()) {
                whose = routine_identity{routine, io::text_at(line, "options"), io::text_at(line, "machine")};
                machine_text_ = io::text_at(line, "machine_text");
            }
            if (whose) take(line);
        });
        return whose;
    }

  public:
    enum class beginning { go_on, anew };

    /// `machine_text` is machine.yaml as it is now; a journal that goes on keeps what it began with. errc::busy:
    /// another run has it. errc::refused: an unfinished run of the same routine had other options.
    [[nodiscard]] static result<routine_journal> open(const std::filesystem::path& file, const routine_identity& who,
                                                      std::string_view machine_text, beginning how) {
        const std::string name = fmt::format("kcal {}", who.routine);
        KF_TRY(auto lock, io::file_lock::take(file.string() + ".lock", name));
        routine_journal j(file, std::move(lock), who);
        if (how == beginning::anew) KF_CHECK(io::remove_file(file));
        KF_TRY(const auto before, j.read());
        if (before && *before != who)
            return kf::fail(
                {errc::refused,
                 fmt::format("{} was begun otherwise and not finished", name),
                 before->machine != who.machine
                     ? fmt::format("it was of the machine {}", before->machine)
                     : fmt::format("its options were: {}", before->options.empty() ? "none" : before->options),
                 file.string(),
                 {fmt::format("{}{}{}  (goes on)", name, before->options.empty() ? "" : " ", before->options),
                  fmt::format("{}{}{} --anew  (begins from the beginning)", name, who.options.empty() ? "" : " ",
                              who.options)}});
        if (before) return j;
        j.machine_text_ = machine_text;
        KF_CHECK(j.introduce());
        return j;
    }

    [[nodiscard]] const routine_notes& notes() const noexcept { return notes_; }
    /// machine.yaml as the routine began with: what it decided stands on this, also when it has written another one.
    [[nodiscard]] const std::string& machine_text() const noexcept { return machine_text_; }

    [[nodiscard]] result<void> begin(std::string_view step) {
        KF_CHECK(append({{"begins", step}}));
        notes_.begin(step);
        return {};
    }
    [[nodiscard]] result<void> end(std::string_view step, json::object saw) {
        KF_CHECK(append({{"ends", step}, {"saw", saw}}));
        notes_.end(step, std::move(saw));
        return {};
    }
    [[nodiscard]] result<void> hear(std::string_view name, const answer& a) {
        KF_CHECK(append({{"answer", name}, {"value", to_json(a)}}));
        notes_.hear(name, a);
        return {};
    }
    /// As if it had not been done, or not been answered.
    [[nodiscard]] result<void> forget(std::string_view name) {
        KF_CHECK(append({{"forget", name}}));
        notes_.forget(name);
        return {};
    }
    /// As if nothing had been done, on the machine.yaml that it began with.
    [[nodiscard]] result<void> restart() {
        KF_CHECK(io::remove_file(file_));
        notes_ = {};
        return introduce();
    }
    /// The routine is over: the next one begins.
    [[nodiscard]] result<void> close() { return io::remove_file(file_); }
};

} // namespace kf::cal
