// SPDX-License-Identifier: BSD-3-Clause
#include <cstdio>
#include <qtee/qtee.hpp>
#include <system_error>

int main() {
  try {
    qtee::Root::open();
  } catch (const std::system_error& error) {
    std::puts(error.what());
  }
  return qtee::result_name(qtee::Result::bad_object) == "BADOBJ (-92)" ? 0 : 1;
}
