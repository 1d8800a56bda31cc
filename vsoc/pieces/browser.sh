# SPDX-License-Identifier: BSD-3-Clause
#
# Chromium for tests of the dashboard's page, to be run in the toolchain root: "chromium" in this folder starts it with the libraries
# and the fonts that are here. (Node.js is in the piece web: Debian's finds its parts in /usr alone.)

piece_make() {
  local root=$2
  debs_open amd64
  debs_install "$root" chromium fonts-dejavu-core
  # One C library in a process, and that is the one whose loader starts it: the toolchain root's.
  rm -f "$root"/usr/lib/x86_64-linux-gnu/{ld-linux*,libc.so*,libm.so*,libmvec.so*,libpthread.so*,libdl.so*,librt.so*,libresolv.so*,libutil.so*,libanl.so*,libnss_*,libthread_db.so*}
  rm -rf "$root"/usr/share/{doc,man,info,locale,icons,bug,lintian,perl,perl5} "$root"/usr/lib/x86_64-linux-gnu/{dri,perl,perl-base,gconv}
  cat > "$root/fonts.conf" <<'END_CONF'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir>/tmp/fontconfig</cachedir>
</fontconfig>
END_CONF
  cat > "$root/chromium" <<'END_SCRIPT'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
lib=$here/usr/lib/x86_64-linux-gnu
LD_LIBRARY_PATH=$lib:$lib/pulseaudio FONTCONFIG_FILE=$here/fonts.conf exec "$here/usr/lib/chromium/chromium" "$@"
END_SCRIPT
  chmod 755 "$root/chromium"
}
