// SPDX-License-Identifier: BSD-3-Clause
#include "memory_driver.hpp"

#include <thread>

#include "alive.hpp"

namespace qtee::test {

long memory_stat(const std::string& name) { return static_cast<long>(driver_number("memory/" + name)); }

long memory_stat_until(const std::string& name, long value) {
  using namespace std::chrono_literals;
  long now = memory_stat(name);
  for (int i = 0; i < 500 && now != value; ++i) {
    std::this_thread::sleep_for(10ms);
    now = memory_stat(name);
  }
  return now;
}

}  // namespace qtee::test
