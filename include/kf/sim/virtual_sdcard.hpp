// SPDX-License-Identifier: MIT
#pragma once
/// File jobs of the simulated printer: virtual_sdcard, print_stats and pause_resume. A job reads its file in blocks of
/// 8192 characters and runs one line at a time between other scripts, so that its progress leads the pen. The traps are
/// Klipper's: a last line without a newline never runs, a byte that is not UTF-8 leaves the job "paused", an empty file
/// name takes the whole printer down.

#include <kf/io/ascii.hpp>
#include <kf/io/atomic_file.hpp>
#include <kf/sim/gcode_host.hpp>
#include <kf/sim/print_stats.hpp>
#include <kf/sink/utf8.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kf::sim {

class virtual_sdcard {
  public:
    virtual_sdcard(reactor& r, gcode_host& g, const printer_config& c);

    [[nodiscard]] boost::json::object status() const;
    [[nodiscard]] bool is_active() const noexcept { return working_; }
    [[nodiscard]] bool is_paused() const noexcept { return is_paused_; }
    [[nodiscard]] print_stats& stats() noexcept { return stats_; }
    /// The printer shuts down: the job ends after the line that it is in.
    void shut_down() noexcept { must_pause_ = true; }

  private:
    struct listed {
        std::string name; ///< below the folder
        std::uintmax_t size = 0;
    };
    struct block {
        std::vector<std::string> lines;
        bool unreadable = false;
        bool end = false;
    };

    void add_files(gcode_host& g);
    void add_pauses(gcode_host& g);
    [[nodiscard]] std::vector<listed> files() const;
    gcode_answer load(const std::string& name);
    gcode_answer resume_work();
    task<> stop_work();
    task<> close_file();
    task<> work();
    block read_block(std::string& partial);
    task<gcode_answer> print_file(const planner::gcode_line& line);
    task<gcode_answer> reset_file(const planner::gcode_line& line);
    task<gcode_answer> select_file(const planner::gcode_line& line);
    task<gcode_answer> pause(const planner::gcode_line& line);
    task<gcode_answer> resume(const planner::gcode_line& line);
    task<gcode_answer> cancel(const planner::gcode_line& line);
    task<gcode_answer> pause_work(const planner::gcode_line&) {
        co_await stop_work();
        co_return gcode_answer{};
    }

    reactor& reactor_;
    gcode_host& gcode_;
    const printer_config& config_;
    print_stats stats_;
    std::unique_ptr<std::ifstream> file_;
    fs::path path_;
    std::uint64_t position_ = 0;
    std::uint64_t size_ = 0;
    bool working_ = false;
    bool must_pause_ = false;
    bool from_file_ = false; ///< the command that runs now is a line of the file
    bool is_paused_ = false;
    bool pause_sent_ = false;
    bool file_paused_ = false;
};

namespace detail {

/// How many bytes of whole characters `text` begins with; less than its size when it ends in the middle of one or holds
/// a byte that is none.
[[nodiscard]] inline std::size_t whole_characters(std::string_view text, bool& bad) noexcept {
    bad = false;
    std::size_t i = 0;
    while (i < text.size()) {
        const auto c = static_cast<unsigned char>(text[i]);
        const utf8_character read = first_character(text.substr(i));
        if (!read.valid) {
            const std::size_t length = c < 0xc2 || c > 0xf4 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
            bad = read.bytes >= length || i + read.bytes < text.size();
            return i;
        }
        i += read.bytes;
    }
    return i;
}

} // namespace detail

inline virtual_sdcard::virtual_sdcard(reactor& r, gcode_host& g, const printer_config& c)
  : reactor_(r)
  , gcode_(g)
  , config_(c) {
    if (c.has("virtual_sdcard")) add_files(g);
    if (c.has("pause_resume")) add_pauses(g);
}

/// [pause_resume]
inline void virtual_sdcard::add_pauses(gcode_host& g) {
    using line = planner::gcode_line;
    g.add("PAUSE", [this](const line& l) { return pause(l); });
    g.add("RESUME", [this](const line& l) { return resume(l); });
    g.add("CANCEL_PRINT", [this](const line& l) { return cancel(l); });
    g.add_simple("CLEAR_PAUSE", [this](const line&) -> gcode_answer {
        is_paused_ = pause_sent_ = false;
        return {};
    });
}

/// [virtual_sdcard], and the print_stats that it brings.
inline void virtual_sdcard::add_files(gcode_host& g) {
    using line = planner::gcode_line;
    g.add("SDCARD_PRINT_FILE", [this](const line& l) { return print_file(l); });
    g.add("SDCARD_RESET_FILE", [this](const line& l) { return reset_file(l); });
    g.add("M23", [this](const line& l) { return select_file(l); });
    g.add_simple("M24", [this](const line&) { return resume_work(); });
    g.add("M25", [this](const line& l) { return pause_work(l); });
    g.add_simple("M20", [this](const line&) -> gcode_answer {
        gcode_.say("Begin file list");
        for (const auto& f : files())
            if (f.name.find('/') == std::string::npos) gcode_.say(fmt::format("{} {}", f.name, f.size));
        gcode_.say("End file list");
        return {};
    });
    g.add_simple("M21", [this](const line&) -> gcode_answer {
        gcode_.say("SD card ok");
        return {};
    });
    g.add_simple("M26", [this](const line& l) -> gcode_answer {
        if (working_) return refuse("SD busy");
        double s = 0;
        if (l.read('S', s) != planner::word::number || s < 0)
            return refuse(fmt::format("Error on '{}': missing S", l.text()));
        position_ = static_cast<std::uint64_t>(s);
        return {};
    });
    g.add_simple("M27", [this](const line&) -> gcode_answer {
        gcode_.say(file_ ? fmt::format("SD printing byte {}/{}", position_, size_) : std::string("Not SD printing."));
        return {};
    });
    for (const char* writes : {"M28", "M29", "M30"})
        g.add_simple(writes, [](const line&) { return gcode_answer(refuse("SD write not supported")); });
    g.add_simple("SET_PRINT_STATS_INFO", [this](const line& l) -> gcode_answer {
        const auto words = l.extended();
        if (!words) return refuse(fmt::format("Malformed command '{}'", l.text()));
        const auto number = [&](const char* name) -> std::optional<int> {
            double v = 0;
            const auto text = words->find(name);
            if (!text || planner::read_number(*text, v) != planner::word::number) return std::nullopt;
            return static_cast<int>(v);
        };
        stats_.set_layers(number("TOTAL_LAYER"), number("CURRENT_LAYER"));
        return {};
    });
}

inline boost::json::object virtual_sdcard::status() const {
    namespace json = boost::json;
    return {{"file_path", file_ ? json::value(path_.string()) : json::value(nullptr)},
            {"progress", size_ == 0 ? 0.0 : static_cast<double>(position_) / static_cast<double>(size_)},
            {"is_active", working_},
            {"file_position", position_},
            {"file_size", size_}};
}

inline std::vector<virtual_sdcard::listed> virtual_sdcard::files() const {
    std::vector<listed> all;
    std::error_code ec;
    for (auto it =
             fs::recursive_directory_iterator(config_.gcodes, fs::directory_options::follow_directory_symlink, ec);
         !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
        if (!it->is_regular_file(ec)) continue;
        const std::string extension = it->path().extension().string();
        if (extension != ".gcode" && extension != ".g" && extension != ".gco") continue;
        all.push_back({it->path().lexically_relative(config_.gcodes).generic_string(), it->file_size(ec)});
    }
    std::sort(all.begin(), all.end(),
              [](const listed& a, const listed& b) { return io::to_lower(a.name) < io::to_lower(b.name); });
    return all;
}

inline gcode_answer virtual_sdcard::load(const std::string& name) {
    const auto known = files();
    const listed* found = nullptr;
    for (const auto& f : known)
        if (f.name == name) found = &f;
    if (found == nullptr)
        for (const auto& f : known)
            if (io::to_lower(f.name) == io::to_lower(name)) found = &f;
    if (found == nullptr) return refuse("Unable to open file");
    auto in = std::make_unique<std::ifstream>(config_.gcodes / found->name, std::ios::binary);
    if (!*in) return refuse("Unable to open file");
    const char* blank = config_.program == host_program::kalico ? " " : "";
    gcode_.say(fmt::format("File opened:{0}{1} Size:{0}{2}", blank, name, found->size));
    gcode_.say("File selected");
    file_ = std::move(in);
    path_ = config_.gcodes / found->name;
    position_ = 0;
    size_ = found->size;
    stats_.loaded(name);
    return {};
}

inline gcode_answer virtual_sdcard::resume_work() {
    if (working_) return refuse("SD busy");
    must_pause_ = false;
    working_ = true;
    reactor_.spawn(work());
    return {};
}

/// Comes back when the job has stopped, at once when a line of the job itself asks for it.
inline task<> virtual_sdcard::stop_work() {
    if (!working_) co_return;
    must_pause_ = true;
    while (working_ && !from_file_) co_await reactor_.sleep_until(reactor_.now() + 0.001);
}

inline task<> virtual_sdcard::close_file() {
    if (!file_) co_return;
    co_await stop_work();
    file_.reset();
}

inline virtual_sdcard::block virtual_sdcard::read_block(std::string& partial) {
    std::string raw(8192, '\0');
    file_->read(raw.data(), static_cast<std::streamsize>(raw.size()));
    raw.resize(static_cast<std::size_t>(file_->gcount()));
    // A character may lie across the end of the block.
    bool bad = false;
    std::size_t whole = detail::whole_characters(raw, bad);
    while (!bad && whole < raw.size() && file_->good()) {
        const int next = file_->get();
        if (next == std::ifstream::traits_type::eof()) break;
        raw += static_cast<char>(next);
        whole = detail::whole_characters(raw, bad);
    }
    block b;
    b.unreadable = bad || whole < raw.size();
    b.end = raw.empty();
    if (b.unreadable || b.end) return b;
    std::size_t at = 0;
    for (std::size_t end; (end = raw.find('\n', at)) != std::string::npos; at = end + 1) {
        b.lines.push_back(partial + raw.substr(at, end - at));
        partial.clear();
    }
    partial += raw.substr(at);
    return b;
}

inline task<> virtual_sdcard::work() {
    if (!file_) { // M24 with nothing loaded
        working_ = false;
        co_return;
    }
    file_->clear();
    file_->seekg(static_cast<std::streamoff>(position_));
    stats_.started(reactor_.now());
    std::string partial;
    std::vector<std::string> lines;
    std::size_t next = 0;
    std::optional<std::string> error;
    while (!must_pause_) {
        if (next == lines.size()) {
            block b = read_block(partial);
            if (b.unreadable) break;
            if (b.end) {
                file_.reset();
                gcode_.say("Done printing file");
                break;
            }
            lines = std::move(b.lines);
            next = 0;
            co_await reactor_.yield();
            continue;
        }
        if (gcode_.mutex().held()) { // somebody else's script goes first
            co_await reactor_.sleep_until(reactor_.now() + 0.050);
            continue;
        }
        from_file_ = true;
        std::string text = std::move(lines[next++]);
        const std::uint64_t after = position_ + text.size() + 1;
        const gcode_answer a = co_await gcode_.run_script(std::move(text));
        if (!a) {
            if (a.error().crash.empty()) {
                error = a.error().text;
                (void)co_await gcode_.run_section(config_.on_error_gcode); // what it answers is told as output only
            }
            break;
        }
        from_file_ = false;
        position_ = after;
    }
    working_ = false;
    from_file_ = false;
    if (error)
        stats_.failed(*error, reactor_.now());
    else if (file_)
        stats_.paused(reactor_.now());
    else
        stats_.completed(reactor_.now());
}

inline task<gcode_answer> virtual_sdcard::print_file(const planner::gcode_line& line) {
    const auto words = line.extended();
    if (!words) co_return refuse(fmt::format("Malformed command '{}'", line.text()));
    if (working_) co_return refuse("SD busy");
    co_await close_file();
    position_ = size_ = 0;
    stats_.reset();
    const auto given = words->find("FILENAME");
    if (!given) co_return refuse(fmt::format("Error on '{}': missing FILENAME", line.text()));
    std::string name(*given);
    if (name.empty())
        co_return std::unexpected(
            gcode_error{"string index out of range", "Internal error on command:\"SDCARD_PRINT_FILE\""});
    if (name.front() == '/') name.erase(0, 1);
    if (gcode_answer a = load(name); !a) co_return a;
    co_return resume_work();
}

inline task<gcode_answer> virtual_sdcard::reset_file(const planner::gcode_line&) {
    if (from_file_) co_return refuse("SDCARD_RESET_FILE cannot be run from the sdcard");
    co_await close_file();
    position_ = size_ = 0;
    stats_.reset();
    co_return gcode_answer{};
}

inline task<gcode_answer> virtual_sdcard::select_file(const planner::gcode_line& line) {
    if (working_) co_return refuse("SD busy");
    co_await close_file();
    position_ = size_ = 0;
    stats_.reset();
    std::string_view name = line.text();
    name = io::trim(name.substr(std::min<std::size_t>(3, name.size())));
    if (name.starts_with('/')) name.remove_prefix(1);
    co_return load(std::string(name));
}

inline task<gcode_answer> virtual_sdcard::pause(const planner::gcode_line&) {
    if (is_paused_) {
        gcode_.inform("Print already paused");
        co_return gcode_answer{};
    }
    if (!pause_sent_) {
        file_paused_ = working_;
        if (working_)
            co_await stop_work();
        else
            gcode_.inform("action:paused");
        pause_sent_ = true;
    }
    std::string save = "SAVE_GCODE_STATE NAME=PAUSE_STATE";
    gcode_answer a = co_await gcode_.run_lines(std::move(save));
    if (a) is_paused_ = true;
    co_return a;
}

inline task<gcode_answer> virtual_sdcard::resume(const planner::gcode_line& line) {
    if (!is_paused_) {
        gcode_.inform("Print is not paused, resume aborted");
        co_return gcode_answer{};
    }
    const auto words = line.extended();
    if (!words) co_return refuse(fmt::format("Malformed command '{}'", line.text()));
    double velocity = config_.recover_velocity;
    if (const auto text = words->find("VELOCITY");
        text && planner::read_number(*text, velocity) != planner::word::number)
        co_return refuse(fmt::format("Error on '{}': unable to parse {}", line.text(), *text));
    std::string restore = fmt::format("RESTORE_GCODE_STATE NAME=PAUSE_STATE MOVE=1 MOVE_SPEED={:.4f}", velocity);
    if (gcode_answer a = co_await gcode_.run_lines(std::move(restore)); !a) co_return a;
    if (file_paused_) {
        if (gcode_answer a = resume_work(); !a) co_return a;
        file_paused_ = false;
    } else {
        gcode_.inform("action:resumed");
    }
    pause_sent_ = false;
    is_paused_ = false;
    co_return gcode_answer{};
}

inline task<gcode_answer> virtual_sdcard::cancel(const planner::gcode_line&) {
    if (working_ || file_paused_) {
        if (file_) {
            co_await close_file();
            stats_.cancelled(reactor_.now());
        }
        position_ = size_ = 0;
    } else {
        gcode_.inform("action:cancel");
    }
    is_paused_ = pause_sent_ = false;
    co_return gcode_answer{};
}

} // namespace kf::sim
