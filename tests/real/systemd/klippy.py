#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A stand-in for klippy in the rig: its API as far as kflash asks, ready after a second, with the board's port open as
Klipper has it. /run/rig says what is to go wrong: `linger` (seconds that a stop takes), `failures` (starts that fail),
`state` (what print_stats says).

klippy.py CONFIG -a SOCKET     klippy.py --linger     klippy.py --may-start"""
import fcntl
import json
import os
import pathlib
import socket
import sys
import threading
import time

RIG = pathlib.Path("/run/rig")
PORT = "/dev/serial/by-id/usb-Klipper_stm32h723xx_29001A001151313433343333-if00"


def said(name, default):
    try:
        return (RIG / name).read_text().strip() or default
    except OSError:
        return default


def status(began):
    state = "ready" if time.monotonic() - began > 1 else "startup"
    return {"webhooks": {"state": state, "state_message": "as it says"},
            "print_stats": {"state": said("state", "standby"), "filename": "a.gcode"},
            "virtual_sdcard": {"is_active": False, "progress": 0.0}, "pause_resume": {"is_paused": False},
            "idle_timeout": {"state": "Idle"}, "configfile": {"settings": {"mcu": {"serial": PORT}}}}


def serve(link, began):
    rest = b""
    while True:
        more = link.recv(65536)
        if not more:
            return
        *frames, rest = (rest + more).split(b"\x03")
        for frame in frames:
            asked = json.loads(frame)
            now = status(began)
            answers = {"info": {**now["webhooks"], "software_version": "v0", "process_id": os.getpid()}, "objects/list": {"objects": list(now)},
                       "objects/query": {"eventtime": 1.0, "status": now}}
            answer = {"id": asked.get("id"), "result": answers.get(asked["method"], {})}
            link.sendall(json.dumps(answer).encode() + b"\x03")


def main():
    if "--linger" in sys.argv:
        return time.sleep(float(said("linger", "0")))
    if "--may-start" in sys.argv:
        left = int(said("failures", "0"))
        if left > 0:
            (RIG / "failures").write_text(str(left - 1))
            sys.exit(1)
        return
    began = time.monotonic()
    try:
        port = os.open(PORT, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as pyserial's exclusive=True
    except OSError as e:
        print(e)
    path = sys.argv[sys.argv.index("-a") + 1]
    pathlib.Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o777)
    listener.listen(8)
    while True:
        link, _ = listener.accept()
        threading.Thread(target=serve, args=(link, began), daemon=True).start()


main()
