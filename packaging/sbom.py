#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sbom.py VERSION ARCH BIN LINKED: what is linked into the static tools, as SPDX 2.3 JSON on stdout. The packages are the
rows of sources.lock, LINKED/TOOL names those that build-static.sh found in a tool; the time is SOURCE_DATE_EPOCH, so that the same sources give the same document."""
import datetime
import hashlib
import json
import os
import pathlib
import re
import sys

version, arch, folder, linked_folder = sys.argv[1:5]
here = pathlib.Path(__file__).resolve().parent
names = (here / "tools").read_text().split()
linked = {tool: set((pathlib.Path(linked_folder) / tool).read_text().split()) for tool in names}
used = set().union(*linked.values())

packages, locked = [], set()
for block in (here / "sources.lock").read_text().split("\n\n"):
    m = re.search(r"^(source|headers) (\S+) (\S+) (\S+) (.+)$", block, re.M)
    if not m:
        continue
    locked.add(m[2])
    if m[2] not in used:
        continue
    kind, name, package_version, suite, licence = m.groups()
    files = re.findall(r"^([0-9a-f]{64})  (\S+)$", block, re.M)
    packages.append({
        "SPDXID": f"SPDXRef-{re.sub('[^A-Za-z0-9.-]', '-', name)}",
        "name": name,
        "versionInfo": package_version,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        "comment": f"Debian {'source package' if kind == 'source' else 'package of headers'} from {suite}"
                   + (", Debian's patches applied: " if kind == "source" else ": ") + ", ".join(f for _, f in files),
        "checksums": [{"algorithm": "SHA256", "checksumValue": s} for s, f in files if f.endswith((".dsc", ".deb"))],
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"pkg:deb/debian/{name}@{package_version.replace('+', '%2B').replace('~', '%7E')}?arch={'source' if kind == 'source' else 'amd64'}"}],
    })
recognised = {line.split()[0] for line in (here / "symbols").read_text().splitlines()}
if recognised != locked:
    sys.exit(f"packaging/symbols and packaging/sources.lock name different packages: {', '.join(sorted(recognised ^ locked))}")
tools = []
for tool in names:
    tools.append({
        "SPDXID": f"SPDXRef-tool-{tool}", "name": tool, "versionInfo": version, "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "MIT", "licenseDeclared": "MIT",
        "copyrightText": "NOASSERTION", "primaryPackagePurpose": "APPLICATION",
        "checksums": [{"algorithm": "SHA256",
                       "checksumValue": hashlib.sha256((pathlib.Path(folder) / tool).read_bytes()).hexdigest()}],
    })
when = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
name = f"kf-{version}-linux-{arch}"
links = [{"spdxElementId": t["SPDXID"], "relationshipType": "STATIC_LINK", "relatedSpdxElement": p["SPDXID"]}
         for t in tools for p in packages if p["name"] in linked[t["name"]]]
digest = hashlib.sha256("".join(t["checksums"][0]["checksumValue"] for t in tools).encode()).hexdigest()[:16]
json.dump({
    "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": name,
    "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{digest}",
    "creationInfo": {"created": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: kf-sbom"]},
    "packages": tools + packages,
    "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": t["SPDXID"]}
                      for t in tools] + links,
}, sys.stdout, indent=1)
print()
