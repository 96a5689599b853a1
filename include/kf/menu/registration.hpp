// SPDX-License-Identifier: MIT
#pragma once
/// The questions by which a board is registered, as a value: one flow with two faces, `kflash add` on a terminal and a
/// page of the menu. It asks nobody and writes nothing: question() is what is open, answer() checks and keeps it, and
/// words() is the command that does the same in one write.

#include <kf/board/match.hpp>
#include <kf/board/registry.hpp>
#include <kf/firmware/config_cache.hpp>
#include <kf/io/xdg_paths.hpp>
#include <kf/sink/answer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kf::menu {

/// What a question is about, in the order in which they are asked.
enum class about { device, name, mcu, excluded, config, katapult, summary };

struct wizard_question {
    about what;
    std::string text;
    std::string usual = {}; ///< what an empty answer means; empty: there has to be one
    std::vector<std::string> choices = {};
    std::string flag = {}; ///< of kflash add, which answers it beforehand
};

/// Where the configuration of a new board comes from.
enum class config_from { later, menuconfig, file };

/// A device that nobody has registered, as the board that it would be.
struct new_device {
    board::device device;
    result<board::board> as; ///< its pattern, port and what is known of it; or why it is told from no other
    std::string note = {};   ///< what a person has to know of it
};

/// What the questions look at. It is seen once, before the first of them.
struct registration_view {
    board::registry registry = {};
    std::vector<new_device> devices = {};
    std::filesystem::path home = {};     ///< what ~ means in the name of a file
    std::filesystem::path own_file = {}; ///< the .config of the source tree
    std::optional<firmware::kconfig> own_config = {};
    std::function<result<firmware::cached_config>(const std::filesystem::path&)> read_config = {};
};

/// "usb-Klipper_rp2040_E66-if00 (klipper, port 1-1.3)"
[[nodiscard]] inline std::string label_of(const board::device& d) {
    return fmt::format("{} ({}{}{})", d.file_name, board::name(d.usb.firmware), d.facts.port.empty() ? "" : ", port ",
                       d.facts.port);
}

/// Whether a board with this configuration has a bootloader that it leaves room for; nothing when it does not tell.
[[nodiscard]] inline std::optional<bool> leaves_room(const firmware::kconfig& config) {
    if (config.empty() || !config.application_start()) return std::nullopt;
    return !config.at_flash_base() && config.has_vector_table();
}

class registration {
  public:
    explicit registration(registration_view view)
      : view_(std::move(view)) {
        if (view_.devices.size() == 1) (void)take_device(0);
    }

    // What is known beforehand is not asked.
    [[nodiscard]] result<void> take_device(std::size_t i) {
        const auto& chosen = view_.devices[i];
        KF_CHECK(chosen.as);
        board_ = *chosen.as;
        board_.mcu = board::mcu_family(chosen.device.usb.mcu);
        device_ = chosen.device;
        note_ = chosen.note;
        return settle(about::device);
    }
    void take_pattern(std::string pattern) {
        board_.serial_pattern = std::move(pattern);
        (void)settle(about::device);
    }
    [[nodiscard]] result<void> take_name(const std::string& name) {
        KF_CHECK(check_name(name));
        board_.name = name;
        return settle(about::name);
    }
    [[nodiscard]] result<void> take_mcu(const std::string& mcu) {
        KF_CHECK(check_mcu(mcu));
        board_.mcu = mcu;
        if (!method_is_given_) board_.method = method_of_chip();
        return settle(about::mcu);
    }
    void take_excluded(bool excluded) {
        board_.flashable = !excluded;
        (void)settle(about::excluded);
    }
    /// Nothing: that of the settings, whatever the board has.
    void take_method(std::optional<board::flash_method> method) {
        board_.method = method;
        method_is_given_ = true;
        (void)settle(about::katapult);
    }
    void take_menuconfig() {
        config_ = config_from::menuconfig;
        (void)settle(about::config);
    }
    /// errc::mismatch for another chip; what only the source tree can complete is looked at when it is written.
    [[nodiscard]] result<void> take_file(const std::filesystem::path& file) {
        KF_TRY(const auto read, view_.read_config(file));
        if (const auto mcu = read.config.mcu(); mcu && !board::mcu_matches(*mcu, board_.mcu))
            return kf::fail(errc::mismatch, fmt::format("{} is for {}", file.string(), *mcu));
        config_ = config_from::file;
        file_ = file;
        judge_katapult(read.config);
        return settle(about::config);
    }

    /// What is open; nothing when all is answered.
    [[nodiscard]] std::optional<wizard_question> question() const {
        for (const auto what : order)
            if (!is_settled(what) && is_asked(what)) return wording(what);
        return std::nullopt;
    }

    /// Of question(). An error leaves it open, and everything else as it is; errc::interrupted: it was called off.
    [[nodiscard]] result<void> answer(const std::string& said) {
        const auto q = question();
        if (!q) return {};
        const auto text = said.empty() ? q->usual : said;
        KF_CHECK(take(*q, text));
        asked_.push_back(q->what);
        return {};
    }

    [[nodiscard]] bool has_answers() const noexcept { return !asked_.empty(); }
    /// To the question before; false at the first one.
    bool back() {
        if (asked_.empty()) return false;
        const auto last = asked_.back();
        asked_.pop_back();
        for (const auto what : order)
            if (what >= last) std::erase(settled_, what);
        if (method_is_given_)
            (void)settle(about::katapult);
        else if (last <= about::katapult) // what was said of Katapult holds at the summary
            board_.method = method_of_chip();
        return true;
    }

    /// What nobody is asked about gets no answer: it may be flashed, its configuration comes later.
    void pass() {
        for (const auto what : {about::excluded, about::config, about::katapult, about::summary}) (void)settle(what);
    }

    [[nodiscard]] const board::board& board() const noexcept { return board_; }
    [[nodiscard]] const std::optional<board::device>& device() const noexcept { return device_; }
    [[nodiscard]] const std::string& note() const noexcept { return note_; }
    [[nodiscard]] config_from config() const noexcept { return config_; }
    [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

    /// A configuration tells by its offset whether the board has a bootloader.
    void judge_katapult(const firmware::kconfig& config) {
        const auto room = leaves_room(config);
        if (!room || method_is_given_ || board_.seen_as_katapult || board::is_avr(board_.mcu)) return;
        board_.method.reset();
        if (!*room) board_.method = board::method_without_katapult();
        (void)settle(about::katapult);
    }

    /// What would be written, line by line.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> summary() const;
    /// The words of the command that registers it without a question.
    [[nodiscard]] std::vector<std::string> words() const;

  private:
    static constexpr about order[] = {about::device, about::name,     about::mcu,    about::excluded,
                                      about::config, about::katapult, about::summary};

    result<void> settle(about what) {
        if (!is_settled(what)) settled_.push_back(what);
        return {};
    }
    [[nodiscard]] bool is_settled(about what) const { return std::ranges::find(settled_, what) != settled_.end(); }
    [[nodiscard]] bool is_asked(about what) const {
        if (what == about::config) return board_.flashable;
        if (what != about::katapult) return true;
        return board_.flashable && !board_.seen_as_katapult && !board_.method && config_ == config_from::later;
    }
    /// For some chips there is no Katapult.
    [[nodiscard]] std::optional<board::flash_method> method_of_chip() const {
        return board::is_avr(board_.mcu) ? std::optional(board::method_without_katapult()) : std::nullopt;
    }
    /// Its name where that is its own: in its port there may be another board by now.
    [[nodiscard]] static std::string word_for(const board::device& d) {
        const bool is_its_own = d.facts.twins == 0 && board::is_own_serial(board::serial_number(d));
        return is_its_own || d.facts.port.empty() ? d.file_name : d.facts.port;
    }
    [[nodiscard]] bool own_config_fits() const {
        return view_.own_config && board::mcu_matches(view_.own_config->mcu().value_or(""), board_.mcu);
    }
    [[nodiscard]] std::string free_name() const {
        return board::unique_slug("board", [&](const std::string& name) { return !check_name(name); });
    }
    [[nodiscard]] result<void> check_name(const std::string& name) const {
        auto r = view_.registry;
        KF_TRY(const auto unused, board::add(r, {.name = name, .mcu = "none", .serial_pattern = "none"}));
        (void)unused;
        return {};
    }
    [[nodiscard]] result<void> check_mcu(const std::string& mcu) const;
    [[nodiscard]] wizard_question wording(about what) const;
    [[nodiscard]] result<void> take(const wizard_question& q, const std::string& text);
    [[nodiscard]] result<void> take_config(const wizard_question& q, const std::string& text);

    registration_view view_;
    board::board board_ = {};
    std::optional<board::device> device_ = {};
    std::string note_ = {};
    config_from config_ = config_from::later;
    std::filesystem::path file_ = {};
    bool method_is_given_ = false;
    std::vector<about> settled_ = {};
    std::vector<about> asked_ = {};
};

inline result<void> registration::check_mcu(const std::string& mcu) const {
    if (mcu.empty()) return kf::fail(errc::needs_person, "the MCU of the board is not known: give --mcu");
    const board::board probe{.key = "k", .name = "n", .mcu = mcu, .serial_pattern = "p"};
    if (const auto p = board::problem(probe)) return kf::fail(errc::usage, "the board's " + p->field + " " + p->what);
    if (device_ && !device_->usb.mcu.empty() && !board::mcu_matches(mcu, device_->usb.mcu))
        return kf::fail(errc::mismatch, fmt::format("the device says that it is {}", device_->usb.mcu));
    return {};
}

inline wizard_question registration::wording(about what) const {
    wizard_question q{what, {}};
    switch (what) {
    case about::device:
        q.text = "Which device (its number)";
        for (const auto& d : view_.devices) q.choices.push_back(label_of(d.device));
        q.flag = "--usb NAME";
        break;
    case about::name:
        q.text = "Name of the board";
        q.usual = free_name();
        q.flag = "--name NAME";
        break;
    case about::mcu:
        q.text = "Its MCU";
        q.usual = board_.mcu;
        q.flag = "--mcu MCU";
        break;
    case about::excluded:
        q.text = "Exclude it from flashing (a probe such as Beacon)?";
        q.usual = yes_or_no(false);
        q.flag = "--include, --exclude or --yes";
        break;
    case about::config:
        q.text = "Its configuration (a number, or the name of a .config)";
        q.choices = {fmt::format("menuconfig, which opens on {}", board_.mcu), "later: kflash config"};
        if (own_config_fits()) q.choices.push_back(view_.own_file.string());
        q.usual = own_config_fits() ? "3" : "1";
        q.flag = "--import FILE or --yes";
        break;
    case about::katapult:
        q.text = "Does it have the Katapult bootloader?";
        q.usual = yes_or_no(true);
        q.flag = "--method METHOD";
        break;
    case about::summary:
        q.text = "Register it?";
        q.usual = yes_or_no(true);
        q.flag = "--yes";
        break;
    }
    return q;
}

inline result<void> registration::take_config(const wizard_question& q, const std::string& text) {
    const auto chosen = choice_from(text, q.choices.size());
    if (!chosen && text.find_first_not_of("0123456789") == text.npos)
        return kf::fail(errc::usage, fmt::format("Please give a number from 1 to {}, or a file.", q.choices.size()));
    if (!chosen) return take_file(io::expand_home(text, view_.home));
    if (*chosen == 2) return take_file(view_.own_file);
    config_ = *chosen == 0 ? config_from::menuconfig : config_from::later;
    file_.clear();
    return settle(about::config);
}

inline result<void> registration::take(const wizard_question& q, const std::string& text) {
    if (q.what == about::name) return take_name(text);
    if (q.what == about::mcu) return take_mcu(text);
    if (q.what == about::config) return take_config(q, text);
    if (q.what == about::device) {
        if (const auto i = choice_from(text, q.choices.size())) return take_device(*i);
        return kf::fail(errc::usage, fmt::format("Please give a number from 1 to {}.", q.choices.size()));
    }
    const auto yes = yes_or_no_from(text);
    if (!yes) return kf::fail(errc::usage, "Please answer y or n.");
    if (q.what == about::excluded) {
        take_excluded(*yes);
    } else if (q.what == about::katapult) {
        if (!*yes) board_.method = board::method_without_katapult();
        (void)settle(about::katapult);
    } else {
        if (!*yes) return kf::fail(errc::interrupted, "nothing was registered");
        (void)settle(about::summary);
    }
    return {};
}

inline std::vector<std::pair<std::string, std::string>> registration::summary() const {
    std::vector<std::pair<std::string, std::string>> lines{{"name", board_.name}, {"MCU", board_.mcu}};
    lines.emplace_back("device", device_ ? label_of(*device_) : board_.serial_pattern);
    if (!board_.flashable) {
        lines.emplace_back("flashed", "never: it is excluded");
        return lines;
    }
    lines.emplace_back("method", board_.method ? board::name(*board_.method) : "that of the settings");
    lines.emplace_back("configuration", config_ == config_from::file         ? file_.string()
                                        : config_ == config_from::menuconfig ? "menuconfig, which opens now"
                                                                             : "later");
    return lines;
}

inline std::vector<std::string> registration::words() const {
    std::vector<std::string> words{"add"};
    // With their "=": a name may begin with a dash.
    const auto give = [&](const char* option, const std::string& value) {
        words.push_back(fmt::format("{}={}", option, value));
    };
    if (!device_)
        give("--pattern", board_.serial_pattern);
    else
        give("--usb", word_for(*device_));
    give("--name", board_.name);
    give("--mcu", board_.mcu);
    words.emplace_back(board_.flashable ? "--include" : "--exclude");
    if (board_.method) give("--method", board::name(*board_.method));
    if (config_ == config_from::file && board_.flashable) give("--import", file_.string());
    if (config_ == config_from::menuconfig && board_.flashable) words.emplace_back("--menuconfig");
    words.emplace_back("--yes");
    return words;
}

} // namespace kf::menu
