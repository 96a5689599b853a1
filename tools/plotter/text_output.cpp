// SPDX-License-Identifier: MIT
#include "text_output.hpp"

namespace kf::plotting {

result<void> stdout_is_free(const cli::invocation& in) {
    if (!in.json || in.get("output").value_or("-") != "-") return {};
    return kf::fail({errc::usage, "--json and the result both want standard output", {}, "--json", {"add -o FILE"}});
}

result<text_output> text_output::open(const cli::invocation& in) {
    text_output out(in.results);
    if (const auto file = in.get("output"); file && *file != "-") {
        KF_TRY(auto opened, io::output_file::open(*file));
        out.file_.emplace(std::move(opened));
    }
    return out;
}

result<void> text_output::write(std::string_view text) {
    if (file_) return file_->write(text);
    if (!results_.write(text)) return kf::fail(io::system_error("cannot write to standard output", results_.lost()));
    return {};
}

result<void> text_output::close() {
    if (file_) return file_->commit();
    if (!results_.flush()) return kf::fail(io::system_error("cannot write to standard output", results_.lost()));
    return {};
}

} // namespace kf::plotting
