#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""seeds.py NAME DIR: what the fuzzer NAME begins with, from tests/transcripts, tests/drawings and small files made here."""
import gzip
import json
import pathlib
import sys
import zlib

TRANSCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "transcripts"


def lines(file):
    text = gzip.open(file, "rt").read() if file.suffix == ".gz" else file.read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def katapult():
    """Whole sessions as the host saw them: as frames, and as answers to a session."""
    for file in sorted((TRANSCRIPTS / "katapult").glob("*.jsonl.gz")):
        answers = [bytes.fromhex(x["hex"]) for x in lines(file) if x.get("dir") == "<" and x.get("hex")]
        for kind in (b"\x3f\x00", b"\x3f\x01"):
            yield kind + b"".join(answers)[:4096]


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        byte ^= crc & 0xFF
        byte ^= (byte & 0x0F) << 4
        crc = ((byte << 8) | (crc >> 8)) ^ (byte >> 4) ^ (byte << 3)
    return crc & 0xFFFF


def block(sequence, content):
    head = bytes([len(content) + 5, 0x10 | sequence]) + content
    return head + crc16(head).to_bytes(2, "big") + b"\x7e"


DICTIONARY = {"app": "Klipper", "version": "v0.13.0-1-gabcdef0", "build_versions": "gcc: 12", "config": {"MCU": "stm32f446xx"}}


def message_block():
    packed = zlib.compress(json.dumps(DICTIONARY).encode())
    answers, offset, sequence = b"", 0, 1
    while True:
        chunk = packed[offset:offset + 40]
        vlq = bytes([offset]) if offset < 96 else bytes([0x80 | offset >> 7, offset & 0x7F])
        answers += block(sequence, b"\x00" + vlq + bytes([len(chunk)]) + chunk) + block(sequence, b"")
        offset, sequence = offset + len(chunk), (sequence + 1) % 16
        if len(chunk) < 40:
            break
    for kind in (b"\x05\x00", b"\x05\x01"):
        yield kind + answers
        yield kind + b"\x7e" + block(0, b"") + b"\x05\x10\x00\x00\x7e" + answers


def image():
    packed = zlib.compress(json.dumps(DICTIONARY).encode())
    flat = bytes.fromhex("0000022001820008") + bytes(64) + packed
    yield b"s" + flat
    yield b"z" + packed
    yield b"z" + json.dumps(DICTIONARY).encode()
    uf2 = b""
    parts = [flat[i:i + 256] for i in range(0, len(flat), 256)]
    for n, part in enumerate(parts):
        words = (0x0A324655, 0x9E5D5157, 0x2000, 0x10000000 + 256 * n, len(part), n, len(parts), 0xE48BFF56)
        uf2 += b"".join(w.to_bytes(4, "little") for w in words) + part.ljust(476, b"\0") + (0x0AB16F30).to_bytes(4, "little")
    yield uf2
    hex_ = ""
    for record in [bytes([2, 0, 0, 4, 8, 0])] + [bytes([16, i >> 8, i & 255, 0]) + flat[i:i + 16].ljust(16, b"\0")
                                                for i in range(0, len(flat), 16)] + [bytes([0, 0, 0, 1])]:
        hex_ += ":" + record.hex().upper() + f"{-sum(record) & 0xFF:02X}\n"
    yield hex_.encode()
    for wide in (False, True):
        pointer = 8 if wide else 4
        size = 64 if wide else 52
        entry = 56 if wide else 32
        number = lambda value, n: value.to_bytes(n, "little")
        head = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9) + number(2, 2) + number(40, 2) + number(1, 4)
        head += number(0x8008001, pointer) + number(size, pointer) + number(0, pointer) + number(0, 4)
        head += number(size, 2) + number(entry, 2) + number(1, 2) + bytes(6)
        at = size + entry
        if wide:
            program = number(1, 4) + number(5, 4) + b"".join(number(v, 8) for v in (at, 0x8008000, 0x8008000, len(flat), len(flat), 8))
        else:
            program = b"".join(number(v, 4) for v in (1, at, 0x8008000, 0x8008000, len(flat), len(flat), 5, 8))
        yield head + program + flat


def kconfig():
    yield (b'# made by menuconfig\nCONFIG_MACH_STM32=y\nCONFIG_BOARD_DIRECTORY="stm32"\nCONFIG_MCU="stm32f446xx"\n'
           b"CONFIG_FLASH_SIZE=0x80000\nCONFIG_FLASH_BOOT_ADDRESS=0x8000000\nCONFIG_FLASH_APPLICATION_ADDRESS=0x8008000\n"
           b"# CONFIG_SERIAL is not set\nCONFIG_USBSERIAL=y\nCONFIG_CLOCK_FREQ=180000000\n")
    yield b'\xef\xbb\xbfCONFIG_BOARD_DIRECTORY="rp2040"\r\nCONFIG_MCU="rp2040"\r\nCONFIG_RPXXXX_HAVE_BOOTLOADER=y\r\n'
    yield b'CONFIG_BOARD_DIRECTORY="avr"\nCONFIG_MCU="atmega2560"\nCONFIG_X="a \\" b"\n'
    yield b"CONFIG_MACH_STM32=y\nCONFIG_MACH_STM32H723=y\n"
    yield b'CONFIG_MCU="stm32f446xx"\nCONFIG_LAUNCH_APP_ADDRESS=0x8008000\n'


def boards():
    """A devices.json, names with patterns, and boards with two devices each."""
    face = {"name": "usb-Kalico_t_T1-if00", "manufacturer": "Kalico", "product": "t", "serial": "T1"}
    yield b"\x00" + json.dumps({"global": {"stagger_delay": 2.0}, "blocked_devices": ["usb-a*", {"pattern": "x"}],
                                "devices": {"b": {"name": "B", "mcu": "rp2040", "serial_pattern": "usb-x*",
                                                  "usb_port": "1-1.4", "klipper_usb": face}}}).encode()
    # Found: digits that a double has not, in a setting that is not ours.
    yield (b'\x00{"global": {"cta*p2040_ay": 12345244444444444444444444444.44444, '
           b'"blvices": {"b": {"naee":"Kalico", "pal": "T1"}}}}')
    yield b'\x00{"devices": {"delay": 2.0}, "devices": {"b": {"name": "B", "mcu": "rp2", "serial_pattern": "usb-x*"}}}'
    for name in ("T1-if00", "T100", "T1-if00x", "rtform-port-Klipper_r", "T1/if00-", "T1-pKi_", "T1-`f-port00", "0_T11.6_-"):
        yield f"\x01usb-Klipper_rp2040_{name}\nusb-Klipper_rp2040_T1*".encode()
    for pattern in ("usb-Klipper_rp2040_E6614103E7452D2F*", "platform-usb-0:1.4:1.0"):
        devices = [f"usb-{maker}_rp2040_{serial}-if00\n1d50\n{product}\n{maker}\nrp2040\n{serial}\n1-1.4\n"
                   "platform-usb-0:1.4:1.0\n" for maker, product, serial in
                   (("Klipper", "614e", "E6614103E7452D2F"), ("katapult", "6177", "E6614103E7452D20"))]
        yield ("\x02rp2040\n" + pattern + "\n" + "".join(devices)).encode()


def klippy_status():
    for file in sorted((TRANSCRIPTS / "klippy").glob("*.jsonl*")):
        found = []
        for line in lines(file):
            stack = [line]
            while stack:
                value = stack.pop()
                if isinstance(value, str) and value.startswith("{"):
                    try:
                        stack.append(json.loads(value))
                    except ValueError:
                        pass
                elif isinstance(value, dict):
                    if isinstance(value.get("status"), dict):
                        found.append(json.dumps(value["status"]))
                    stack += value.values()
        if found:
            yield "\n".join(found[:20]).encode()[:8192]


def rpc():
    """What klippy sent in recorded sessions, in pieces of several sizes."""
    for size, file in enumerate(sorted((TRANSCRIPTS / "klippy").glob("*.jsonl*"))):
        sent = [json.dumps(x["msg"]).encode() + b"\x03" for x in lines(file) if x.get("dir") == "<" and "msg" in x]
        if sent:
            yield bytes([7 * size % 256]) + b"".join(sent)[:4096]


def systemctl_show():
    yield (b"Id=klipper.service\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID=812\n"
           b"RequiredBy=klipper-screen.service\nEnvironmentFiles=/home/pi/printer_data/systemd/klipper.env (ignore_errors=no)\n"
           b"ExecStart={ path=/home/pi/klippy-env/bin/python ; argv[]=/home/pi/klippy-env/bin/python "
           b"/home/pi/klipper/klippy/klippy.py /home/pi/printer.cfg -a /tmp/klippy_uds ; ignore_errors=no }\n\n"
           b"Id=moonraker.service\nActiveState=inactive\nMainPID=0\n")
    yield b"/home/pi/klippy-env/bin/python\0/home/pi/klipper/klippy/klippy.py\0-l\0/tmp/klippy.log\0-a\0/tmp/klippy_uds"
    yield b"0::/system.slice/klipper.service\n"
    yield b"1: FLOCK  ADVISORY  WRITE 4711 fd:00:1234 0 EOF\n2: POSIX  ADVISORY  READ 1 00:0b:1 0 EOF\n"


def svg():
    for file in sorted((TRANSCRIPTS.parent / "drawings").glob("*/in.svg")):
        yield b"x" + file.read_bytes()
    yield b"pM0 0H10A5 5 0 0110 10c1 2 3 4 5 6z"
    yield b"ttranslate(1 2) rotate(30, 5, 5)"
    yield b"sopacity:0;stroke:rgb(1 2 3 / 50%) !important;transform:scale(2)"


def text():
    yield "\xa0Zwölf Boxkämpfer\tjagen\r\n25.4 mm ± 0.05 → ½ 日本 e\u0301\u00ad\n\n".encode()


def hpgl():
    yield b"IN;SP1;PU400,400;PD800,400,800,800;PU;CI200;EA900,900;EW100,0,90;AA0,0,45;LT2,4;PD0,0;SP2;PC2,255,0,0;PU;SP0;"
    yield b"IN;IP0,0,4000,4000;SC0,100,0,100,1;RO90;IW0,0,50,50;PA10,10;PD;PR5,5;PM0;PD1,1,2,2;PM1;CI3;PM2;FP;EP;PU"
    yield b"\x1b%-12345X@PJL ENTER LANGUAGE=HPGL2\n\x1b%0BBP;PE<=\xcf\xd0>\xbf:\xc1\xbf\xbf;PE7<=__aa;BZ0,4,4,4,4,0;\x1b%0A"
    yield b"\x1b.(;;.I81;;17:IN;LBtext; more\x03DT*;LBx*XX1;PD1e5,*;PS4000,4000;VS10;"


def job():
    for file in sorted((TRANSCRIPTS.parent / "drawings").glob("*/out.job")):
        yield b"\x10" + file.read_bytes()


def gcode():
    yield b"\x08G28\nG90\nG1 X10 Y5 F3000 ; a line\nG2 X5 I3\nG4 P500\nM400\nG92 X3\nSET_VELOCITY_LIMIT ACCEL=500\n"


def machine():
    yield b"machine:\n  work_area_mm: {x: [0, 250], y: [0, 350], z: [-5, 40]}\ncanvas:\n  width_mm: 210 # A4\n"


def pen_record():
    yield b"pen-may-be-down a file failed\npaused-at 1 2.5 -3\n"


def control():
    yield b'{"ok":true,"text":"paused, the tool is up"}\n'
    yield b'{"ok":false,"errc":"refused","what":"no"}\n'


def main():
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    make = globals().get(name)
    for n, seed in enumerate(make() if callable(make) and name != "main" else ()):
        (folder / f"seed-{n}").write_bytes(seed)


if __name__ == "__main__":
    main()
