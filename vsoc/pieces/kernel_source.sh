# SPDX-License-Identifier: BSD-3-Clause
#
# A kernel built from Debian's newest kernel source (of backports) with a configuration of ours: "qcom" as Qualcomm's platforms
# have it, "debug" the same with all that finds defects. Makes what kernel.sh does: usr/ (modules, and what builds others), vmlinuz,
# version and an empty initrd, as 9p is built in.

# Only kernels need these to be built; so they are no part of the toolchain root.
kernel_tools=(flex:amd64 bison:amd64)

debs_arch_of() { echo amd64; }  # as far as packages have an architecture at all

piece_make() {
  local kernel=$1 root=$2 version toolchain packages tarball headers
  local work=$cache/partial/build-$kernel
  local build=$work/linux tools=$work/tools fragments
  mapfile -t fragments < <(recipe_fragments "kernel-$kernel")
  toolchain=$(piece_path toolchain)
  [ -d "$toolchain" ] || { echo "the toolchain must be made first: vsoc/setup toolchain" >&2; return 1; }

  debs_open amd64
  mapfile -t packages < <(debs_closure "$debs_suite-backports" '^linux-source-[0-9]' linux-source:amd64)
  debs_download "$work/source" "${packages[@]}"
  mapfile -t packages < <(debs_closure "$debs_suite" '^(m4)$' "${kernel_tools[@]}")
  debs_download "$tools" "${packages[@]}"
  tarball=("$work"/source/usr/src/linux-source-*.tar.xz)
  [ ${#tarball[@]} = 1 ] && [ -f "${tarball[0]}" ] || { echo "expected one source archive, found: ${tarball[*]}" >&2; return 1; }
  mkdir "$build"
  say "  unpacking the source" 2>&3
  tar -xf "${tarball[0]}" -C "$build" --strip-components=1 --exclude='*/tools/testing' --exclude='*/Documentation/*/*'

  # A defect of the source that only debug kernels tell of, at each boot, and over which lockdep ends its work: tzmem is initialised,
  # which sleeps, under the spin lock of DO_ONCE. Where this finds nothing to change any more, there is nothing to change.
  if [ "$kernel" = debug ]; then
    sed -i 's/\bDO_ONCE(qcom_tzmem_do_init,/DO_ONCE_SLEEPABLE(qcom_tzmem_do_init,/' "$build/drivers/firmware/qcom/qcom_tzmem.c"
  fi

  # Always at the same place, so that ccache knows a file again.
  mkdir -p "$cache/ccache" "$root/usr"
  run() {
    bwrap --die-with-parent --unshare-net --unshare-pid --ro-bind "$toolchain/usr" /usr --ro-bind "$toolchain/etc" /etc \
      --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
      --dev /dev --proc /proc --tmpfs /tmp --ro-bind "$tools" /tools --bind "$build" /build --bind "$root" /piece \
      --bind "$cache/ccache" /ccache --chdir /build --clearenv --setenv PATH /tools/usr/bin:/usr/bin:/usr/sbin \
      --setenv BISON_PKGDATADIR /tools/usr/share/bison --setenv M4 /tools/usr/bin/m4 --setenv LC_ALL C.UTF-8 \
      --setenv HOME /tmp --setenv CCACHE_DIR /ccache -- "$@"
  }
  kmake() {
    run make ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- CC="ccache aarch64-linux-gnu-gcc-14" HOSTCC=gcc-14 \
      KBUILD_BUILD_USER=qtee KBUILD_BUILD_HOST=vsoc KBUILD_BUILD_TIMESTAMP="$(date -u -r "${tarball[0]}")" "$@"
  }
  cat "${fragments[@]}" > "$build/fragments.config"
  kmake -s KCONFIG_ALLCONFIG=fragments.config allnoconfig
  # Not only in the log: an option that is gone is for the user of this, and must not be missed.
  "$here/kernel/check" "$build/.config" "${fragments[@]}" 2>&3

  version=$(kmake -s kernelrelease)
  say "  compiling Linux $version; this takes a quarter of an hour or more, the first time" 2>&3
  kmake -j "$(nproc)" Image modules

  say "  taking what is needed of it" 2>&3
  kmake INSTALL_MOD_PATH=/piece/usr INSTALL_MOD_STRIP=1 modules_install
  rm -f "$root/usr/lib/modules/$version"/{build,source}
  ln -s usr/lib "$root/lib"
  cp "$build/arch/arm64/boot/Image" "$root/vmlinuz"
  headers=usr/src/linux-headers-$version
  # The kernel's own list of what modules need. It would rebuild kbuild's tools for arm64 if it knew that we cross-compile.
  kmake -s run-command KBUILD_RUN_COMMAND="env CC=cc HOSTCC=cc sh scripts/package/install-extmod-build /piece/$headers"
  cp "$build/.config" "$build/System.map" "$root/$headers"
  # All that modules need of it for their BTF, as in Debian's headers.
  if grep -q '^CONFIG_DEBUG_INFO_BTF_MODULES=y' "$build/.config"; then
    run aarch64-linux-gnu-objcopy --only-section=.BTF --strip-all vmlinux "/piece/$headers/vmlinux"
  fi
  : > "$root/initrd"
  echo "$version" > "$root/version"
  rm -rf "$work"
}
