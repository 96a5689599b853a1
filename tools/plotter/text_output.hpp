// SPDX-License-Identifier: MIT
#pragma once
/// Where a job or G-code goes that a command makes: the file of --output, whole or not at all, or standard output.

#include "../cli/command.hpp"

#include <kf/io/output_file.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace kf::plotting {

/// errc::usage when --json and the text would mix on standard output.
[[nodiscard]] result<void> stdout_is_free(const cli::invocation& in);

/// A file that a person names, or standard output.
class text_output {
    std::optional<io::output_file> file_;
    result_stream results_;

    explicit text_output(result_stream results)
      : results_(std::move(results)) {}

  public:
    [[nodiscard]] static result<text_output> open(const cli::invocation& in);
    [[nodiscard]] result<void> write(std::string_view text);
    [[nodiscard]] result<void> close();
};

} // namespace kf::plotting
