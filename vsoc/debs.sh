# SPDX-License-Identifier: BSD-3-Clause
#
# Debian packages by this machine's own apt, as any user and without touching the machine's state: apt finds, fetches and
# verifies them with a private configuration, dpkg-deb unpacks them. No maintainer script runs; a recipe makes by hand what
# those would. Sourced by vsoc/setup, whose `cache` and `say` it uses; its text is part of every piece's hash.

debs_suite=trixie

# The mirror that serves Debian itself here.
debs_mirror() {
  local codename
  codename=$(. /etc/os-release; echo "${VERSION_CODENAME:-stable}")
  apt-get indextargets --format '$(CREATED_BY)|$(COMPONENT)|$(ORIGIN)|$(LABEL)|$(RELEASE)|$(REPO_URI)' |
    awk -F'|' -v codename="$codename" '
      $1 == "Packages" && $2 == "main" && $3 == "Debian" && $4 == "Debian" && !known { known = $6 }
      $1 == "Packages" && $2 == "main" && $5 == codename && !named { named = $6 }
      END { print known ? known : named }'
}

# debs_apt TOOL ARG...: apt-get or apt-cache with the private configuration; DEBS_ARCH is the native architecture.
debs_apt() {
  local tool=$1
  shift
  APT_CONFIG=$cache/partial/apt/$DEBS_ARCH.conf "$tool" -q "$@"
}

# Writes the configuration and fetches the package lists, once per set-up and native architecture (amd64 can also take
# arm64 packages). The proxy and the like stay this machine's own.
debs_open() {
  DEBS_ARCH=$1
  local dir=$cache/partial/apt mirror keyring conf
  conf=$dir/$DEBS_ARCH.conf
  [ ! -e "$dir/$DEBS_ARCH.ready" ] || return 0
  mkdir -p "$dir/$DEBS_ARCH"/{lists/partial,archives/partial} "$dir/empty"
  : > "$dir/status"
  mirror=$(debs_mirror)
  [ -n "$mirror" ] || { echo "no Debian mirror in this machine's apt sources" >&2; return 1; }
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -e $keyring ] || keyring=/usr/share/keyrings/debian-archive-keyring.pgp
  [ -e $keyring ] || { echo "Debian's keys are missing; as root:  apt-get install debian-archive-keyring" >&2; return 1; }
  local suite
  for suite in $debs_suite $debs_suite-updates $debs_suite-backports; do
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite"
  done > "$dir/sources.list"
  {
    apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries|ForceIPv4|ForceIPv6|Check-|Max)' || true
    cat <<END
APT::Architecture "$DEBS_ARCH";
APT::Architectures { "$DEBS_ARCH"; $([ "$DEBS_ARCH" = arm64 ] || echo '"arm64";') };
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Get::Assume-Yes "true";
Acquire::Languages "none";
Acquire::Retries "3";
Dpkg::Use-Pty "false";
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "$dir/empty";
Dir::Etc::parts "$dir/empty";
Dir::Etc::main "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$dir/empty";
Dir::State::status "$dir/status";
Dir::State "$dir/$DEBS_ARCH";
Dir::State::lists "$dir/$DEBS_ARCH/lists";
Dir::Cache "$dir/$DEBS_ARCH";
Dir::Cache::archives "$dir/$DEBS_ARCH/archives";
END
  } > "$conf"
  say "fetching package lists ($DEBS_ARCH)" 2>&3
  debs_apt apt-get update
  touch "$dir/$DEBS_ARCH.ready"
}

# debs_unpack ROOT DEB...: base-files first, because it has the symbolic links /bin, /lib and so on.
debs_unpack() {
  local root=$1 deb
  shift
  mkdir -p "$root"
  for deb in "$@"; do
    case ${deb##*/} in base-files_*) dpkg-deb -x "$deb" "$root" ;; esac
  done
  printf '%s\0' "$@" | xargs -0 -n 8 -P "$(nproc)" sh -ec 'root=$0; for deb; do dpkg-deb -x "$deb" "$root"; done' "$root"
}

# debs_install ROOT PACKAGE...: the packages with all that they depend on.
debs_install() {
  local root=$1 archives=$cache/partial/apt/$DEBS_ARCH/archives
  shift
  debs_apt apt-get install --print-uris "$@" > "$archives/plan"
  say "  $(grep -c "^'" "$archives/plan") packages; $(grep '^Need to get' "$archives/plan")" 2>&3
  debs_apt apt-get install --download-only "$@"
  say "  unpacking" 2>&3
  debs_unpack "$root" "$archives"/*.deb
  rm -f "$archives"/*.deb
}

# debs_closure RELEASE PATTERN PACKAGE...: prints name=version of each package and, over and over, of what those depend on
# as far as its name matches PATTERN. For packages that can't be installed as a whole, only unpacked.
debs_closure() {
  local release=$1 pattern=$2 package record dependency
  local -A seen=()
  shift 2
  local queue=("$@")
  while [ ${#queue[@]} -gt 0 ]; do
    package=${queue[0]}
    queue=("${queue[@]:1}")
    [ -z "${seen[$package]:-}" ] || continue
    seen[$package]=1
    record=$(debs_apt apt-cache -t "$release" show --no-all-versions "$package")
    printf '%s=%s\n' "$package" "$(sed -n 's/^Version: //p' <<< "$record")"
    while read -r dependency; do
      [[ ! $dependency =~ $pattern ]] || queue+=("$dependency:$(debs_arch_of "$dependency")")
    done < <(sed -n 's/^\(Pre-\)\?Depends: //p' <<< "$record" | tr , '\n' | sed 's/|.*//; s/(.*//; s/ //g; s/:.*//')
  done
}

# debs_download ROOT NAME=VERSION...: fetches and unpacks just these.
debs_download() {
  local root=$1 archives=$cache/partial/apt/$DEBS_ARCH/archives
  shift
  say "  $# packages: ${*%%=*}" 2>&3
  (cd "$archives" && debs_apt apt-get download "$@")
  say "  unpacking" 2>&3
  debs_unpack "$root" "$archives"/*.deb
  rm -f "$archives"/*.deb
}
