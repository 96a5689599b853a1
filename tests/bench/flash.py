#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The native Katapult method beside Katapult's own flashtool.py: 64 KiB onto the same simulated board, side by side.

flash.py KFLASH KSIM [--katapult DIR] [--rounds N]

DIR is a Katapult source tree outside of this repository (git clone https://github.com/Arksine/katapult). Without it only
the native method and the start-up of kflash are measured, and that is said. Medians of N rounds, taken in turn; start-up
is measured apart and is part of neither ratio's numerator nor denominator where it says "without start-up"."""
import argparse
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib

MCU, SERIAL, START = "stm32h723xx", "BENCH1", 0x08020000
NAME = f"usb-katapult_{MCU}_{SERIAL}-if00"


def image(size):
    """A klipper.bin as far as a flasher looks: initial SP, reset vector, dictionary."""
    text = b'{"app":"Klipper","version":"v0.0.0-bench","build_versions":"none","config":{"MCU":"%s"}}' % MCU.encode()
    body = struct.pack("<II", 0x20020000, START + 0x101) + bytes(range(8, 256)) + zlib.compress(text)
    return (body + bytes((i * 7 + i // 251) % 256 for i in range(size)))[:size]


class Board:
    def __init__(self, ksim, folder, wire):
        self.by_id = folder / "by-id"
        (self.by_id / NAME).unlink(missing_ok=True)  # the board before was killed: its link is no sign of this one
        flash = folder / "flash"
        flash.write_bytes(b"\xff" * (1 << 17))
        faults = {"zero": ["exchange-us=0", "erase-ms=0"], "wire": ["exchange-us=1000", "erase-ms=1500"]}[wire]
        command = [ksim, "board", "--quiet", "--by-id", str(self.by_id), "--flash", str(flash), "--mcu", MCU,
                   "--serial", SERIAL, "--app-start", hex(START)]
        for f in faults:
            command += ["--fault", f]
        if wire == "wire":  # something to erase, as on a board that is in use; no vector table: it waits in Katapult
            flash.write_bytes(b"\xff" * 4 + b"\x55" * ((1 << 17) - 4))
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not (self.by_id / NAME).exists():
            if time.monotonic() > end:
                raise SystemExit("the simulated board did not come up")
            time.sleep(0.005)

    def close(self):
        self.process.kill()
        self.process.wait()


def timed(command, good):
    began = time.monotonic()
    r = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    took = time.monotonic() - began
    if not good(r):
        raise SystemExit(f"{' '.join(command)} failed:\n{r.stdout}{r.stderr}")
    return took


def main():
    p = argparse.ArgumentParser()
    p.add_argument("kflash")
    p.add_argument("ksim")
    p.add_argument("--katapult", type=pathlib.Path)
    p.add_argument("--rounds", type=int, default=5)
    a = p.parse_args()
    ksim, kflash = os.path.abspath(a.ksim), os.path.abspath(a.kflash)
    script = a.katapult / "scripts/flashtool.py" if a.katapult else None
    python = "/usr/bin/python3" if pathlib.Path("/usr/bin/python3").exists() else "python3"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kf-bench."))
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    file = folder / "klipper.bin"
    file.write_bytes(image(65536))
    try:
        rows = {("list", ""): []}
        starts = {"native": [], "flashtool": []}
        for _ in range(a.rounds):
            starts["native"].append(timed([ksim, "flash-usb"], lambda r: r.returncode == 2))
            if script:
                starts["flashtool"].append(timed([python, str(script), "--help"], lambda r: r.returncode == 0))
            rows[("list", "")].append(timed([kflash, "list"], lambda r: r.returncode == 0))
            for wire in ("zero", "wire"):
                for tool in ("native", "flashtool") if script else ("native",):
                    board = Board(ksim, folder, wire)
                    device = str(board.by_id / NAME)
                    command = [ksim, "flash-usb", device, str(file), hex(START)] if tool == "native" else \
                        [python, str(script), "-d", device, "-f", str(file)]
                    good = (lambda r: r.returncode == 0) if tool == "native" else \
                        (lambda r: r.returncode == 0 and "Programming Complete" in r.stdout)
                    try:
                        rows.setdefault((tool, wire), []).append(timed(command, good))
                    finally:
                        board.close()
        median = {k: statistics.median(v) for k, v in rows.items()}
        start = {k: statistics.median(v) for k, v in starts.items() if v}
        print(f"64 KiB, {a.rounds} rounds in turn, medians; load {os.getloadavg()[0]:.1f}")
        print(f"kflash list, start to end            {median[('list', '')] * 1e3:8.1f} ms")
        for tool, s in start.items():
            print(f"start-up of {tool:<12}             {s * 1e3:8.1f} ms")
        for wire, words in (("zero", "no latency"), ("wire", "1 ms an exchange, 1.5 s erase")):
            for tool in ("native", "flashtool"):
                if (tool, wire) in median:
                    print(f"{tool:<10} {words:<30} {median[(tool, wire)]:8.3f} s")
            if script:
                n, f = median[("native", wire)], median[("flashtool", wire)]
                print(f"flashtool / native, {words}: {f / n:.2f}, without start-up "
                      f"{(f - start['flashtool']) / (n - start['native']):.2f}")
        if not script:
            print("flashtool.py was not measured: no --katapult DIR")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
