// SPDX-License-Identifier: BSD-3-Clause
#include "memory_driver.hpp"

#include "alive.hpp"
#include "quiet.hpp"

namespace qtee::test {

long memory_stat(const std::string& name) { return static_cast<long>(driver_number("memory/" + name)); }

long memory_stat_until(const std::string& name, long value) {
  soon([&] { return memory_stat(name) == value; });
  return memory_stat(name);
}

long memory_stat_after_calls(const vsoc::Service& service, const std::string& name, long value) {
  soon([&] {
    service.null();
    return memory_stat(name) == value;
  });
  return memory_stat(name);
}

}  // namespace qtee::test
