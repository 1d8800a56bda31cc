// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "qtee/callback_interface.hpp"
#include "qtee/memory_object.hpp"
#include "qtee/result.hpp"

namespace qtee::demo {

/// What an object that the TestCBack TA calls remembers. Written by the server's threads.
struct CallableLog {
  std::atomic<unsigned> calls{0};
  std::atomic<unsigned> last_op{~0u};
  std::atomic<unsigned> objects_invoked{0};
};

inline constexpr std::uint64_t kCallableBuffer = 0x123456789abcdef0;
/// What a buffer that is not kCallableBuffer is answered with.
inline constexpr Result kCallableMismatch = static_cast<Result>(0x0AFAFAFA);

/// An interface that does what the TestCBack TA expects of its callee, and counts in `log`. It hands out memory objects
/// of 32 KiB that hold the TA's first pattern.
CallbackInterface callable_interface(std::shared_ptr<CallableLog> log);

}  // namespace qtee::demo
