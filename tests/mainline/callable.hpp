// SPDX-License-Identifier: BSD-3-Clause
//
// The client's side of TestCBack: an object with the sixteen operations of ITestCallable.
#pragma once

#include <mutex>
#include <vector>

#include "fixture.hpp"

namespace qtee::judge {

// What callWithBuffer answers to a buffer of another size than 8: the TA must pass it on as it is.
inline constexpr std::int32_t kBufferMismatch = 0x0AFAFAFA;
inline constexpr std::size_t kCallableMemorySize = 32 * 1024;

class TestCallable final : public tee::Callback {
 public:
  explicit TestCallable(Server& server) : server_(server) {}

  std::int32_t invoke(Request& request) override;
  void released() override { releases++; }

  // How often an operation was called; which was the last.
  unsigned counter(std::uint32_t op) const;
  std::uint32_t last_op() const { return last_op_; }
  unsigned calls() const { return calls_; }

  // What the operations answer with, or saw.
  std::int32_t return_code = 0x55;  // of returnError
  std::uint64_t memory_pattern = vsoc::kTestPattern1;
  std::chrono::milliseconds delay{0};        // of callWithDelay
  std::function<void(Received&)> on_object;  // of callWithObject, before the object is released
  std::vector<std::byte> last_input() const;

  // Memory objects that went out: ours until the test is over.
  std::vector<std::unique_ptr<SharedMemory>> memories;
  std::atomic<unsigned> releases = 0;

 private:
  std::int32_t serve(Request& request);
  std::int32_t reply_memory(Request& request, std::size_t count);

  Server& server_;
  mutable std::mutex mutex_;  // guards counters_, last_input_, memories
  std::vector<unsigned> counters_ = std::vector<unsigned>(16);
  std::vector<std::byte> last_input_;
  std::atomic<std::uint32_t> last_op_ = 0xFFFFFFFF;
  std::atomic<unsigned> calls_ = 0;
};

}  // namespace qtee::judge
