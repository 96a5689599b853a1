# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# An apt of its own, by `. private-apt.sh` with $apt set to an empty folder: nothing of this machine's sources, keys or
# status is used or touched, and root is not needed. Write $apt/sources.list before apt runs.
mkdir -p "$apt"/{lists/partial,cache/archives/partial,parts}
touch "$apt/status"
cat >"$apt/apt.conf" <<EOT
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/parts";
Dir::Etc::parts "$apt/parts";
Dir::Etc::preferences "$apt/none";
Dir::Etc::preferencesparts "$apt/parts";
Dir::Etc::trusted "$apt/none.gpg";
Dir::Etc::trustedparts "$apt/parts";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "";
EOT
export APT_CONFIG=$apt/apt.conf
