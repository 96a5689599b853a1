// SPDX-License-Identifier: MIT
// libFuzzer harness of host/systemctl_show and the command lines in it: arbitrary text as `systemctl show` prints it,
// as /proc/net/unix, /proc/locks and as a process's words. Nothing that comes in may break anything, and what names a
// unit is a name that systemctl takes for nothing else.

#include <kf/host/systemctl_show.hpp>
#include <kf/io/lock_owner.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (auto unit : kf::host::parse_show(text)) {
        for (const auto& name : unit.state.dependents)
            if (!kf::host::is_unit_name(name)) std::abort();
        unit.environment_files.clear(); // no files of this machine
        const auto setup = kf::host::klippy_setup_of(unit);
        if (setup && !setup->api_socket.empty() && setup->api_socket.front() != '/') std::abort();
    }
    std::vector<std::string> argv;
    for (std::size_t from = 0; from <= size;) {
        const auto end = std::min(text.find('\0', from), size);
        argv.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    const auto words = kf::host::klippy_words(argv);
    if (words && *words > argv.size()) std::abort();
    (void)kf::host::runs_klippy(argv, "/usr/bin/python3");
    (void)kf::host::unit_of_cgroup(text);
    struct stat file{};
    (void)kf::io::flock_owner(text, file);
    return 0;
}
