// SPDX-License-Identifier: BSD-3-Clause
#include "callable.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include <vsoc/interfaces.hpp>

#include "qtee/qtee.hpp"

namespace qtee::demo {
namespace {

using Bytes = std::span<const std::byte>;
namespace ops = vsoc::test_callable;

MemoryObject pattern_memory() {
  MemoryObject memory = MemoryObject::from_huge_page(32 << 10);
  memory.map().access(CpuAccess::Mode::write).store(0, vsoc::kTestPattern1);
  return memory;
}

std::vector<std::byte> letters() { return std::vector<std::byte>(32, std::byte{'A'}); }

}  // namespace

CallbackInterface callable_interface(std::shared_ptr<CallableLog> log) {
  const auto count = [log](std::uint32_t op) {
    ++log->calls;
    log->last_op = op;
  };
  CallbackInterface interface;
  interface.on(OpCode(ops::kCall), [count] { count(ops::kCall); });
  interface.on(OpCode(ops::kCallWithBuffer), [count](Bytes bytes) {
    count(ops::kCallWithBuffer);
    if (bytes.size() != sizeof(kCallableBuffer) || std::memcmp(bytes.data(), &kCallableBuffer, bytes.size()) != 0) {
      throw Error(kCallableMismatch);
    }
  });
  interface.on(OpCode(ops::kCallWithBufferOut), [count] {
    count(ops::kCallWithBufferOut);
    return letters();
  });
  interface.on(OpCode(ops::kCallWithObject), [count, log](AnyObject object) {
    count(ops::kCallWithObject);
    // A TEE object can be invoked right here, while the TA that called us waits for the answer.
    if (const auto* tee = std::get_if<Object>(&object)) {
      if (tee->call<std::uint32_t>(OpCode(vsoc::adder::kAdd), std::array{3u, 4u}) == 7) ++log->objects_invoked;
    }
  });
  interface.on(OpCode(ops::kCallAddInt), [count](std::array<std::uint32_t, 2> operands) {
    count(ops::kCallAddInt);
    return operands[0] + operands[1];
  });
  interface.on(OpCode(ops::kReturnError), [count] {
    count(ops::kReturnError);
    throw Error(Result::busy);
  });
  interface.on(OpCode(ops::kCallCopyBuffer), [count](Bytes bytes) {
    count(ops::kCallCopyBuffer);
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  });
  interface.on(OpCode(ops::kCallFuncWithBuffer), [count](Bytes) { count(ops::kCallFuncWithBuffer); });
  interface.on(OpCode(ops::kCallGetMemObject), [count] {
    count(ops::kCallGetMemObject);
    return pattern_memory();
  });
  interface.on(OpCode(ops::kCallGetMemObjectIn), [count](Bytes) {
    count(ops::kCallGetMemObjectIn);
    return pattern_memory();
  });
  interface.on(OpCode(ops::kCallGetMemObjectOut), [count] {
    count(ops::kCallGetMemObjectOut);
    return std::tuple(letters(), pattern_memory());
  });
  interface.on(OpCode(ops::kCallGetMemObjectInOut), [count](Bytes) {
    count(ops::kCallGetMemObjectInOut);
    return std::tuple(letters(), pattern_memory());
  });
  interface.on(OpCode(ops::kCallGetTwoMemObjects), [count] {
    count(ops::kCallGetTwoMemObjects);
    return std::tuple(pattern_memory(), pattern_memory());
  });
  return interface;
}

}  // namespace qtee::demo
