// SPDX-License-Identifier: MIT
#include "kflash_commands.hpp"
#include "needs.hpp"
#include "workplace.hpp"

#include <fmt/format.h>

#include <chrono>

namespace kf::kflash {
namespace {

result<void> run_show(cli::invocation& in) {
    KF_TRY(const auto b, open_boards(in));
    KF_TRY(const auto board, pick_board(in, b));
    KF_TRY(const auto seen, board::scan(b.at.devices));
    const auto device = board::locate(b.registry, board, seen.devices);
    const auto method = board.method.value_or(b.registry.settings.default_flash_method);
    const auto age = b.configs.age(board.key, std::chrono::system_clock::now());
    const auto config = b.configs.load(board.key);
    const auto shared = b.configs.shared_with(board.key).value_or("");
    std::string start;
    if (config)
        if (const auto address = config->config.application_start()) start = fmt::format("0x{:x}", *address);
    const std::string connection = device ? device->path.string() : device.error().what;
    const std::string port = device && !device->facts.port.empty() ? device->facts.port : board.usb_port;
    std::string faces;
    if (!board.as_klipper.empty()) faces += fmt::format("as Klipper  {}\n", board.as_klipper.name);
    if (!board.as_katapult.empty()) faces += fmt::format("as Katapult {}\n", board.as_katapult.name);
    KF_TRY(const auto needs, look_at_needs(in, b, {board.key}));
    const auto standing = of_board(needs, board.key);
    in.out.result(
        {"board",
         fmt::format("name        {}\nkey         {}\nmcu         {}\npattern     {}\nmethod      {}{}\n"
                     "flashable   {}\ndevice      {}\nport        {}\n{}config      {}{}\n"
                     "firmware    {}\nhost        {}",
                     board.name, board.key, board.mcu, board.serial_pattern, board::name(method),
                     board.method ? "" : " (default)", board.flashable ? "yes" : "no", connection,
                     port.empty() ? "not known" : port, faces,
                     config
                         ? fmt::format("{}, {}{}", b.configs.path(board.key).string(),
                                       age ? firmware::age_text(*age) : "", shared.empty() ? "" : ", that of " + shared)
                         : config.error().what,
                     start.empty() ? "" : "\nstart       " + start, standing_text(standing), host_text(needs, b)),
         {{"key", board.key},
          {"name", board.name},
          {"mcu", board.mcu},
          {"serial_pattern", board.serial_pattern},
          {"method", std::string(board::name(method))},
          {"flashable", board.flashable},
          {"connected", device.has_value()},
          {"port", port},
          {"klipper_name", board.as_klipper.name},
          {"katapult_name", board.as_katapult.name},
          {"device", device ? device->path.string() : std::string{}},
          {"has_config", config.has_value()},
          {"shared_with", shared},
          {"application_start", start},
          {"version", standing.version},
          {"relation", standing.relation},
          {"host_version", needs.host_version.value_or("")},
          {"needed", std::string(name_of(standing.need))},
          {"need_reason", standing.need.reason}}});
    return {};
}

} // namespace

cli::command_row show_command() {
    return {"show",
            "[BOARD]",
            0,
            1,
            "Shows all that is known of a board.",
            {{"device,d", "BOARD", "the board"}},
            {{"kflash show octopus", "its MCU, pattern, method, device and config"}},
            run_show};
}

} // namespace kf::kflash
