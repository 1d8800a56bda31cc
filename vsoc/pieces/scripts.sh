# SPDX-License-Identifier: BSD-3-Clause
#
# Scripts of the kernel's source that check code, from Debian's newest (of backports): checkpatch and kernel-doc. No package has
# them but the source itself, so all of that is fetched for them.

debs_arch_of() { echo amd64; }  # packages for all architectures

piece_make() {
  local root=$2 packages tarball
  local work=$cache/partial/scripts-source
  debs_open amd64
  mapfile -t packages < <(debs_closure "$debs_suite-backports" '^linux-source-[0-9]' linux-source:amd64)
  debs_download "$work" "${packages[@]}"
  tarball=$(echo "$work"/usr/src/linux-source-*.tar.xz)
  say "  taking the scripts out of ${tarball##*/}" 2>&3
  tar -xf "$tarball" -C "$root" --strip-components=1 --wildcards '*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
    '*/scripts/const_structs.checkpatch' '*/tools/docs/kernel-doc' '*/tools/lib/python/kdoc'
  rm -rf "$work"
}
