# SPDX-License-Identifier: BSD-3-Clause
#
# Prometheus and promtool, for the tests of what qtee-exporter says; and prometheus-cpp for the guest, which it is linked with,
# and the libraries that this needs at run time. Debian has none of these as static libraries. And systemd-analyze, for its unit:
# what that needs besides is in the toolchain root.

prometheus_packages=(
  prometheus promtool
  systemd libsystemd-shared
  prometheus-cpp-dev:arm64 libprometheus-cpp-core1.0:arm64 libprometheus-cpp-pull1.0:arm64 libcivetweb1:arm64
  zlib1g:arm64 libstdc++6:arm64 libgcc-s1:arm64
)

piece_make() {
  local root=$2
  debs_open amd64
  debs_download "$root" "${prometheus_packages[@]}"
  rm -rf "$root/usr/share" "$root/etc"
}
