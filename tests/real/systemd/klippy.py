# SPDX-License-Identifier: MIT
"""klippy as far as kflash asks it, for the systemd rig: `klippy.py printer.cfg -a SOCKET`. Its behaviour comes from the
file named by KF_RIG: {"ready_after": s, "stop_takes": s, "fail": true}."""
import json
import os
import signal
import socket
import sys
import threading
import time

started = time.monotonic()
try:
    with open(os.environ["KF_RIG"]) as f:
        how = json.load(f)
except (KeyError, OSError):
    how = {}
if how.get("fail"):
    sys.exit("told to fail")


def stop(*_):
    time.sleep(how.get("stop_takes", 0))
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
path = sys.argv[sys.argv.index("-a") + 1]
port = os.environ["KF_SERIAL"]


def state():
    ready = time.monotonic() - started > how.get("ready_after", 1)
    return ("ready", "Printer is ready") if ready and os.path.exists(port) else ("startup", "Printer is not ready")


def objects():
    name, message = state()
    return {"webhooks": {"state": name, "state_message": message},
            "print_stats": {"state": "standby", "filename": ""},
            "virtual_sdcard": {"is_active": False, "progress": 0.0},
            "pause_resume": {"is_paused": False},
            "idle_timeout": {"state": "Idle"},
            "configfile": {"settings": {"mcu": {"serial": port}}}}


def answer(request):
    method = request.get("method")
    name, message = state()
    if method == "info":
        return {"state": name, "state_message": message, "hostname": "rig", "software_version": "v0.13.0-1-g0000000",
                "process_id": os.getpid()}
    if method == "objects/list":
        return {"objects": list(objects())}
    if method == "objects/query":
        return {"eventtime": time.monotonic(), "status": objects()}
    return {}


def serve(connection):
    rest = b""
    while data := connection.recv(65536):
        *frames, rest = (rest + data).split(b"\x03")
        for frame in frames:
            request = json.loads(frame)
            reply = json.dumps({"id": request.get("id"), "result": answer(request)})
            connection.sendall(reply.encode() + b"\x03")


if os.path.exists(path):
    os.unlink(path)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
os.chmod(path, 0o666)
listener.listen(8)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
