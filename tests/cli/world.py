# SPDX-License-Identifier: MIT
"""A simulated printer's host for black-box tests: `ksim host` in a folder of its own, and kflash run against it.

Nothing here sleeps to wait: it polls for what it waits for, with a deadline."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

KFLASH, KSIM = "kflash", "ksim"

# Under nohup or in a background job some signals are ignored from the start, and a child inherits that. A handler is not
# inherited: what we start begins as from a shell.
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGTSTP, signal.SIGCHLD):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else lambda *_: None)
signal.pthread_sigmask(signal.SIG_SETMASK, ())
# A world is many small files, each synced to its disk: a tenth to a fifth of the processor time that its test takes,
# unless they are in memory.
MEMORY = "/dev/shm"
if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK | os.X_OK):
    room = os.statvfs(MEMORY)
    if not room.f_flag & os.ST_NOEXEC and room.f_bavail * room.f_frsize > 1 << 30:
        os.environ["TMPDIR"] = tempfile.tempdir = MEMORY
DEADLINE = float(os.environ.get("KF_TEST_DEADLINE", "120"))


def wait_for(what, condition, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"never happened: {what}")


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"

    def said(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def events(self, kind):
        return [e for e in self.said() if e["event"] == kind]

    def result(self):
        return self.events("result")[-1]


class World:
    """`faults`: as `ksim host --fault` takes them, e.g. "octopus:refuses-bootloader"."""

    def __init__(self, *faults, speed=20, options=()):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="kf-test."))
        command = [KSIM, "host", "--root", str(self.root / "w"), "--speed", str(speed), "--until-eof", *options]
        for fault in faults:
            command += ["--fault", fault]
        env = dict(os.environ, XDG_STATE_HOME=str(self.root / "logs"))
        err = open(self.root / "host.err", "w")
        self.host = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=err, env=env, start_new_session=True)
        err.close()
        line = self.host.stdout.readline()
        if not line:
            raise AssertionError("ksim host did not start: " + (self.root / "host.err").read_text())
        self.at = json.loads(line)
        if "boards" not in self.at:
            raise AssertionError(f"ksim host did not start: {line.decode()}")
        self.boards = {b["key"]: dict(b) for b in self.at["boards"]}
        self.home = pathlib.Path(self.at["home"])
        self.tree = pathlib.Path(self.at["klipper_dir"])
        self.extra = []
        # A small image: what a test waits for is its blocks, and no block is different from the next.
        for config in (self.home / ".config/kflash/configs").glob("*/.config"):
            config.write_text(config.read_text() + "CONFIG_KF_IMAGE_SIZE=8192\n")

    def close(self):
        for child in self.extra:
            child.kill()
            child.wait()
        self.host.stdin.close()
        self.host.stdout.close()
        self.host.terminate()  # at the end of its input it would wait for somebody to start a stopped klippy
        try:
            self.host.wait(30)
        except subprocess.TimeoutExpired:
            self.host.kill()
            self.host.wait()
        for b in self.boards.values():
            try:
                os.kill(b["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.root, ignore_errors=True)

    # -- running tools
    def start(self, *words, env=None, **options):
        full = dict(os.environ, HOME=str(self.home), XDG_STATE_HOME=str(self.root / "logs"), NO_COLOR="1")
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "SUDO_USER", "SUDO_UID", "SUDO_GID"):
            full.pop(name, None)
        full.update(env or {})
        command = [KFLASH, words[0], "--sim-root", str(self.root / "w"), *words[1:]]
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=full, start_new_session=True, **options)

    def unplug(self, key):
        """Pulls the plug of a board, and waits until the kernel shows it."""
        board = self.boards[key]
        os.kill(board["pid"], signal.SIGTERM)
        place = pathlib.Path(self.at["by_id"]).parent / f"by-path/platform-kf-usb-0:{board['port'][2:]}:1.0"
        wait_for(f"{key} is gone", lambda: not place.is_symlink())

    def ledger(self):
        """How each flash ended; the lines that say that one begins are left out."""
        file = self.home / ".local/state/kflash/ledger.jsonl"
        lines = [json.loads(x) for x in file.read_text().splitlines()] if file.exists() else []
        return [e for e in lines if e.get("result") != "begun"]

    def run(self, *words, env=None):
        child = self.start(*words, env=env)
        out, err = child.communicate(timeout=DEADLINE)
        return Result(child.returncode, out, err)

    # -- the simulated machine
    def services(self):
        return json.loads((self.root / "w/systemd.json").read_text())

    def change_services(self, **members):
        state = self.services()
        state.update(members)
        self.write(self.root / "w/systemd.json", json.dumps(state))

    def service_log(self):
        log = self.root / "w/systemd.json.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def jobs(self):
        return [e["verb"] for e in self.service_log() if e["verb"] in ("start", "stop")]

    def stop_klipper(self):
        """Its unit, and until nobody listens any more: the simulated klippy sees a moment later that it was stopped."""
        subprocess.run([*self.at["systemctl"], "stop", "klipper.service"], check=True)
        row = pathlib.Path(self.at["proc"]) / "net/unix"
        wait_for("klippy to be gone", lambda: self.at["socket"] not in row.read_text())

    def klippy_state(self):
        """What klippy says of itself; "" when there is none."""
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(5)
                link.connect(self.at["socket"])
                link.sendall(b'{"id":1,"method":"info","params":{}}\x03')
                answer = b""
                while b"\x03" not in answer:
                    more = link.recv(65536)
                    if not more:
                        return ""
                    answer += more
            return json.loads(answer.split(b"\x03")[0])["result"]["state"]
        except OSError:
            return ""

    def service_is_up(self, unit="klipper.service"):
        return self.services()["units"][unit]["active"] == "active"

    def processes(self):
        """What the simulated /proc shows."""
        return [p for p in os.listdir(self.at["proc"]) if p.isdigit()]

    def scenario(self, **objects):
        file = pathlib.Path(self.at["scenario"])
        now = json.loads(file.read_text())
        for name, value in objects.items():
            if value is None:
                now.pop(name, None)
            else:
                now[name] = value
        self.write(file, json.dumps(now))

    @staticmethod
    def write(file, text):
        new = file.with_name(file.name + ".new")
        new.write_text(text)
        new.rename(file)

    def by_id(self):
        return sorted(p.name for p in pathlib.Path(self.at["by_id"]).iterdir())

    def flash(self, key):
        return (self.root / "w/flash" / key).read_bytes()

    def power_cycle(self, key, *faults):
        """Power off (kill -9), then on with other faults."""
        b = self.boards[key]
        try:
            os.kill(b["pid"], signal.SIGKILL)
        except ProcessLookupError:
            pass
        argv = [w for w in b["argv"]]
        while "--fault" in argv:
            i = argv.index("--fault")
            del argv[i:i + 2]
        for f in faults:
            argv += ["--fault", f]
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 start_new_session=True, env=dict(os.environ, XDG_STATE_HOME=str(self.root / "logs")))
        self.extra.append(child)
        b["pid"] = child.pid

    def device(self, key, firmware="Klipper"):
        argv = self.boards[key]["argv"]
        mcu, serial = argv[argv.index("--mcu") + 1], argv[argv.index("--serial") + 1]
        return f"usb-{firmware}_{mcu}_{serial}-if00"

    def registry(self):
        return json.loads((self.home / ".config/kflash/devices.json").read_text())


class WorldTest(unittest.TestCase):
    def world(self, *faults, **options):
        w = World(*faults, **options)
        self.addCleanup(w.close)
        return w


def main():
    """`python3 x.py KFLASH KSIM [--part 1/3] [unittest words]`."""
    global KFLASH, KSIM
    KFLASH, KSIM = map(os.path.abspath, sys.argv[1:3])
    run_cases(sys.argv[3:])


def run_cases(words):
    """The cases of the script that runs: all, or with `--part 1/3` every third of them."""
    part, parts = 1, 1
    if words[:1] == ["--part"]:
        part, parts = map(int, words[1].split("/"))
        words = words[2:]

    class Loader(unittest.TestLoader):
        def getTestCaseNames(self, case):
            return super().getTestCaseNames(case)[part - 1::parts]

    unittest.main(module="__main__", argv=[sys.argv[0], *words], verbosity=2, testLoader=Loader())
