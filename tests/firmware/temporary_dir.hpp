// SPDX-License-Identifier: MIT
#pragma once
/// A folder that is gone when the test is over.

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

struct temporary_dir {
    std::filesystem::path path;
    temporary_dir() {
        std::string name = (std::filesystem::temp_directory_path() / "kf-test-XXXXXX").string();
        path = ::mkdtemp(name.data());
    }
    temporary_dir(const temporary_dir&) = delete;
    temporary_dir& operator=(const temporary_dir&) = delete;
    ~temporary_dir() {
        std::error_code ec;
        std::filesystem::remove_all(path, ec);
    }
};

[[maybe_unused]] void put_file(const std::filesystem::path& path, std::string_view text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

[[maybe_unused]] std::string get_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace
