#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""rig.py RIG TOOLS CASE...: kflash under a real systemd, killed at random moments. README.md beside this file says what
it needs and what the cases are; docs/ACCEPTANCE-kflash.md has what was seen.

Root only. Each case prints a line a round and a sum; exit 1 when Klipper stayed down once or a round said what is not so."""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent.parent
SIM = "/opt/work/sim"
BOARD = "stm32h723xx_29001A001151313433343333"
PORT = f"/dev/serial/by-id/usb-Klipper_{BOARD}-if00"

KLIPPER = f"""[Unit]
Description=Klipper
[Service]
User=@WHO@
Environment=KF_SERIAL={PORT} KF_RIG=/opt/work/klippy.json
ExecStart=/usr/bin/python3 /opt/work/klippy.py /opt/work/printer.cfg -a {SIM}/home/printer_data/comms/klippy.sock
TimeoutStopSec=80
[Install]
WantedBy=multi-user.target
"""
BOARD_UNIT = f"""[Unit]
Description=A simulated board, whose serial device belongs to the person who flashes it
[Service]
User=@WHO@
ExecStartPre=+/bin/sh -c 'mkdir -p /dev/serial/by-id; chmod 777 /dev/serial/by-id; rm -f /dev/serial/by-id/*; chmod 666 {SIM}/flash/*'
ExecStart=/opt/work/tools/ksim board --by-id /dev/serial/by-id --flash {SIM}/flash/octopus --mcu stm32h723xx \\
    --serial 29001A001151313433343333 --app-start 0x8020000 --speed 2
ExecStartPost=/bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9; do [ -e {PORT} ] && exit 0; sleep 0.3; done'
[Install]
WantedBy=multi-user.target
"""


def wait_for(what, condition, deadline):
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"never happened within {deadline} s: {what}")


class Rig:
    def __init__(self, folder, tools):
        self.folder = pathlib.Path(folder).resolve()
        self.root, self.work = self.folder / "root", self.folder / "work"
        self.tools = pathlib.Path(tools).resolve()
        self.pid = None

    # -- set-up
    def furnish(self):
        if not (self.root / "usr/lib/systemd/systemd").exists() and not (self.root / "lib/systemd/systemd").exists():
            sys.exit(f"{self.root} has no systemd. README.md beside this file has the debootstrap command.")
        shutil.rmtree(self.work, ignore_errors=True)
        (self.work / "tools").mkdir(parents=True)
        for tool in ("kflash", "ksim"):
            shutil.copy(self.tools / tool, self.work / "tools")
            shutil.copy(self.tools / tool, self.root / "usr/bin")
        shutil.copy(HERE / "klippy.py", self.work)
        (self.work / "printer.cfg").write_text("")
        self.klippy()
        units = self.root / "etc/systemd/system"
        self.machine_of("root")
        share = TOP / "packaging/share"
        rules = self.root / "usr/share/polkit-1/rules.d"
        rules.mkdir(parents=True, exist_ok=True)
        shutil.copy(share / "60-kflash-polkit.rules", rules / "60-kflash.rules")
        guard = share / "kflash-guard@.service"
        if guard.exists():
            shutil.copy(guard, self.root / "usr/lib/systemd/system")
        if not re.search("^pi:", (self.root / "etc/passwd").read_text(), re.M):
            for command in (["groupadd", "--system", "kflash"], ["useradd", "-m", "-u", "1000", "-s", "/bin/sh", "pi"],
                            ["useradd", "-m", "-u", "1001", "-s", "/bin/sh", "sudoer"]):
                subprocess.run(["chroot", str(self.root), *command], check=True)
        for who, groups in (("pi", "dialout,tty,kflash"), ("sudoer", "dialout,tty")):
            subprocess.run(["chroot", str(self.root), "usermod", "-G", groups, who], check=True)
        (self.root / "etc/sudoers.d/sudoer").write_text("sudoer ALL=(ALL) NOPASSWD: ALL\n")
        (self.root / "etc/systemd/logind.conf.d").mkdir(exist_ok=True)
        (self.root / "etc/systemd/logind.conf.d/kill.conf").write_text("[Login]\nKillUserProcesses=yes\n")
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost rig\n")

    def machine_of(self, who):
        """Klipper, the board, the home and the tree are this person's, as on a printer."""
        for name, text in (("klipper", KLIPPER), ("board", BOARD_UNIT)):
            (self.root / f"etc/systemd/system/{name}.service").write_text(text.replace("@WHO@", who))
        if self.pid:
            self.sh(f"systemctl stop klipper; mkdir -p {SIM}/home/printer_data/comms; chown -R {who}: {SIM}/home {SIM}/klipper; "
                    "systemctl daemon-reload", check=True)
            self.fresh()

    def fresh(self):
        """The board with its first firmware, Klipper running, nothing owed."""
        self.sh(f"systemctl stop 't*.service' 'kflash-guard@*'; systemctl reset-failed; "
                f"rm -f {SIM}/home/.local/state/kflash/stopped-units; cp /opt/work/first-flash {SIM}/flash/octopus", check=False)
        self.sh("systemctl restart board; systemctl start klipper", check=True)
        wait_for("the board is there", lambda: self.sh(f"test -e {PORT}").returncode == 0, 20)
        wait_for("klipper is up", self.is_up, 20)

    def klippy(self, **how):
        (self.work / "klippy.json").write_text(json.dumps({"ready_after": 0.5, **how}))

    def boot(self):
        log = open(self.folder / "boot.log", "w")
        subprocess.Popen([str(HERE / "boot.sh"), str(self.folder)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def init():
            for proc in pathlib.Path("/proc").glob("[0-9]*"):
                try:
                    if (proc / "cmdline").read_bytes().startswith(b"/lib/systemd/systemd\0--log-target=console") and \
                            os.readlink(proc / "root") == str(self.root):
                        return int(proc.name)
                except OSError:
                    pass
            return None
        self.pid = wait_for("systemd runs", init, 30)
        wait_for("it is up", lambda: self.sh("systemctl is-system-running").stdout.strip() in ("running", "degraded"), 60)
        self.sh("hostname rig")
        # The firmware tree, the configurations and the flash of the boards are those of one simulated host.
        self.sh(f"/opt/work/tools/ksim host --root {SIM} --until-eof </dev/null >/dev/null")
        self.sh(f"cp {SIM}/flash/octopus /opt/work/first-flash")
        self.machine_of("root")

    def sh(self, script, check=False, **options):
        command = ["nsenter", "-t", str(self.pid), "-m", "-p", "-u", "-i", "-C", "-r", "-w", "sh", "-c", script]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=check,
                              timeout=300, **options)

    def halt(self):
        if self.pid:
            os.kill(self.pid, 9)

    # -- what is asked
    def is_up(self):
        return self.sh("systemctl is-active klipper").stdout.strip() == "active"

    def start_kflash(self, who, unit="t", shell="exec"):
        """kflash as a unit of its own, as `who`; its words go to a file."""
        self.sh(f"rm -f /opt/work/out; touch /opt/work/out; chmod 666 /opt/work/out")
        session = "-p PAMName=login" if shell != "exec" else ""
        done = self.sh(f"systemd-run -q --unit={unit} --uid={who} {session} -E HOME={SIM}/home -E USER={who} "
                       f"-p StandardOutput=file:/opt/work/out -p StandardError=file:/opt/work/out "
                       f"sh -c '{shell} kflash flash octopus -s'")
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def kflash_pid(self):
        return self.sh("pgrep -o -x kflash").stdout.strip()

    def running(self, unit="t"):
        return self.sh(f"systemctl is-active {unit}").stdout.strip() in ("active", "activating", "deactivating")

    def words(self):
        return (self.work / "out").read_text()

    def settle(self, deadline=150):
        """Seconds until Klipper runs and nobody works any more; None when it stays down."""
        began = time.monotonic()
        try:
            wait_for("the flash ended", lambda: not self.running() and not self.sh("pgrep -x kflash").stdout.strip(), deadline)
            wait_for("klipper is up", self.is_up, 20)
        except AssertionError:
            return None
        return time.monotonic() - began


def kills(rig, what, who, rounds, seed):
    """`what`: process, group, unit or session (a logout: the leader ends, logind kills what it left)."""
    random.seed(seed)
    down = hit = 0
    for n in range(rounds):
        moment = random.uniform(0.2, 5.0)
        rig.start_kflash(who, shell="exec" if what != "session" else "setsid")
        time.sleep(moment)
        was_down = not rig.is_up()
        hit += was_down
        if what == "process":
            rig.sh("kill -9 $(pgrep -o -x kflash)")
        elif what == "group":
            rig.sh("kill -9 -$(ps -o pgid= -p $(pgrep -o -x kflash) | tr -d ' ')")
        elif what == "unit":
            rig.sh("systemctl kill -s KILL t")
        else:
            rig.sh("for s in $(loginctl list-sessions --no-legend | awk '{print $1}'); do loginctl kill-session --signal=KILL $s; "
                   "loginctl terminate-session $s; done; systemctl kill -s KILL t")
        took = rig.settle()
        ok = took is not None
        down += not ok
        last = rig.words().strip().splitlines()[-1:]
        print(f"  {n + 1:2} at {moment:.2f} s{' (stopped)' if was_down else ''}: "
              f"{'up after %.1f s' % took if ok else 'DOWN'}; {last}", flush=True)
        if not ok:
            rig.sh("pkill -9 kflash")
        rig.fresh()
    print(f"kill of the {what} as {who}, seed {seed}: {down} of {rounds} down, {hit} hit the stopped window", flush=True)
    return down == 0


def whole(rig, who, deadline=200, **klippy):
    rig.klippy(**klippy)
    rig.sh("systemctl restart klipper")
    rig.fresh()
    rig.start_kflash(who)
    time.sleep(0.5)
    return rig.settle(deadline)


def stop_hangs(rig, who):
    took = whole(rig, who, stop_takes=50)
    rig.klippy()
    said = rig.words()
    print(f"a stop of 50 s as {who}: {took and round(took, 1)} s; {said.strip().splitlines()[-1:]}")
    return took is not None


def start_fails(rig, who):
    rig.klippy()
    rig.fresh()
    rig.start_kflash(who)
    wait_for("it is stopped", lambda: not rig.is_up(), 60)
    rig.klippy(fail=True)
    wait_for("kflash ended", lambda: not rig.running(), 250)
    said = rig.words()
    told = "systemctl start klipper.service" in said and "down for" not in said
    rig.klippy()
    rig.sh("pkill kflash; systemctl reset-failed klipper; systemctl start klipper")
    print(f"a start that fails as {who}: {'told, with the command' if told else 'NOT TOLD'}; {said.strip().splitlines()[-4:]}")
    return told


def sudo_host(rig):
    """sudo says "unable to resolve host" before anything else."""
    rig.sh("hostname renamed-pi")
    took = whole(rig, "sudoer")
    rig.sh("hostname rig")
    said = rig.words()
    good = took is not None and " runs v" in said
    print(f"sudo with an unknown host name: {'flashed' if good else 'NOT FLASHED'}; {said.strip().splitlines()[-1:]}")
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rig"), parser.add_argument("tools"), parser.add_argument("cases", nargs="+")
    parser.add_argument("--rounds", type=int, default=25), parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the rig running")
    o = parser.parse_args()
    rig = Rig(o.rig, o.tools)
    rig.furnish()
    rig.boot()
    good = True
    try:
        for case in o.cases:
            name, _, who = case.partition("@")
            who = who or ("sudoer" if name == "sudo" else "root")
            rig.machine_of(who)
            if name in ("process", "group", "unit", "session"):
                rig.klippy()
                good &= kills(rig, name, who, o.rounds, o.seed)
            elif name == "stop":
                good &= stop_hangs(rig, who)
            elif name == "start":
                good &= start_fails(rig, who)
            elif name == "sudo":
                good &= sudo_host(rig)
            elif name == "flash":
                print(whole(rig, who), rig.words())
            else:
                sys.exit(f"there is no case {name}")
    finally:
        if not o.keep:
            rig.halt()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
