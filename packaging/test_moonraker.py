#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_moonraker.py TREE WORK ZIP STANZA, started by test-moonraker.sh: runs the Moonraker of TREE with STANZA in its
moonraker.conf and ZIP unpacked by hand, publishes releases on a GitHub of its own, and asks over HTTP what Moonraker makes
of them. Of Moonraker's own code two addresses are changed: GitHub's API and that of usb.ids."""
import contextlib
import http.server
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile

TREE, WORK, ZIP, STANZA = map(pathlib.Path, sys.argv[1:5])
HOME = WORK / "home"
OURS = ZIP.name
REPO = "someone/kf-binaries"
START = """
import sys
tree, api = sys.argv[1:3]
del sys.argv[1:3]
sys.path.insert(0, tree)
from moonraker.components import http_client, machine
http_client.GITHUB_PREFIX = api + "/"
machine.USB_IDS_URL = api + "/usb.ids"
from moonraker import server
server.main(from_package=False)
"""
passed = 0

TOOLS = (pathlib.Path(__file__).resolve().parent / "tools").read_text().split()

def is_(outcome, true, saw=""):
    global passed
    if not true:
        sys.exit(f"FAILED: {outcome}\n{saw}")
    passed += 1


def get(url, method="GET"):
    """(status, body): Moonraker tells an error in the body too."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


class GitHub:
    """The three questions that Moonraker asks, and the download, which is redirected as GitHub's is."""

    def __init__(self):
        self.releases = []  # the newest first
        self.asked = []
        outer = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path
                outer.asked.append(path)
                if path.startswith("/download/"):
                    self.send_response(302)
                    self.send_header("Location", f"{outer.url}/stored/{path.split('/', 2)[2]}")
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                if path.startswith("/stored/"):
                    return self.give((WORK / "published" / path.split("/", 2)[2]).read_bytes(), "application/octet-stream")
                if path == f"/repos/{REPO}/releases/latest" and outer.releases:
                    return self.give(json.dumps(outer.releases[0]).encode(), "application/json")
                if path.startswith(f"/repos/{REPO}/releases/tags/"):
                    for release in outer.releases:
                        if release["tag_name"] == path.rsplit("/", 1)[1]:
                            return self.give(json.dumps(release).encode(), "application/json")
                self.send_error(404)

            def give(self, body, kind):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, tag, archives, title=None):
        """archives: name in the release -> the file."""
        assets = []
        for name, file in archives.items():
            to = WORK / "published" / tag / name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to)
            assets.append({"name": name, "browser_download_url": f"{self.url}/download/{tag}/{name}",
                           "content_type": "application/zip", "size": to.stat().st_size})
        self.releases.insert(0, {"tag_name": tag, "name": title or tag, "prerelease": False, "assets": assets})


@contextlib.contextmanager
def moonraker(github, stanzas):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = WORK / "data"
    shutil.rmtree(data, ignore_errors=True)
    for folder in ("config", "logs"):
        (data / folder).mkdir(parents=True)
    (data / "config/moonraker.conf").write_text(f"""[server]
host: 127.0.0.1
port: {port}
[authorization]
trusted_clients: 127.0.0.1
[machine]
provider: none
validate_service: False
[file_manager]
file_system_observer: none
[announcements]
dev_mode: True
[update_manager]
enable_system_updates: False
{stanzas}""")
    log = data / "logs/moonraker.log"
    with open(WORK / "output", "w") as output:
        run = subprocess.Popen([sys.executable, "-c", START, TREE, github.url, "-d", data], stdout=output,
                               stderr=subprocess.STDOUT)
    server = f"http://127.0.0.1:{port}"
    try:
        # The refresh at the start is over when one more is not refused.
        end = time.monotonic() + 60
        while True:
            try:
                if get(f"{server}/machine/update/refresh?name=kf", "POST")[0] == 200:
                    break
            except (urllib.error.URLError, ConnectionError):
                pass
            if run.poll() is not None or time.monotonic() > end:
                sys.exit("FAILED: Moonraker does not answer\n" + (WORK / "output").read_text() +
                         (log.read_text() if log.exists() else ""))
            time.sleep(0.1)
        yield server
    finally:
        run.terminate()
        run.wait()


def status(server, name="kf"):
    return get(f"{server}/machine/update/status")[1]["result"]["version_info"][name]


def refresh(server, name="kf"):
    return get(f"{server}/machine/update/refresh?name={name}", "POST")[1]["result"]["version_info"][name]


def changed(archive, to, version=None, more=None, without=()):
    """A copy with another version, more files, or without some; entries otherwise byte for byte with their modes."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename == "release_info.json" and version:
                body = json.dumps(json.loads(body) | {"version": version}).encode()
            if entry.filename not in without:
                new.writestr(entry, (more or {}).get(entry.filename, body))
        for name in set(more or {}) - set(old.namelist()):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100644 << 16
            new.writestr(entry, more[name])
    return to


def by_hand(archive, to):
    subprocess.run(["unzip", "-q", archive, "-d", to], check=True)


def modes(folder):
    return {p.relative_to(folder).as_posix(): p.stat().st_mode & 0o777 for p in folder.rglob("*") if p.is_file()}


def promised(archive):
    with zipfile.ZipFile(archive) as pack:
        return {e.filename: e.external_attr >> 16 & 0o777 for e in pack.infolist()}


def runs(folder):
    return all(subprocess.run([folder / "bin" / tool, "--version"], capture_output=True).returncode == 0
               for tool in TOOLS)


info = json.loads(zipfile.ZipFile(ZIP).read("release_info.json"))
now = info["version"]
stanza = STANZA.read_text().replace("<owner>/<repo>", REPO)
kf = HOME / "kf"
github = GitHub()

# The first install, by hand, and the release that it came from.
github.publish(now, {OURS: ZIP})
by_hand(ZIP, kf)
is_("unzip keeps the modes", modes(kf) == promised(ZIP))
is_("bin/* may be run", all(modes(kf)[f"bin/{tool}"] == 0o755 for tool in TOOLS))
(HOME / ".config/kflash").mkdir(parents=True)
(HOME / ".config/kflash/devices.json").write_text("{}")
with moonraker(github, stanza) as server:
    told = get(f"{server}/server/info")[1]["result"]
    is_("Moonraker starts without a warning", told["warnings"] == [] and told["failed_components"] == [], told)
    entry = status(server)
    print(json.dumps(entry, indent=1))
    is_("the entry is valid", entry["is_valid"] is True, entry)
    is_("without warnings", entry["warnings"] == [] and entry["anomalies"] == [] and entry["last_error"] == "", entry)
    is_("is of the repository", [entry["owner"], entry["repo_name"]] == REPO.split("/"), entry)
    is_("has the version of meson.build", re.fullmatch(r"v\d+\.\d+\.\d+", entry["version"]) and entry["version"] == now)
    is_("and is up to date", entry["remote_version"] == now, entry)
    github.asked.clear()
    is_("an update is fine", get(f"{server}/machine/update/client?name=kf", "POST") == (200, {"result": "ok"}))
    is_("and downloads nothing", github.asked == [], github.asked)

    # A new release, with the archives of other processors before ours.
    foreign = changed(ZIP, WORK / "foreign.zip", "v9.0.0", {"share/kf/architecture": b"other\n"})
    new = changed(ZIP, WORK / "new.zip", "v9.0.0", {"share/kf/new": b"new\n"}, {"share/man/man1/ksim.1"})
    github.publish("v9.0.0", {"a-first.zip": foreign, OURS: new, "z-last.zip": foreign})
    (kf / "mine").write_text("of a person")
    entry = refresh(server)
    is_("the release is seen", [entry["version"], entry["remote_version"]] == [now, "v9.0.0"], entry)
    is_("the update is done", get(f"{server}/machine/update/client?name=kf", "POST") == (200, {"result": "ok"}))
    is_("from our archive, not from the first", (kf / "share/kf/new").exists())
    is_("Moonraker keeps the modes", modes(kf) == promised(new), modes(kf))
    is_("bin/* may be run after it", all(modes(kf)[f"bin/{tool}"] == 0o755 for tool in TOOLS))
    is_("and runs", runs(kf))
    is_("what the new version has not is gone", not (kf / "share/man/man1/ksim.1").exists())
    is_("as is what a person kept there", not (kf / "mine").exists())
    is_("the registry stays", (HOME / ".config/kflash/devices.json").read_text() == "{}")
    entry = status(server)
    is_("the new version is valid", entry["is_valid"] and not entry["warnings"] and not entry["anomalies"], entry)
    is_("and is the one shown", entry["version"] == entry["remote_version"] == "v9.0.0", entry)

    # Back to the release before, which has one archive.
    is_("a roll back is done", get(f"{server}/machine/update/rollback?name=kf", "POST")[0] == 200)
    is_("and is the old version", status(server)["version"] == now and modes(kf) == promised(ZIP) and runs(kf))

    # What is seen here and not demanded: docs/PACKAGING.md builds on it, and a later Moonraker may do better.
    def release(tag, archives, title=None):
        github.publish(tag, archives, title)
        refresh(server)
        get(f"{server}/machine/update/client?name=kf", "POST")
        is_(f"{tag} is there", status(server)["version"] in (tag, title) and runs(kf), status(server))

    release("v9.1.0", {"a-first.zip": foreign, OURS: changed(ZIP, WORK / "1.zip", "v9.1.0")})
    release("v9.2.0", {OURS: changed(ZIP, WORK / "2.zip", "v9.2.0")})
    get(f"{server}/machine/update/rollback?name=kf", "POST")
    took = (kf / "share/kf/architecture").read_text().strip()
    print(f"seen: roll back to a release with several archives: {'the first' if took == 'other' else 'ours'} was taken")

    release("v9.3.0", {OURS: changed(ZIP, WORK / "3.zip", "v9.3.0")}, title="kf 9.3.0")
    entry = refresh(server)
    print(f"seen: release v9.3.0 with the title 'kf 9.3.0': installed {entry['version']}, offered {entry['remote_version']}")

    release("v9.4.0", {"a.tar.xz": STANZA, OURS: changed(ZIP, WORK / "4.zip", "v9.4.0")})
    release("v9.5.0", {OURS: changed(ZIP, WORK / "5.zip", "v9.5.0")})
    code, answer = get(f"{server}/machine/update/rollback?name=kf", "POST")
    print(f"seen: roll back to a release whose first asset is no zip: HTTP {code}, {len(modes(kf))} files left in ~/kf")

# What Moonraker has to tell.
shutil.rmtree(kf, ignore_errors=True)
github.releases = github.releases[-1:]
(HOME / "clone").mkdir()
for name in ("kf", "web", "wrong", "empty", "broken", "clone/bin", "service"):
    by_hand(ZIP, HOME / name)
(HOME / "empty/release_info.json").unlink()
(HOME / "broken/release_info.json").write_text('{"project_name": "kf-binaries"}')
(HOME / "clone/.git").mkdir()
alone = "type: zip\nis_system_service: False\n"
with moonraker(github, f"""{stanza}
[update_manager web]
type: web
repo: {REPO}
path: ~/web
[update_manager wrong]
{alone}repo: somebody/else
path: ~/wrong
[update_manager empty]
{alone}repo: {REPO}
path: ~/empty
[update_manager broken]
{alone}repo: {REPO}
path: ~/broken
[update_manager clone]
{alone}repo: {REPO}
path: ~/clone/bin
[update_manager inside]
{alone}repo: {REPO}
path: ~/kf/share
[update_manager nowhere]
{alone}repo: {REPO}
path: ~/nowhere
[update_manager service]
type: zip
repo: {REPO}
path: ~/service
""") as server:
    warnings = get(f"{server}/server/info")[1]["result"]["warnings"]
    told = get(f"{server}/machine/update/status")[1]["result"]["version_info"]

    def tells(name, valid, words):
        entry = told[name]
        texts = " ".join(entry["warnings"] + entry["anomalies"])
        is_(f"{name}: {words}", entry["is_valid"] is valid and words in texts, entry)

    is_("beside them ours is valid", told["kf"]["is_valid"] and not told["kf"]["warnings"], told["kf"])
    is_("type web takes the archive too", told["web"]["is_valid"] and not told["web"]["warnings"], told["web"])
    tells("wrong", True, "does not match detected repo")
    tells("empty", False, "Failed to validate installation")
    tells("broken", False, "Failed to validate installation")
    tells("clone", False, "is within a git repo")
    tells("inside", False, "is not writable")
    is_("a path that is not there is told", any("nowhere" in w and "does not exist" in w for w in warnings), warnings)
    is_("without is_system_service: False it is told",
        any("[update_manager service]" in w and "not permitted to restart" in w for w in warnings), warnings)
    code, answer = get(f"{server}/machine/update/client?name=empty", "POST")
    is_("what is not valid is not updated", code >= 400 and "Invalid install" in answer["error"]["message"], answer)

print(f"Moonraker: {passed} outcomes as they should be")
