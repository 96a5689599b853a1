#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test-rules.sh: what the polkit rule and the sudoers example allow, and what they refuse. Needs nodejs (the rule runs
# with a stand-in for polkit and for systemctl's answers) and visudo; changes nothing on the machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
visudo -c -q -f "$here/share/sudoers-kflash"
grep -q '^ExecStart=/usr/bin/kflash guard %i$' "$here/share/kflash-guard@.service"
RULE="$here/share/60-kflash-polkit.rules" node <<'JS'
"use strict";
const text = require("fs").readFileSync(process.env.RULE, "utf8");
const Result = { YES: "yes", NOT_HANDLED: null };
let bad = 0, count = 0;
// What systemctl answers for a unit that has a file of its own.
const own = { Id: "", LoadState: "loaded", FragmentPath: "", Transient: "no", NeedDaemonReload: "no" };
const member = { id: "org.freedesktop.systemd1.manage-units", unit: "klipper.service", verb: "start", group: true, user: "pi", say: {} };
function decide(asked) {
    const { id, unit, verb, group, user, say, fails, raw } = { ...member, ...asked };
    let rule, spawned = null;
    const polkit = {
        Result, addRule: (r) => { rule = r; }, log: () => {},
        spawn: (argv) => {
            spawned = argv;
            if (fails) throw new Error("exit status 1");
            if (raw !== undefined) return raw;
            const all = { ...own, Id: unit, FragmentPath: "/etc/systemd/system/" + unit, ...say };
            return Object.entries(all).map(([k, v]) => k + "=" + v).join("\n") + "\n";
        },
    };
    new Function("polkit", text)(polkit);
    const result = rule({ id, lookup: (k) => ({ unit, verb })[k] }, { user, isInGroup: (g) => group && g === "kflash" });
    return { result: result === undefined ? null : result, spawned };
}
function expect(wanted, what, asked, mayAsk = true) {
    const got = decide(asked);
    ++count;
    if (got.result === wanted && (mayAsk || got.spawned === null)) return;
    ++bad;
    console.error("FAILED: " + what + ": " + got.result + ", asked systemctl: " + got.spawned);
}
const silent = false; // refused before systemctl hears of the name
for (const unit of ["klipper.service", "kalico.service", "klippy.service", "moonraker.service", "klipper-2.service",
                    "klipper-left_one.service"])
    for (const verb of ["start", "stop"]) expect("yes", verb + " " + unit, { unit, verb });
expect("yes", "a unit of a package", { say: { FragmentPath: "/lib/systemd/system/klipper.service" } });
expect("yes", "a unit of a package", { say: { FragmentPath: "/usr/lib/systemd/system/klipper.service" } });

const x = "klipper-x.service"; // systemd-run --unit=klipper-x sh
expect(null, "a transient unit", { unit: x, say: { LoadState: "not-found", FragmentPath: "" } });
expect(null, "a transient unit with a free bare name", { unit: "kalico.service", say: { LoadState: "not-found", FragmentPath: "" } });
expect(null, "a transient unit that runs", { unit: x, say: { FragmentPath: "/run/systemd/transient/" + x, Transient: "yes" } });
expect(null, "Transient alone", { say: { Transient: "yes" } });
expect(null, "a unit in /run", { say: { FragmentPath: "/run/systemd/system/klipper.service" } });
expect(null, "a unit in a home", { say: { FragmentPath: "/home/pi/klipper.service" } });
expect(null, "a path that climbs", { say: { FragmentPath: "/etc/systemd/system/../../../tmp/klipper.service" } });
expect(null, "another unit's file", { say: { FragmentPath: "/etc/systemd/system/ssh.service" } });
expect(null, "an alias", { say: { Id: "ssh.service" } });
expect(null, "a masked unit", { say: { LoadState: "masked" } });
expect(null, "a file that is gone or changed", { say: { NeedDaemonReload: "yes" } });
expect(null, "systemctl fails", { fails: true });
expect(null, "no answer", { raw: "" });
expect(null, "a line too much", { raw: Object.entries({ ...own, Id: "klipper.service", FragmentPath: "/etc/systemd/system/klipper.service", A: "b" }).map((e) => e.join("=")).join("\n") });
expect(null, "no member of the group", { group: false }, silent);
expect(null, "another action", { id: "org.freedesktop.systemd1.manage-unit-files" }, silent);
for (const verb of ["restart", "reload", "try-restart", "reload-or-restart", "kill", "set-property", "reset-failed",
                    "freeze", "clean", "bind-mount", "", "Start", "start ", "start\n", undefined])
    expect(null, "verb " + verb, { verb }, silent);
for (const unit of ["ssh.service", "xklipper.service", "klipper.service.d", "klipper.socket", "klipper", "klipper@x.service",
                    "klipper-@x.service", "-klipper.service", "--root=/tmp", "../klipper.service", "klipper-/../x.service",
                    "klipper-$(id).service", "klipper-;id.service", "klipper-a b.service", "klipper.service\n",
                    "klipper.service ssh.service", "klipper-\\x2d.service", "klipper-*.service", "Klipper.service",
                    "klipper-" + "a".repeat(65) + ".service", "", undefined]) // systemd before 257 gives a transient unit no name
    expect(null, "unit " + unit, { unit }, silent);
// The guardian's unit: one's own only, and only from its template's file.
const guard = "kflash-guard@pi.service";
const template = { FragmentPath: "/usr/lib/systemd/system/kflash-guard@.service" };
for (const verb of ["start", "restart"]) expect("yes", verb + " the guardian", { unit: guard, verb, say: template });
expect("yes", "a template of the administrator's", { unit: guard, say: { FragmentPath: "/etc/systemd/system/kflash-guard@.service" } });
for (const verb of ["stop", "kill", "set-property", "reset-failed", "reload", "", undefined])
    expect(null, verb + " the guardian", { unit: guard, verb, say: template }, silent);
for (const unit of ["kflash-guard@root.service", "kflash-guard@.service", "kflash-guard@pi.service.d", "kflash-guard@pi",
                    "kflash-guard@pi@x.service", "kflash-guard-pi.service"])
    expect(null, "another guardian " + unit, { unit, say: template }, silent);
expect(null, "no member", { unit: guard, group: false, say: template }, silent);
for (const user of ["a b", "../x", "", undefined, "pi.service", "Pi", "x".repeat(40)])
    expect(null, "a person called " + user, { unit: "kflash-guard@" + user + ".service", user, say: template }, silent);
expect(null, "a unit in /run", { unit: guard, say: { FragmentPath: "/run/systemd/system/kflash-guard@.service" } });
expect(null, "a transient one", { unit: guard, say: { ...template, Transient: "yes" } });
expect(null, "one with a file of its own", { unit: guard, say: { FragmentPath: "/etc/systemd/system/" + guard } });
expect(null, "restart klipper", { verb: "restart" }, silent);
const argv = decide({}).spawned;
++count;
if (argv[0] !== "/usr/bin/systemctl" || argv[argv.length - 2] !== "--" || argv[argv.length - 1] !== "klipper.service") {
    ++bad;
    console.error("FAILED: the command: " + argv);
}
if (bad) process.exit(1);
console.log("polkit rule: " + count + " questions answered as they should be");
JS
