// SPDX-License-Identifier: MIT
#pragma once
/// A board's configuration at one instant: what is cached for it, what its source tree makes of that, and which version
/// the tree is. Everything that can be known of a firmware before it is built; nothing is changed.

#include <kf/board/board.hpp>
#include <kf/board/usb_name.hpp>
#include <kf/firmware/config_cache.hpp>
#include <kf/firmware/git_version.hpp>
#include <kf/firmware/inputs_hash.hpp>
#include <kf/firmware/source_config.hpp>
#include <kf/flash/place.hpp>
#include <kf/flash/request.hpp>
#include <kf/io/effect.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace kf::flash {

/// A folder of our own in /tmp that is gone with the object. It belongs to who builds.
class scratch_folder {
  public:
    [[nodiscard]] static result<scratch_folder> make(const std::optional<io::user_ids>& owner) {
        std::string name = pattern; // a name that make can take, wherever TMPDIR points
        KF_CHECK(io::effect(io::effect_kind::file, "make " + name));
        if (::mkdtemp(name.data()) == nullptr) return kf::fail(io::system_error("cannot make a folder in /tmp"));
        if (owner && ::chown(name.c_str(), owner->uid, owner->gid) != 0)
            return kf::fail(io::system_error("cannot give a folder in /tmp to its user"));
        return scratch_folder(std::move(name));
    }
    static constexpr const char* pattern = "/tmp/kf-config.XXXXXX";

    scratch_folder(scratch_folder&& other) noexcept
      : path_(std::exchange(other.path_, {})) {}
    scratch_folder& operator=(scratch_folder&&) = delete;
    ~scratch_folder() {
        std::error_code ec;
        if (!path_.empty()) fs::remove_all(path_, ec);
    }
    [[nodiscard]] const fs::path& path() const noexcept { return path_; }

  private:
    explicit scratch_folder(fs::path path)
      : path_(std::move(path)) {}
    fs::path path_;
};

/// A configuration may only be cached for, or built for, a board of its chip.
[[nodiscard]] inline result<void> check_config_mcu(const board::board& board, const firmware::kconfig& config) {
    const auto mcu = config.mcu().value_or("");
    if (mcu.empty())
        return kf::fail(error{errc::mismatch,
                              "the configuration names no MCU",
                              fmt::format("{} is registered as {}", board.name, board.mcu),
                              {},
                              {fmt::format("choose its chip: kflash config {}", board.key)}});
    if (board::mcu_matches(mcu, board.mcu)) return {};
    return kf::fail(
        error{errc::mismatch,
              fmt::format("the configuration is for {}, {} is registered as {}", mcu, board.name, board.mcu),
              "the configuration of another board was chosen, or the board is registered with the wrong chip",
              {},
              {fmt::format("choose the right chip: kflash config {}", board.key),
               fmt::format("or correct the board: kflash edit {} --mcu {}", board.key, mcu)}});
}

/// A configuration as the source tree completes it, in a folder that is gone afterwards.
template<io::process_runner Runner>
[[nodiscard]] result<firmware::source_config> complete_config(Runner& runner, const place& at, const fs::path& tree,
                                                              const firmware::cached_config& cached, seconds deadline) {
    KF_TRY(const scratch_folder folder, scratch_folder::make(at.build_as));
    return firmware::complete(runner, {tree, folder.path(), "kflash", at.build_as}, cached, deadline);
}

struct configured {
    fs::path file = {};              ///< of the cached one
    std::optional<seconds> age = {}; ///< since it was saved; nothing without one
    result<firmware::source_config> source = kf::fail(errc::not_found, "was not looked for");
    result<std::string> tree_version = std::string{}; ///< git's; empty when the tree says none
    std::string compiler_prefix = {};                 ///< of the programs that are asked for the next
    fs::path compiler_cache = {};                     ///< as of build_site
    /// The hash of what the firmware would be made from.
    result<std::string> inputs = kf::fail(errc::not_found, "was not looked for");
    std::optional<stored_image> stored = {}; ///< nothing of it is built then
};

/// The same of an image that is there already: what it was built from is what counts.
[[nodiscard]] inline configured look_at_stored(const stored_image& stored) {
    configured found{stored.config};
    found.stored = stored;
    found.tree_version = stored.version;
    found.inputs = stored.inputs;
    auto config = firmware::read_config_file(stored.config);
    if (!config)
        found.source = kf::fail(config.error());
    else
        found.source = firmware::source_config{std::move(config->text), std::move(config->config), {}};
    return found;
}

template<io::process_runner Runner>
[[nodiscard]] configured look_at_config(Runner& runner, const place& at, const board::flash_settings& settings,
                                        const std::string& key, const build_wishes& wishes) {
    const firmware::config_cache cache(at.configs);
    configured found{cache.path(key)};
    std::error_code ec;
    if (const auto saved = fs::last_write_time(found.file, ec); !ec)
        found.age = std::max(0., to_seconds(fs::file_time_type::clock::now() - saved));
    auto cached = cache.load(key);
    if (!cached) {
        error e = std::move(cached).error();
        // Only a person can say how the board is wired and which bootloader it has.
        if (e.code == errc::not_found) e.code = errc::needs_person;
        found.source = kf::fail(std::move(e));
        return found;
    }
    const auto tree = at.klipper_dir(settings);
    found.source = complete_config(runner, at, tree, *cached, wishes.build_timeout.value_or(settings.build_timeout));
    if (!found.source) return found;
    const auto patience = wishes.git_timeout.value_or(settings.git_timeout);
    found.tree_version = firmware::describe_tree(runner, tree, at.build_as, patience);
    if (!at.compiler_cache.empty() && firmware::takes_compiler_cache(tree)) found.compiler_cache = at.compiler_cache;
    found.compiler_prefix = firmware::compiler_prefix(tree, found.source->config);
    found.inputs = firmware::hash_inputs(runner, tree, found.source->config, at.build_as, patience);
    return found;
}

} // namespace kf::flash
