# SPDX-License-Identifier: BSD-3-Clause
#
# What the page of the benchmark dashboard is bundled of and with, and Node.js and Playwright for its tests: node_modules/ as
# dashboards/benchmarks/package-lock.json has it, which is part of this piece's hash. Debian's npm fetches it, from the registry that
# this machine's npm settings name, and checks it against the lock file; no package's script runs.

piece_make() {
  local root=$2 tools=$cache/partial/web-tools variable args=()
  debs_open amd64
  debs_install "$tools" npm ca-certificates

  mkdir -p "$tools/usr/local"
  cp "$tree"/dashboards/benchmarks/package{,-lock}.json "$root"
  # This machine with Debian's /usr in place of its own: npm finds the user's settings, names of hosts and certificates.
  # Those that the machine's owner added are in /usr/local.
  args=(--ro-bind / / --ro-bind "$tools/usr" /usr --ro-bind /usr/local /usr/local --dev /dev --proc /proc --tmpfs /tmp --bind "$root" "$root")
  for variable in NODE_EXTRA_CA_CERTS SSL_CERT_FILE; do
    case ${!variable:-} in /usr/*) args+=(--ro-bind "${!variable}" /tmp/"$variable" --setenv "$variable" /tmp/"$variable") ;; esac
  done
  say "  packages from npm" 2>&3
  bwrap --die-with-parent --unshare-pid "${args[@]}" --chdir "$root" --setenv npm_config_cache /tmp/npm \
    --setenv npm_config_update_notifier false -- \
    /usr/bin/node /usr/share/nodejs/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund
  rm -rf "$tools"
}
