# SPDX-License-Identifier: BSD-3-Clause
#
# A piece for tests of vsoc/setup: five parts, made slowly enough to be interrupted between them.

piece_make() {
  local part
  [ -z "${SMALL_COUNT:-}" ] || echo made >> "$SMALL_COUNT"
  for part in 1 2 3 4 5; do
    echo "content of $part" > "$2/part-$part"
    echo "part $part is there" >&3
    sleep "${SMALL_PAUSE:-0}"
  done
  [ -z "${SMALL_FAIL:-}" ] || { echo "small was asked to fail"; return 1; }
}
