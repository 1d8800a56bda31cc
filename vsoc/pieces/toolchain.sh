# SPDX-License-Identifier: BSD-3-Clause
#
# The toolchain root: everything that compiles or emulates, the same on every machine. vsoc/in enters it.

toolchain_packages=(
  base-files base-passwd bash coreutils dash diffutils findutils grep gzip bzip2 xz-utils zstd sed tar mawk util-linux procps
  libc-bin perl-base file make kmod pahole bc pkgconf
  gcc gcc-14 g++ g++-14 clang-19 llvm-19 lld-19 libclang-rt-19-dev clang-format-19 clang-tidy-19 sparse ccache
  cmake ninja-build device-tree-compiler libfdt-dev qemu-system-arm
  gcc-14-aarch64-linux-gnu g++-14-aarch64-linux-gnu gcc-aarch64-linux-gnu g++-aarch64-linux-gnu
  g++-14-arm-linux-gnueabihf
  libfmt-dev libgtest-dev libgmock-dev libbenchmark-dev libcli11-dev nlohmann-json3-dev libelf-dev
  libfmt-dev:arm64 libgtest-dev:arm64 libgmock-dev:arm64 libbenchmark-dev:arm64
  bpftool libbpf-dev:arm64 libelf-dev:arm64 zlib1g-dev:arm64 libzstd-dev:arm64
)

piece_make() {
  local root=$2
  debs_open amd64
  debs_install "$root" "${toolchain_packages[@]}"

  # What maintainer scripts and alternatives would have made.
  cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
  cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
  ln -sfn mawk "$root/usr/bin/awk"
  ln -sfn gcc "$root/usr/bin/cc"
  ln -sfn g++ "$root/usr/bin/c++"
  [ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
  ln -sfn /proc/self/mounts "$root/etc/mtab"

  # For programs of an architecture of which there are no libraries here.
  mv "$root/usr/src/googletest" "$root/usr/share/googletest"
  # Kernel headers are at home in /usr/src; each kernel is a piece of its own, entered at /kernel.
  rm -rf "$root/usr/src"
  ln -s ../kernel/usr/src "$root/usr/src"
  rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/info" "$root/usr/share/locale"
}
