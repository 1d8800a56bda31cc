# SPDX-License-Identifier: BSD-3-Clause
#
# What this machine itself must have; sourced by vsoc/setup. Everything else lives in the toolchain root.

# command:package
host_needs=(bwrap:bubblewrap flock:util-linux dpkg-deb:dpkg apt-get:apt make:make)

host_packages_missing() {
  local need
  for need in "${host_needs[@]}"; do
    command -v "${need%%:*}" > /dev/null || printf '%s\n' "${need#*:}"
  done
}

host_packages_ensure() {
  local packages install
  [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || die "this needs Debian on amd64"
  mapfile -t packages < <(host_packages_missing)
  if [ ${#packages[@]} -gt 0 ]; then
    install="apt-get install -y --no-install-recommends ${packages[*]}"
    say "installing on this machine: ${packages[*]}"
    if [ "$(id -u)" = 0 ]; then
      host_install "" "$install"
    elif command -v sudo > /dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      host_install "sudo" "$install"
    else
      die "missing packages, and neither root nor sudo to install them; please run as root:  $install"
    fi
  fi
  bwrap --ro-bind / / --unshare-pid --proc /proc --dev /dev true 2>/dev/null ||
    die "bubblewrap cannot make a sandbox here: user namespaces are disabled (sysctl kernel.unprivileged_userns_clone," \
      "user.max_user_namespaces) or this container forbids them. It said: $(bwrap --ro-bind / / --unshare-pid --proc /proc --dev /dev true 2>&1)"
}

host_install() {
  local as=$1 install=$2
  # shellcheck disable=SC2086
  $as env DEBIAN_FRONTEND=noninteractive $install > /dev/null 2>&1 ||
    { say "trying again with fresh package lists"; $as apt-get update > /dev/null &&
      $as env DEBIAN_FRONTEND=noninteractive $install > /dev/null; } ||
    die "could not install them; please run as root:  apt-get update && $install"
}
