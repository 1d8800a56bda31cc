# SPDX-License-Identifier: BSD-3-Clause
#
# Chromium and Node.js for tests of the dashboard's page, to be run in the toolchain root: "chromium" and "node" in this folder start
# them with the libraries and the font that are here.

piece_make() {
  local root=$2 name libraries='$here/usr/lib/x86_64-linux-gnu:$here/usr/lib/x86_64-linux-gnu/pulseaudio'
  debs_open amd64
  debs_install "$root" chromium nodejs fonts-dejavu-core
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
  for name in chromium:lib/chromium/chromium node:bin/node; do
    cat > "$root/${name%%:*}" <<END_SCRIPT
#!/bin/sh
here=\$(dirname "\$(readlink -f "\$0")")
LD_LIBRARY_PATH=$libraries FONTCONFIG_FILE=\$here/fonts.conf exec "\$here/usr/${name#*:}" "\$@"
END_SCRIPT
    chmod 755 "$root/${name%%:*}"
  done
}
