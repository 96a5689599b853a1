// SPDX-License-Identifier: MIT
#pragma once
/// What is going to be built for a board, and why it may be: every check that needs no image. Pure.

#include <kf/firmware/proofs.hpp>
#include <kf/flash/any_method.hpp>
#include <kf/flash/configured.hpp>

#include <string>
#include <vector>

namespace kf::flash {

struct firmware_plan {
    fs::path cached = {}; ///< the configuration that it is made from
    firmware::build_site site = {};
    firmware::source_config source = {};
    firmware::image_target target = {};
    board::flash_method method = {};
    unsigned jobs = 0;
    seconds deadline = 300;
    std::string compiler_prefix = {};
    std::string inputs = {};                 ///< hash of what it is made from; empty when nobody knows
    std::optional<stored_image> stored = {}; ///< what is written instead of a build
    /// Why only the image will say its version; nothing when git did.
    std::optional<error> no_version = {};

    [[nodiscard]] firmware::image_kind kind() const { return firmware::expected_kind(source.config); }
};

/// `usb_mcu` is empty when no device is known; `who` is what a second build is told. Errors: needs_person (no
/// configuration), mismatch, and what stood in the way of completing the configuration or of git.
[[nodiscard]] inline result<firmware_plan> plan_firmware(const place& at, const board::flash_settings& settings,
                                                         const board::board& board, const build_wishes& wishes,
                                                         const configured& found, const std::string& usb_mcu,
                                                         const std::string& who) {
    firmware_plan p;
    p.cached = found.file;
    p.site = site_of(at, settings, board, who);
    p.stored = found.stored;
    if (p.stored) p.site.dir /= "rollback"; // what was built last stays as it is
    p.site.compiler_cache = found.compiler_cache;
    p.compiler_prefix = found.compiler_prefix;
    p.inputs = found.inputs.value_or("");
    p.jobs = wishes.jobs;
    p.deadline = wishes.build_timeout.value_or(settings.build_timeout);
    KF_TRY(p.source, result<firmware::source_config>(found.source));
    KF_CHECK(check_config_mcu(board, p.source.config));
    p.method = wishes.method.value_or(board.method.value_or(settings.default_flash_method));
    KF_CHECK(takes_kind(p.method, p.kind()));
    p.target = {board.mcu, usb_mcu, board::row_of(p.method).needs_katapult || board.seen_as_katapult.has_value(), {}};
    KF_CHECK(firmware::require_all(firmware::prove_config(p.source.config, p.target)));
    // A git that is slow will still answer the build, which waits for it: then the version of the image is what counts.
    if (!found.tree_version && found.tree_version.error().code != errc::timeout)
        return kf::fail(found.tree_version.error());
    if (!found.tree_version) p.no_version = found.tree_version.error();
    p.target.tree_version = found.tree_version.value_or("");
    return p;
}

/// What a person has to know before the build: a warning, and what stands behind it.
struct doubt {
    std::string text;
    std::vector<std::string> notes = {};
};
[[nodiscard]] inline std::vector<doubt> doubts_of(const firmware_plan& p, const std::string& key) {
    std::vector<doubt> all;
    if (p.no_version) all.push_back({p.no_version->what + ": only the image will say it", p.no_version->steps});
    if (p.stored || p.source.drift.empty()) return all;
    all.push_back({fmt::format("the source has other options than when this configuration was saved: {} changed. "
                               "Review with kflash config {}",
                               p.source.drift.size(), key)});
    for (const auto& change : p.source.drift) all.back().notes.push_back(firmware::to_string(change));
    return all;
}

} // namespace kf::flash
