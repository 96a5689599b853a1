// SPDX-License-Identifier: MIT
#pragma once
/// A stand-in for a firmware source tree, with the make interface that Klipper's has (all, clean, olddefconfig,
/// menuconfig, flash; OUT=, KCONFIG_CONFIG=; one "  Verb file" line for each step) and its traps: a missing .config
/// becomes the default board's, a commit alone rebuilds nothing. Its "compiler" is ksim, its images are
/// stand_in_image's.

#include <kf/io/ascii.hpp>
#include <kf/io/atomic_file.hpp>

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kf::sim {

/// The boards that the tree's menuconfig offers. Only the symbols that our code reads are written.
struct sample_board {
    const char* key;
    const char* title;
    const char* directory;                             ///< CONFIG_BOARD_DIRECTORY
    const char* mcu;                                   ///< nullptr: a process of the host, no chip
    const char* machine;                               ///< without CONFIG_: the line that chooses it
    std::uint32_t boot = 0, start = 0, flash_size = 0; ///< 0 start: no vector table, no such symbols
};

inline constexpr std::array sample_boards{
    sample_board{"stm32h723", "STM32H723, 128KiB bootloader", "stm32", "stm32h723xx", "MACH_STM32H723", 0x8000000,
                 0x8020000, 0x100000},
    sample_board{"stm32f446", "STM32F446, 32KiB bootloader", "stm32", "stm32f446xx", "MACH_STM32F446", 0x8000000,
                 0x8008000, 0x80000},
    sample_board{"rp2040", "RP2040, 16KiB bootloader", "rp2040", "rp2040", "MACH_RP2040", 0x10000100, 0x10004000,
                 0x200000},
    sample_board{"rp2040-noboot", "RP2040, no bootloader", "rp2040", "rp2040", "MACH_RP2040", 0x10000100, 0x10000100,
                 0x200000},
    sample_board{"atmega2560", "ATmega2560", "avr", "atmega2560", "MACH_AVR"},
    sample_board{"linux", "Linux process", "linux", nullptr, "MACH_LINUX"},
};

/// The board whose options a missing .config gets, as in the real tree.
inline constexpr const char* default_board = "atmega2560";

[[nodiscard]] inline std::string config_text(const sample_board& board) {
    std::string text = fmt::format("CONFIG_BOARD_DIRECTORY=\"{}\"\n", board.directory);
    if (board.mcu != nullptr) text += fmt::format("CONFIG_MCU=\"{}\"\n", board.mcu);
    if (board.mcu != nullptr) text += board.start == 0 ? "CONFIG_SERIAL=y\n" : "CONFIG_USBSERIAL=y\n";
    if (board.start == 0) return text;
    text += fmt::format("CONFIG_FLASH_SIZE=0x{:x}\nCONFIG_FLASH_BOOT_ADDRESS=0x{:x}\n", board.flash_size, board.boot);
    text += fmt::format("CONFIG_FLASH_APPLICATION_ADDRESS=0x{:x}\n", board.start);
    if (std::string_view(board.directory) == "rp2040")
        text += board.start == board.boot ? "# CONFIG_RPXXXX_HAVE_BOOTLOADER is not set\n"
                                          : "CONFIG_RPXXXX_HAVE_BOOTLOADER=y\n";
    return text;
}

/// The .config of one of the sample boards.
[[nodiscard]] inline std::optional<std::string> sample_config(std::string_view key) {
    for (const auto& board : sample_boards)
        if (board.key == key) return config_text(board);
    return std::nullopt;
}

/// Faults that a tree has on demand: a file of that name in its folder `faults`.
enum class tree_fault {
    fail_compile,  ///< one source does not compile: 30 lines, status 1
    hang,          ///< one compiler never ends, and has a child
    stale_version, ///< the images keep the version that the file holds
    slow,          ///< each step takes as many seconds as the file says
};

[[nodiscard]] constexpr const char* name(tree_fault fault) noexcept {
    switch (fault) {
    case tree_fault::fail_compile: return "fail-compile";
    case tree_fault::hang: return "hang";
    case tree_fault::stale_version: return "stale-version";
    case tree_fault::slow: return "slow";
    }
    return "?";
}

[[nodiscard]] inline result<void> set_fault(const std::filesystem::path& tree, tree_fault fault,
                                            std::string_view text = "") {
    return io::write_file(tree / "faults" / name(fault), text);
}
[[nodiscard]] inline result<void> clear_fault(const std::filesystem::path& tree, tree_fault fault) {
    return io::remove_file(tree / "faults" / name(fault));
}

/// The symbols that the tree knows, one in a line; olddefconfig drops all others. Dropping a line is what an update of
/// the sources does to a board that used the option. A text that names no chip gets what follows from its MACH_ lines,
/// or the default board's.
inline constexpr std::string_view known_symbols =
    "MACH_STM32\nMACH_STM32H723\nMACH_STM32F446\nMACH_RP2040\nMACH_AVR\nMACH_LINUX\n"
    "BOARD_DIRECTORY\nMCU\nUSBSERIAL\nSERIAL\nFLASH_SIZE\nFLASH_BOOT_ADDRESS\n"
    "FLASH_APPLICATION_ADDRESS\nRPXXXX_HAVE_BOOTLOADER\n"
    "USB_MANUFACTURER\nUSB_PRODUCT\nUSB_SERIAL_NUMBER\nUSB_SERIAL_NUMBER_CHIPID\n"
    "KF_IMAGE_SIZE\nKF_EXTRA\n";

/// src/<directory>/Kconfig, as far as it says which chips there are; the first word of all is the architecture's.
[[nodiscard]] inline std::string chips_kconfig(std::string_view directory) {
    std::string text;
    const std::string architecture = "MACH_" + io::to_upper(directory);
    std::string_view last;
    for (const auto& board : sample_boards) {
        if (board.directory != directory || board.mcu == nullptr || board.mcu == last) continue;
        last = board.mcu;
        text += fmt::format("    default \"{}\"", board.mcu);
        text += board.machine == architecture ? "\n" : fmt::format(" if {}\n", board.machine);
    }
    return fmt::format("if {}\n\nconfig MCU\n    string\n{}\nendif\n", architecture, text);
}

namespace detail {

inline constexpr std::string_view tree_makefile =
    R"make(# A stand-in for a firmware source tree (kf's simulator). Nothing here is compiled:
# ksim makes images that look like real ones from the outside.
OUT=out/
export KCONFIG_CONFIG := $(CURDIR)/.config
-include $(KCONFIG_CONFIG)
MAKEFLAGS += --no-print-directory
KSIM := @KSIM@

plain = $(patsubst "%",%,$(1))
sources := $(sort $(patsubst src/%.c,%,$(wildcard src/*.c)))
objects := $(sources:%=$(OUT)src/%.o)
board := $(call plain,$(CONFIG_BOARD_DIRECTORY))
slow := $(if $(wildcard faults/slow),sleep $(shell cat faults/slow),true)

# The kind of image follows from the board, as in the real tree.
image := $(OUT)klipper.bin
ifeq ($(board),avr)
image := $(OUT)klipper.elf.hex
else ifeq ($(board),linux)
image := $(OUT)klipper.elf
else ifeq ($(board)$(CONFIG_RPXXXX_HAVE_BOOTLOADER),rp2040)
image := $(OUT)klipper.uf2
endif

.PHONY: all clean olddefconfig menuconfig flash
.DELETE_ON_ERROR:

all: $(image)

$(OUT)autoconf.h: $(KCONFIG_CONFIG)
	@echo "  Building $@"
	@cp $< $@

$(OUT)src/%.o: src/%.c $(OUT)autoconf.h
	@echo "  Compiling $@"; $(slow); \
	if test $* = stepper -a -e faults/fail-compile; then \
	  for line in $$(seq 1 29); do echo "$<:$$line: note: on the way to the fault" >&2; done; \
	  echo "$<:30: error: this source does not compile, as was asked for" >&2; exit 1; fi; \
	if test $* = stepper -a -e faults/hang; then \
	  sh -c 'sleep 3600 & echo $$! > $(OUT)hanging.pid; echo "hanging, as was asked for"; wait'; fi; \
	cp $< $@

$(OUT)compile_time_request.o: $(objects)
	@echo "  Building $@"; \
	if test -e faults/stale-version; then cat faults/stale-version; \
	  elif test -e .git; then git describe --always --tags --long --dirty; \
	  else cat VERSION; fi > $@; \
	echo "Version: $$(cat $@)"

make_image = $(KSIM) firmware-image --config $(KCONFIG_CONFIG) --version "$$(cat $(OUT)compile_time_request.o)" --out $@

$(OUT)klipper.elf: $(objects) $(OUT)compile_time_request.o
	@echo "  Linking $@"; $(slow); \
	$(make_image)

$(OUT)klipper.bin: $(OUT)klipper.elf
	@echo "  Creating bin file $@"; \
	$(make_image)

$(OUT)klipper.uf2: $(OUT)klipper.elf
	@echo "  Creating uf2 file $@"; \
	$(make_image)

$(OUT)klipper.elf.hex: $(OUT)klipper.elf
	@echo "  Creating hex file $@"; \
	$(make_image)

flash: $(image)
	@echo "  Flashing $< to $(FLASH_DEVICE)"
	@if test -z "$(FLASH_DEVICE)"; then echo "Please specify FLASH_DEVICE"; exit 1; fi
	@$(KSIM) flash-usb "$(FLASH_DEVICE)" $< $(CONFIG_FLASH_APPLICATION_ADDRESS)

# A new .config, even under make -n: the folder and its link are made first.
$(OUT)board-link: $(KCONFIG_CONFIG)
	@mkdir -p $(OUT)src; \
	echo "  Creating symbolic link $(OUT)board"; \
	ln -sfn $(CURDIR)/src $(OUT)board; \
	echo "# made from $<" > $@
include $(OUT)board-link

$(KCONFIG_CONFIG) olddefconfig: src/Kconfig
	@$(KSIM) olddefconfig --symbols src/Kconfig --config $(KCONFIG_CONFIG)

menuconfig:
	@$(KSIM) menuconfig --config $(KCONFIG_CONFIG)

clean:
	@rm -rf $(OUT)
)make";

} // namespace detail

/// As one word of a recipe: quoted for the shell, and for make before it.
[[nodiscard]] inline std::string recipe_word(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : c == '$' ? "$$" : std::string(1, c);
    return quoted + "'";
}

/// Writes the tree into `dir`. `ksim`: the program that makes the images, absolute. An existing tree is brought up to
/// date; its faults stay.
[[nodiscard]] inline result<void> install_firmware_tree(const std::filesystem::path& dir,
                                                        const std::filesystem::path& ksim,
                                                        std::string_view version = "v0.13.0-100-g0123456") {
    std::string makefile(detail::tree_makefile);
    constexpr std::string_view mark = "@KSIM@";
    makefile.replace(makefile.find(mark), mark.size(), recipe_word(ksim.string()));
    KF_CHECK(io::write_file(dir / "Makefile", makefile));
    KF_CHECK(io::write_file(dir / "VERSION", std::string(version) + "\n"));
    KF_CHECK(io::write_file(dir / "src/Kconfig", known_symbols));
    for (const char* source :
         {"adc", "clock", "command", "gpio", "identify", "main", "pwm", "spi", "stepper", "timer", "trigger", "usb"})
        KF_CHECK(io::write_file(dir / "src" / (std::string(source) + ".c"),
                                fmt::format("/* Nothing is compiled in this stand-in tree: {} */\n", source)));
    for (const auto& board : sample_boards)
        KF_CHECK(io::write_file(dir / "src" / board.directory / "Kconfig", chips_kconfig(board.directory)));
    // Nothing is compiled, but a compiler is asked for its version.
    for (const auto& [family, prefix] :
         {std::pair{"stm32", "arm-none-eabi-"}, {"rp2040", "arm-none-eabi-"}, {"avr", "avr-"}}) {
        KF_CHECK(io::write_file(dir / "src" / family / "Makefile", fmt::format("CROSS_PREFIX=toolchain/{}\n", prefix)));
        for (const char* program : {"gcc", "ld"})
            KF_CHECK(io::write_file(dir / "toolchain" / (std::string(prefix) + program),
                                    fmt::format("#!/bin/sh\necho '{}{} (stand-in) 12.2.0'\n", prefix, program), 0755));
    }
    for (const auto& board : sample_boards)
        KF_CHECK(io::write_file(dir / "sample_configs" / (std::string(board.key) + ".config"), config_text(board)));
    return {};
}

} // namespace kf::sim
