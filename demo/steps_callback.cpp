// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <array>
#include <string_view>
#include <thread>

#include <vsoc/interfaces.hpp>

#include "callable.hpp"
#include "demo.hpp"

namespace qtee::demo {
namespace {

namespace ops = vsoc::test_cback;
namespace callable_ops = vsoc::test_callable;

void require_called(const CallableLog& log, unsigned calls, std::uint32_t op) {
  require(log.calls == calls && log.last_op == op,
          fmt::format("our object was called {} times, last with operation {}; expected {} and {}", log.calls.load(),
                      log.last_op.load(), calls, op));
}

}  // namespace

void Demo::call_back() {
  auto log = std::make_shared<CallableLog>();
  CallbackObject callee = server_->add(callable_interface(log));
  Object test;
  unsigned calls = 0;

  steps_.run("call back", [&] {
    test = Client(app_.duplicate()).open(ServiceUid(vsoc::kAppUidTestCBack));
    test.call(OpCode(ops::kCall), callee);
    require_called(*log, ++calls, callable_ops::kCall);
    return std::string("the TA called our object while our call to it was under way");
  });

  steps_.run("buffers", [&] {
    test.call(OpCode(ops::kCallWithBuffer), kCallableBuffer, callee);
    require_called(*log, ++calls, callable_ops::kCallWithBuffer);
    const std::array<std::byte, 7> wrong{};
    const auto outcome = test.try_call(OpCode(ops::kCallWithBuffer), wrong, callee);
    require(outcome.error() == make_error_code(kCallableMismatch),
            "our object's own error came back as " + outcome.error().message());
    ++calls;
    test.call(OpCode(ops::kCallWithBufferOut), callee);
    const auto sum = test.call<std::uint32_t>(OpCode(ops::kCallAddInt), std::array{20u, 22u}, callee);
    require(sum == 42, "our object's sum came back wrong");
    require_called(*log, calls += 2, callable_ops::kCallAddInt);
    return fmt::format("buffers in and out; our own error {:#x} came back unchanged",
                       static_cast<std::uint32_t>(kCallableMismatch));
  });

  steps_.run("objects", [&] {
    auto argument_log = std::make_shared<CallableLog>();
    const CallbackObject argument = server_->add(callable_interface(argument_log));
    test.call(OpCode(ops::kCallWithObject), argument, callee);
    require_called(*log, ++calls, callable_ops::kCallWithObject);
    test.call(OpCode(ops::kCallWithObject), app_, callee);
    require_called(*log, ++calls, callable_ops::kCallWithObject);
    require(log->objects_invoked == 1, "our object could not invoke the TEE object that it was given");
    return std::string("the TA passed on our objects and its own, which our object invoked in turn (nested)");
  });

  steps_.run("keep", [&] {
    test.call(OpCode(ops::kSet), callee);
    test.call(OpCode(ops::kCallSet));
    require_called(*log, ++calls, callable_ops::kCall);
    test.call(OpCode(ops::kSet), nullptr);
    const auto none = test.try_call(OpCode(ops::kCallSet));
    require(none.error().value() == ops::kErrorNullObj, "the TA still calls what it was told to forget");
    test.call(OpCode(ops::kSet), callee);
    callee = CallbackObject();  // from here on the TA's reference alone keeps it alive
    test.call(OpCode(ops::kCallSet));
    require_called(*log, ++calls, callable_ops::kCall);
    require(log.use_count() > 1, "our object is gone although the TA holds it");
    test.call(OpCode(ops::kSet), nullptr);
    for (int i = 0; i < 400 && server_->references() != 0; ++i) {
      service_->null();  // QTEE tells of releases in its answers
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    require(server_->references() == 0, fmt::format("QTEE still holds {} of our objects", server_->references()));
    return std::string("the TA kept our object, called it after we had dropped it, and let it go");
  });

  steps_.run("memory", [&] {
    const auto memory_log = std::make_shared<CallableLog>();
    const CallbackObject giver = server_->add(callable_interface(memory_log));
    test.call(OpCode(ops::kCallGetMemObject), giver);
    test.call(OpCode(ops::kCallGetMemObjectIn), kCallableBuffer, giver);
    test.call(OpCode(ops::kCallGetMemObjectOut), giver);
    test.call(OpCode(ops::kCallGetMemObjectInOut), kCallableBuffer, giver);
    test.call(OpCode(ops::kCallGetTwoMemObjects), giver);
    require_called(*memory_log, 5, callable_ops::kCallGetTwoMemObjects);
    return std::string("our object answered with 6 dma-bufs, which the TA mapped, checked and let go");
  });
}

}  // namespace qtee::demo
