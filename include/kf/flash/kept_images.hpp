// SPDX-License-Identifier: MIT
#pragma once
/// The images of the last verified flashes, each with the configuration that it was built from: what a rollback writes.
/// A file is named after its SHA-256 and written as a whole, so a cut leaves none that is half there.

#include <kf/firmware/image.hpp>
#include <kf/flash/ledger.hpp>
#include <kf/flash/request.hpp>

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kf::flash {

class kept_images {
  public:
    explicit kept_images(std::filesystem::path folder)
      : folder_(std::move(folder)) {}

    /// Keeps one; the name of its file.
    [[nodiscard]] result<std::string> keep(const firmware::image& image, std::string_view config) const {
        const std::string name = image.sha256 + extension(image.kind);
        KF_CHECK(io::write_file(config_of(name), config)); // an image without it would be of no use
        KF_CHECK(io::write_file(
            folder_ / name, std::string_view(reinterpret_cast<const char*>(image.bytes.data()), image.bytes.size())));
        return name;
    }

    [[nodiscard]] bool has(const ledger_entry& e) const {
        std::error_code ec;
        return is_ours(e.image) && std::filesystem::is_regular_file(folder_ / e.image, ec) &&
               std::filesystem::is_regular_file(config_of(e.image), ec);
    }

    /// As a request takes it. errc::not_found when it was not kept, or not for so long.
    [[nodiscard]] result<stored_image> find(const ledger_entry& e) const {
        if (has(e)) return stored_image{folder_ / e.image, config_of(e.image), e.sha256, e.version, e.inputs, e.time};
        return kf::fail(error{errc::not_found,
                              fmt::format("the image of {} from {} is not kept any more", e.version, e.time),
                              {},
                              folder_.string(),
                              {"see which ones are: kflash history " + e.board,
                               "keep more of them from now on: kflash settings --keep-images N"}});
    }

    /// Removes all but the last `most` different ones of each board.
    [[nodiscard]] result<void> prune(const ledger& all, std::size_t most) const {
        std::map<std::string, std::set<std::string>> of_board;
        std::set<std::string> stays;
        for (auto e = all.entries.rbegin(); e != all.entries.rend(); ++e) {
            if (!e->verified() || e->image.empty()) continue;
            auto& kept = of_board[e->board];
            if (kept.size() < most) kept.insert(e->image);
            if (kept.contains(e->image)) stays.insert({e->image, config_of(e->image).filename().string()});
        }
        std::vector<std::filesystem::path> goes;
        std::error_code ec;
        for (const auto& file : std::filesystem::directory_iterator(folder_, ec))
            if (const auto name = file.path().filename().string(); is_ours(name) && !stays.contains(name))
                goes.push_back(file.path());
        for (const auto& file : goes) KF_CHECK(io::remove_file(file));
        return {};
    }

  private:
    [[nodiscard]] std::filesystem::path config_of(const std::string& image) const {
        return folder_ / (image.substr(0, image.find('.')) + ".config");
    }
    /// Other files of a person, and names that lead elsewhere, are left alone.
    [[nodiscard]] static bool is_ours(const std::string& name) {
        return name.size() > 65 && name.find_first_not_of("0123456789abcdef") == 64 && name[64] == '.' &&
               name.find('/') == std::string::npos;
    }

    std::filesystem::path folder_;
};

} // namespace kf::flash
