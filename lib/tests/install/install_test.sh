#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# install_test.sh BUILT_LIB CXX: installs the built library, and builds a program on it with its CMake package and with
# its pkg-config file.
set -euo pipefail
built=$1 cxx=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$built" --prefix "$work/prefix" > "$work/log"
test -f "$work/prefix/include/misc/qcom_tee.h"
cmake -S "$here" -B "$work/consumer" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$cxx" >> "$work/log" ||
  { cat "$work/log"; exit 1; }
cmake --build "$work/consumer" >> "$work/log" || { cat "$work/log"; exit 1; }
"$work/consumer/consumer"

# The prefix stands in the file as it was configured; an installed tree that moved is told where it is.
pc=$(dirname "$(find "$work/prefix" -name qtee.pc)")
export PKG_CONFIG_PATH=$pc
# shellcheck disable=SC2046 # flags are words
"$cxx" -std=c++20 "$here/consumer.cpp" $(pkg-config --define-variable=prefix="$work/prefix" --cflags --libs qtee) \
  -o "$work/by-pkg-config"
"$work/by-pkg-config"
