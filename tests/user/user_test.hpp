// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <vector>

#include "qtee/qtee.hpp"
#include "vsoc_service.hpp"

namespace qtee::test {

using namespace std::chrono_literals;

/// Bytes of a page of the kernel's.
inline const auto kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

/// Every test has the root object and the private service; what it leaves alive fails it (see main.cpp).
class UserTest : public ::testing::Test {
 protected:
  /// A client whose credentials a server of its own has served.
  Client client() {
    CallbackServer server;
    return root_.register_client(Credentials::of_process().serve(server));
  }

  /// Invokes until QTEE has told of all its releases of the server's objects.
  ::testing::AssertionResult all_released(const CallbackServer& server) {
    for (int i = 0; i < 400 && server.references() != 0; ++i) {
      service_.null();
      std::this_thread::sleep_for(5ms);
    }
    if (server.references() == 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "QTEE still holds " << server.references() << " references";
  }

  Root root_ = Root::open();
  vsoc::Service service_ = vsoc::Service::open(root_);
};

/// Bytes that differ by `seed`.
inline std::vector<std::byte> bytes_of(std::size_t size, std::uint64_t seed = 1) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = std::byte{vsoc::pattern(seed, i)};
  return bytes;
}

}  // namespace qtee::test

// Expects that `statement` throws Error with `result_value`.
#define EXPECT_RESULT(statement, result_value)                                                                     \
  try {                                                                                                            \
    statement;                                                                                                     \
    ADD_FAILURE() << #statement " did not throw";                                                                  \
  } catch (const ::qtee::Error& error) {                                                                           \
    EXPECT_EQ(static_cast<std::int32_t>(error.result()), static_cast<std::int32_t>(result_value)) << error.what(); \
  }
