# SPDX-License-Identifier: BSD-3-Clause
#
# A stock Debian kernel and what builds modules for it: "debian" is the newest for trixie (backports), "lts" trixie's own;
# "16k" and "rt" are "debian" with pages of 16 KiB and with PREEMPT_RT.
# Makes usr/ (modules and headers), vmlinuz, version, and initrd: the modules that reach the 9p root, in loading order.

debs_arch_of() {
  # Headers common to all architectures, and kbuild's tools, which run where modules are built, are native.
  case $1 in linux-kbuild-* | *-common | *-common-rt) echo amd64 ;; *) echo arm64 ;; esac
}

piece_make() {
  local kernel=$1 root=$2 release flavour=arm64 version image toolchain packages
  case $kernel in
    debian) release=$debs_suite-backports ;;
    lts) release=$debs_suite ;;
    16k) release=$debs_suite-backports flavour=arm64-16k ;;
    rt) release=$debs_suite-backports flavour=rt-arm64 ;;
    *) echo "no such kernel: $kernel" >&2; return 1 ;;
  esac
  toolchain=$(piece_path toolchain)
  [ -d "$toolchain" ] || { echo "the toolchain must be made first" >&2; return 1; }

  debs_open amd64
  mapfile -t packages < <(debs_closure "$release" '^linux-(image|binary|modules|headers|kbuild)-[0-9]' \
    "linux-image-$flavour:arm64" "linux-headers-$flavour:arm64")
  debs_download "$root" "${packages[@]}"

  version=$(ls "$root/usr/lib/modules")
  [ "$(wc -w <<< "$version")" = 1 ] || { echo "expected the modules of one kernel, found: $version" >&2; return 1; }
  for image in "$root/usr/lib/modules/$version/vmlinuz" "$root/boot/vmlinuz-$version"; do
    [ ! -f "$image" ] || cp "$image" "$root/vmlinuz"
  done
  [ -f "$root/vmlinuz" ] || { echo "no kernel image in the packages" >&2; return 1; }
  [ -d "$root/usr/src/linux-headers-$version" ] || { echo "no headers for $version in the packages" >&2; return 1; }
  ln -s usr/lib "$root/lib"
  run() { bwrap --ro-bind "$toolchain/usr" /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$root" /kernel --dev /dev "$@"; }
  run /usr/sbin/depmod -b /kernel "$version"
  run /usr/sbin/modprobe -d /kernel -S "$version" --show-depends -a 9pnet_virtio 9p |
    sed -n 's:^insmod /kernel/lib/modules/[^/]*/::p' | awk '!seen[$1]++ { print $1 }' > "$root/initrd"
  [ -s "$root/initrd" ] || { echo "no 9p modules" >&2; return 1; }
  rm -rf "$root/boot" "$root/usr/share"
  echo "$version" > "$root/version"
}
