// SPDX-License-Identifier: BSD-3-Clause
#include "callable.hpp"

#include <algorithm>
#include <cstring>

namespace qtee::judge {

using namespace vsoc::test_callable;  // NOLINT: the operations' names

unsigned TestCallable::counter(std::uint32_t op) const {
  const std::lock_guard lock(mutex_);
  return counters_.at(op);
}

std::vector<std::byte> TestCallable::last_input() const {
  const std::lock_guard lock(mutex_);
  return last_input_;
}

std::int32_t TestCallable::invoke(Request& request) {
  {
    const std::lock_guard lock(mutex_);
    if (request.op() >= counters_.size()) return vsoc::kInvalid;
    counters_[request.op()]++;
    last_input_.clear();
    if (!request.inputs().empty()) last_input_.assign(request.inputs()[0].begin(), request.inputs()[0].end());
  }
  last_op_ = request.op();
  calls_++;
  return serve(request);
}

std::int32_t TestCallable::serve(Request& request) {
  const auto shape = [&](std::size_t bi, std::size_t bo, std::size_t oi, std::size_t oo) {
    return request.has_shape(bi, bo, oi, oo);
  };
  switch (static_cast<Op>(request.op())) {
    case kCall:
      return shape(0, 0, 0, 0) ? 0 : vsoc::kInvalid;
    case kCallWithBuffer:
      if (!shape(1, 0, 0, 0)) return vsoc::kInvalid;
      return request.inputs()[0].size() == 8 ? 0 : kBufferMismatch;
    case kCallWithBufferOut: {
      if (!shape(0, 1, 0, 0)) return vsoc::kInvalid;
      const std::vector<std::byte> fill(request.output_sizes()[0], std::byte{'B'});
      request.reply(0, fill.data(), fill.size());
      return 0;
    }
    case kCallWithObject:
      if (!shape(0, 0, 1, 0)) return vsoc::kInvalid;
      if (on_object) on_object(request.in_objects()[0]);
      return 0;
    case kCallGetObject:
    case kCallGetThreeObjects: {
      const std::size_t count = request.op() == kCallGetObject ? 1 : 3;
      if (!shape(0, 0, 0, count)) return vsoc::kInvalid;
      for (std::size_t i = 0; i < count; i++) request.reply_callback(i, server_, request.object_id());
      return 0;
    }
    case kCallAddInt: {
      std::uint32_t in[2];
      if (!shape(1, 1, 0, 0) || !request.input_value(0, in)) return vsoc::kInvalid;
      request.reply_value(0, in[0] + in[1]);
      return 0;
    }
    case kReturnError:
      return shape(0, 0, 0, 0) ? return_code : static_cast<std::int32_t>(vsoc::kInvalid);
    case kCallCopyBuffer: {
      if (!shape(1, 1, 0, 0)) return vsoc::kInvalid;
      const auto in = request.inputs()[0];
      request.reply(0, in.data(), std::min(in.size(), request.output_sizes()[0]));
      return 0;
    }
    case kCallFuncWithBuffer:
      return shape(1, 0, 0, 0) ? 0 : vsoc::kInvalid;
    case kCallWithDelay: {
      if (!shape(0, 1, 0, 0)) return vsoc::kInvalid;
      std::this_thread::sleep_for(delay);
      const std::vector<std::byte> fill(request.output_sizes()[0], std::byte{'D'});
      request.reply(0, fill.data(), fill.size());
      return 0;
    }
    case kCallGetMemObject:
      return shape(0, 0, 0, 1) ? reply_memory(request, 1) : vsoc::kInvalid;
    case kCallGetMemObjectIn:
      return shape(1, 0, 0, 1) ? reply_memory(request, 1) : vsoc::kInvalid;
    case kCallGetMemObjectOut: {
      if (!shape(0, 1, 0, 1)) return vsoc::kInvalid;
      const std::vector<std::byte> fill(request.output_sizes()[0], std::byte{'A'});
      request.reply(0, fill.data(), fill.size());
      return reply_memory(request, 1);
    }
    case kCallGetMemObjectInOut: {
      if (!shape(1, 1, 0, 1)) return vsoc::kInvalid;
      const std::vector<std::byte> fill(request.output_sizes()[0], std::byte{'A'});
      request.reply(0, fill.data(), fill.size());
      return reply_memory(request, 1);
    }
    case kCallGetTwoMemObjects:
      return shape(0, 0, 0, 2) ? reply_memory(request, 2) : vsoc::kInvalid;
  }
  return vsoc::kInvalid;
}

// Allocates on the same fd while the invocation is in flight, as the public clients do.
std::int32_t TestCallable::reply_memory(Request& request, std::size_t count) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < count; i++) {
    auto memory = std::make_unique<SharedMemory>(*server_.device(), kCallableMemorySize);
    std::memcpy(memory->data(), &memory_pattern, sizeof(memory_pattern));
    request.reply_ref(i, memory->ref());
    memories.push_back(std::move(memory));
  }
  return 0;
}

}  // namespace qtee::judge
