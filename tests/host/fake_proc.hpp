// SPDX-License-Identifier: MIT
#pragma once
/// A proc file system in a folder of its own, as far as host/proc.hpp looks.

#include "../temporary_folder.hpp"

#include <fstream>
#include <string>
#include <vector>

namespace kf::test {

struct fake_process {
    std::string cwd = {};
    std::vector<std::string> fds = {}; ///< what its descriptors point at
};

class fake_proc {
  public:
    [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }

    void add(int pid, const std::vector<std::string>& argv, const std::string& cgroup,
             const fake_process& p = {}) const {
        namespace fs = std::filesystem;
        const fs::path home = folder_ / std::to_string(pid);
        fs::create_directories(home / "fd");
        std::ofstream cmdline(home / "cmdline", std::ios::binary);
        for (const auto& word : argv) cmdline << word << '\0';
        std::ofstream(home / "cgroup") << cgroup;
        if (!p.cwd.empty()) fs::create_symlink(p.cwd, home / "cwd");
        for (std::size_t i = 0; i < p.fds.size(); ++i) fs::create_symlink(p.fds[i], home / "fd" / std::to_string(i));
    }
    void remove(int pid) const { std::filesystem::remove_all(folder_ / std::to_string(pid)); }

  private:
    temporary_folder folder_;
};

} // namespace kf::test
