#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""kflash on real systemd: what has to be true of the printer's service whatever happens to kflash. Runs inside of what
boot.sh booted, as root:

    accept.py prepare
    accept.py kill --as root|pi|sudoer --what process|group|unit|guard [--batch] [--rounds 25] [--seed 1]
    accept.py case slow_stop|start_fails|start_never_works|unknown_host|logout|no_right|frozen_guard|owed

Each line is JSON; the last one of a kill loop has the sum."""
import argparse
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

RIG, VAR = pathlib.Path("/run/rig"), pathlib.Path("/var/rig")
SOCKET = "/run/klippy_uds"
FLASH = ["flash", "octopus", "-s"]
BATCH = {"pico": "rp2040_E6614103E7452D2F", "toolhead": "rp2040_E66141040000AA"}  # --batch: three boards in one stop
PORT = pathlib.Path("/dev/serial/by-id/usb-Klipper_stm32h723xx_29001A001151313433343333-if00")
USERS = ("root", "pi", "sudoer", "nobodys")


def run(*words, check=False):
    return subprocess.run(words, check=check, capture_output=True, text=True)


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def say(**row):
    print(json.dumps(row), flush=True)


def state():
    return run("systemctl", "show", "klipper", "-p", "ActiveState,SubState").stdout.split()


def is_active():
    return state() == ["ActiveState=active", "SubState=running"]


def is_ready():
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(2)
            s.connect(SOCKET)
            s.sendall(b'{"id":1,"method":"info"}\x03')
            return json.loads(s.recv(65536).rstrip(b"\x03"))["result"]["state"] == "ready"
    except (OSError, ValueError):
        return False


def home(user):
    return pathlib.Path(pwd.getpwnam(user).pw_dir)


def environment(user):
    return {"HOME": str(home(user)), "USER": user, "LOGNAME": user, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "NO_COLOR": "1"}


def start(user, *words):
    """kflash as that user, in a session and a process group of its own, its words in /run/rig/out."""
    who = pwd.getpwnam(user)
    out = open(RIG / "out", "w")
    groups = [] if user == "root" else os.getgrouplist(user, who.pw_gid)
    return subprocess.Popen(["/usr/bin/kflash", *words], env=environment(user), cwd="/", stdin=subprocess.DEVNULL, stdout=out,
                            stderr=subprocess.STDOUT, start_new_session=True, user=who.pw_uid, group=who.pw_gid,
                            extra_groups=groups)


def out():
    return (RIG / "out").read_text(errors="replace")


def flash(user):
    child = start(user, "flash", "octopus", "-s")
    code = child.wait(300)
    return code, out()


def settle():
    """As before a run: Klipper ready, the board there, no guard at work."""
    wait_for(lambda: not [u for u in guards()], 60)
    if not is_active():
        run("systemctl", "start", "klipper")
    if not PORT.exists() and not wait_for(PORT.exists, 2):  # half written: as it was delivered
        run("systemctl", "stop", "board")
        shutil.copy("/opt/sim/flash/octopus", VAR / "flash")
        run("systemctl", "start", "board")
    for board, serial in BATCH.items() if "pico" in FLASH else ():
        port = pathlib.Path(f"/dev/serial/by-id/usb-Klipper_{serial}-if00")
        if not port.exists() and not wait_for(port.exists, 2):
            run("systemctl", "stop", f"board-{board}")
            shutil.copy("/opt/sim/flash/pico", VAR / f"flash-{board}")
            run("systemctl", "start", f"board-{board}")
        wait_for(port.exists, 20)
    return wait_for(lambda: is_active() and is_ready() and PORT.exists(), 60)


def guards():
    found = [u for u in run("systemctl", "list-units", "--plain", "--no-legend", "kflash-guard@*").stdout.split()
             if u.startswith("kflash-guard@")]
    for p in pathlib.Path("/proc").iterdir():
        try:
            words = (p / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"guardian" in words and b"/usr/bin/kflash" in words:
            found.append(p.name)
    return found


def prepare():
    """One run of ksim host gives the firmware tree and the configurations; each user gets them."""
    for folder in (RIG, VAR):
        folder.mkdir(exist_ok=True)
    os.chmod(RIG, 0o777)
    shutil.rmtree("/opt/sim", ignore_errors=True)
    host = subprocess.Popen(["/usr/bin/ksim", "host", "--root", "/opt/sim", "--until-eof"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, env=environment("root"))
    host.stdout.readline()
    host.stdin.close()
    host.wait(60)
    shutil.copy("/opt/sim/flash/octopus", VAR / "flash")
    registry = pathlib.Path("/opt/sim/home/.config/kflash/devices.json")
    known = json.loads(registry.read_text())
    known["devices"]["toolhead"] = {**known["devices"]["pico"], "name": "Tool head",
                                    "serial_pattern": f"usb-Klipper_{BATCH['toolhead']}*"}
    registry.write_text(json.dumps(known))
    shutil.copytree(registry.parent / "configs/pico", registry.parent / "configs/toolhead")
    for config in pathlib.Path("/opt/sim/home/.config/kflash/configs").glob("*/.config"):
        config.write_text(config.read_text() + "CONFIG_KF_IMAGE_SIZE=16384\n")
    run("chmod", "-R", "a+rX", "/opt/sim", check=True)
    for user in USERS:
        shutil.rmtree(home(user) / ".config/kflash", ignore_errors=True)
        shutil.rmtree(home(user) / ".local/state/kflash", ignore_errors=True)
        shutil.copytree("/opt/sim/home/.config/kflash", home(user) / ".config/kflash")
        run("chown", "-R", f"{user}:", str(home(user)), check=True)
    run("systemctl", "daemon-reload", check=True)
    run("systemctl", "restart", "board", check=True)
    wait_for(PORT.exists, 20)
    run("systemctl", "restart", "klipper", check=True)
    say(prepared=settle(), guardian_unit=run("systemctl", "show", "kflash-guard@pi.service", "-p", "LoadState").stdout.strip())


def kill_loop(user, what, rounds, seed):
    rng = random.Random(seed)
    down = hit = 0
    for i in range(rounds):
        settle()
        if what == "unit":
            run("systemctl", "reset-failed", "trial.service")
            words = [w for k, v in environment(user).items() for w in ("-E", f"{k}={v}")]
            run("systemd-run", "-q", "--unit=trial", f"--uid={user}", *words, "-p", f"StandardOutput=truncate:{RIG}/out", "-p",
                "StandardError=inherit", "/usr/bin/kflash", *FLASH, check=True)
            child = None
        else:
            child = start(user, *FLASH)
        # Every third at any time; the others once the service is on its way down.
        if i % 3 == 0:
            time.sleep(rng.uniform(0.1, 4))
        else:
            wait_for(lambda: not is_active() or (child and child.poll() is not None), 20)
            time.sleep(rng.uniform(0, 1.8))
        was_down = not is_active()
        if what == "process":
            child.kill()
        elif what == "group":
            os.killpg(child.pid, signal.SIGKILL)
        elif what == "unit":
            run("systemctl", "kill", "-s", "KILL", "trial.service")
        else:  # the guardian alone: kflash has to bring the service back
            for g in guards():
                run("systemctl", "kill", "-s", "KILL", g) if g.startswith("kflash-guard@") else os.kill(int(g), signal.SIGKILL)
        if child:
            child.wait(120)
        began = time.monotonic()
        back = wait_for(lambda: is_active() and is_ready(), 45)
        hit += was_down
        down += not back
        say(round=i, down_when_killed=was_down, back=back, after_s=round(time.monotonic() - began, 2),
            last=out().strip().splitlines()[-1:])
        if not back:
            say(klipper=state(), ready=is_ready(), guards=guards(),
                look=run("systemctl", "show", "klipper", f"kflash-guard@{user}", "-p",
                         "Id,ActiveState,SubState,Result,MainPID,ExecMainCode,ExecMainStatus,ExecMainStartTimestamp,"
                         "ExecMainExitTimestamp,ActiveEnterTimestamp,InactiveEnterTimestamp").stdout.splitlines(),
                owed=[str(p) for p in pathlib.Path("/run").glob("kflash-guard-*/*")],
                processes=[l[:120] for l in run("ps", "axo", "pid,stat,args").stdout.splitlines()
                           if "kflash" in l or "klippy" in l or "systemctl" in l])
            run("systemctl", "start", "klipper")
    wait_for(lambda: not guards(), 60)
    say(kill=what, user=user, boards=1 + sum(w in BATCH for w in FLASH), rounds=rounds, seed=seed, in_the_stopped_window=hit, stayed_down=down)
    return down == 0


def put(name, text):
    (RIG / name).write_text(str(text))


def clear():
    for name in ("linger", "failures", "state"):
        (RIG / name).unlink(missing_ok=True)


def case(name, user):
    clear()
    settle()
    row = {"case": name, "user": user}
    if name == "slow_stop":  # longer than kflash's 30 s, shorter than systemd's 90 s
        put("linger", 50)
        code, text = flash(user)
        clear()
        row.update(exit=code, back=wait_for(lambda: is_active() and is_ready(), 90), last=text.strip().splitlines()[-3:])
    elif name == "start_fails":
        put("linger", 0)
        child = start(user, "flash", "octopus", "-s")
        wait_for(lambda: not is_active(), 30)
        put("failures", 2)
        row.update(exit=child.wait(200), back=wait_for(lambda: is_active() and is_ready(), 30),
                   last=out().strip().splitlines()[-2:])
    elif name == "start_never_works":
        child = start(user, "flash", "octopus", "-s", "--service-timeout", "3")
        wait_for(lambda: not is_active(), 30)
        put("failures", 1000)
        row.update(exit=child.wait(300), last=out().strip().splitlines()[-6:])
        row["told"] = "was stopped" in listed(user)
        clear()
        run("systemctl", "reset-failed", "klipper")
        row["back_by_itself"] = wait_for(lambda: is_active() and is_ready(), 30)
    elif name == "owed":  # everything of ours is killed while the service is down; the next flash brings it back
        child = start(user, "flash", "octopus", "-s")
        wait_for(lambda: not is_active(), 30)
        for g in guards():
            if g.startswith("kflash-guard@"):
                run("systemctl", "kill", "-s", "KILL", g)
                run("systemctl", "stop", g)
            else:
                os.kill(int(g), signal.SIGKILL)
        child.kill()
        child.wait()
        time.sleep(2)
        row["down"] = not is_active()
        row["told"] = "was stopped" in listed(user)
        code, text = flash(user)
        row.update(exit=code, back=wait_for(lambda: is_active() and is_ready(), 30), last=text.strip().splitlines()[-1:])
        row["told_afterwards"] = "was stopped" in listed(user)
    elif name == "unknown_host":
        pathlib.Path(SOCKET + ".kf-lock").unlink(missing_ok=True)  # another user's, where everybody may write
        run("hostname", "renamed-pi", check=True)
        code, text = flash(user)
        run("hostname", "printer")
        row.update(exit=code, warned="unable to resolve host" in text, back=is_active(), last=text.strip().splitlines()[-1:])
    elif name == "logout":
        words = " ".join(f"{k}={v}" for k, v in environment(user).items())
        login = subprocess.Popen(["su", "-l", user, "-c", f"env {words} setsid nohup kflash flash octopus -s >{RIG}/out 2>&1 & sleep 100"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: not is_active(), 30)
        sessions = [l.split()[0] for l in run("loginctl", "--no-legend", "list-sessions").stdout.splitlines() if user in l.split()]
        row["sessions"] = sessions
        for s in sessions:
            run("loginctl", "terminate-session", s)
        login.wait(30)
        time.sleep(1)
        row["kflash_ended"] = "kflash flash" not in run("ps", "axo", "args").stdout
        row.update(back=wait_for(lambda: is_active() and is_ready(), 45))
    elif name == "no_right":
        code, text = flash(user)
        row.update(exit=code, never_down=is_active(), last=text.strip().splitlines()[-4:])
    elif name == "frozen_guard":
        child = start(user, "flash", "octopus", "-s")
        wait_for(lambda: not is_active(), 30)
        for g in guards():
            run("systemctl", "kill", "-s", "STOP", g) if g.startswith("kflash-guard@") else os.kill(int(g), signal.SIGSTOP)
        began = time.monotonic()
        row.update(exit=child.wait(200), took_s=round(time.monotonic() - began, 1), back=is_active() and is_ready(),
                   last=out().strip().splitlines()[-1:])
    clear()
    wait_for(lambda: not guards(), 150)
    row["at_the_end"] = is_active()
    say(**row)
    return row["at_the_end"]


def listed(user):
    child = start(user, "list")
    child.wait(60)
    return out()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("verb", choices=("prepare", "kill", "case"))
    p.add_argument("names", nargs="*")
    p.add_argument("--as", dest="user", default="root", choices=USERS)
    p.add_argument("--what", default="process", choices=("process", "group", "unit", "guard"))
    p.add_argument("--batch", action="store_true")
    p.add_argument("--rounds", type=int, default=25)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    if a.batch:
        FLASH[:] = ["flash", "octopus", *BATCH, "--yes"]
    if a.verb == "prepare":
        return prepare()
    if a.verb == "kill":
        return sys.exit(not kill_loop(a.user, a.what, a.rounds, a.seed))
    sys.exit(not all([case(n, a.user) for n in a.names]))


main()
