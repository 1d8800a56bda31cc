# SPDX-License-Identifier: BSD-3-Clause
#
# The guest's root: what a command in the virtual SoC finds, read-only, beside /qtee and /share.

guest_packages=(
  base-files base-passwd bash coreutils dash diffutils findutils grep gzip xz-utils sed tar mawk util-linux mount procps psmisc
  libc-bin libc6 ncurses-base less kmod strace busybox-static
)

piece_make() {
  local root=$2 folder
  debs_open arm64
  debs_install "$root" "${guest_packages[@]}"

  # What maintainer scripts and alternatives would have made.
  cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
  cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
  ln -sfn mawk "$root/usr/bin/awk"
  ln -sfn less "$root/usr/bin/pager"
  [ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
  ln -sfn /proc/self/mounts "$root/etc/mtab"
  echo vsoc > "$root/etc/hostname"
  printf '127.0.0.1 localhost vsoc\n::1 localhost\n' > "$root/etc/hosts"
  printf 'passwd: files\ngroup: files\nhosts: files\n' > "$root/etc/nsswitch.conf"

  # Mount points: the root is read-only in the guest.
  for folder in dev proc sys tmp run root home mnt share qtee usr/lib/modules var/tmp; do
    mkdir -p "$root/$folder"
  done
  rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/info" "$root/usr/share/locale"
}
