// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <future>
#include <numeric>
#include <thread>
#include <vector>

#include "fake_driver.hpp"
#include "qtee/qtee.hpp"

namespace qtee {
namespace {

using namespace std::chrono_literals;
using test::FakeAnswer;
using test::FakeArgument;
using test::FakeCall;
using test::FakeDriver;

FakeArgument input_of(std::vector<std::uint8_t> bytes) {
  FakeArgument argument;
  argument.param.attr = QCOM_TEE_BUFFER;
  argument.param.direction = 1;
  argument.bytes = std::move(bytes);
  return argument;
}

FakeArgument output_of(std::size_t capacity) {
  FakeArgument argument;
  argument.param.attr = QCOM_TEE_BUFFER;
  argument.bytes.resize(capacity);
  return argument;
}

FakeArgument object_of(std::uint64_t id, std::int32_t host_id, bool input = true) {
  FakeArgument argument;
  argument.param.attr = QCOM_TEE_OBJECT;
  argument.param.direction = input;
  argument.param.object.id = id;
  argument.param.object.host_id = host_id;
  return argument;
}

FakeArgument object_out() {
  FakeArgument argument;
  argument.param.attr = QCOM_TEE_OBJECT_NULL;
  return argument;
}

// A TEE object that remembers the callback object it was given last.
class CallbackTest : public ::testing::Test {
 protected:
  Object object(test::FakeHandler handler) { return Object(FileDescriptor(driver_.object_open(std::move(handler)))); }

  Object keeper() {
    return object([this](FakeCall& call) -> std::int32_t {
      if (!call.params.empty()) kept_ = call.params[0].object;
      return keeper_answer_;
    });
  }

  FakeAnswer call_back(std::uint32_t op, std::vector<FakeArgument> arguments = {}) {
    return driver_.callback(kept_.host_id, kept_.id, op, std::move(arguments));
  }
  void release() { driver_.release(kept_.host_id, kept_.id); }

  FakeDriver driver_;
  decltype(qcom_tee_param::object) kept_{};
  std::int32_t keeper_answer_ = 0;
};

TEST_F(CallbackTest, RequestReachesTheHandlerAndItsAnswerGoesBack) {
  CallbackServer server;
  const CallbackObject callee = server.add([](CallbackRequest& request) {
    request.expect(2, 1, 0, 0);
    EXPECT_EQ(request.op(), OpCode(9));
    EXPECT_EQ(request.input<std::uint16_t>(0), 0x0201u);
    EXPECT_EQ(request.input(1).size(), 3u);
    EXPECT_EQ(request.output_capacity(0), 10u);
    request.set_output(0, request.input(1));
    return Result::ok;
  });
  keeper().call(OpCode(0), callee);
  const FakeAnswer answer = call_back(9, {input_of({1, 2}), input_of({7, 8, 9}), output_of(10)});
  EXPECT_EQ(answer.result, 0);
  ASSERT_EQ(answer.arguments.size(), 3u);
  EXPECT_EQ(answer.arguments[2].bytes, (std::vector<std::uint8_t>{7, 8, 9}));
}

TEST_F(CallbackTest, ErrorsOfTheHandlerAreTheAnswer) {
  CallbackServer server;
  const CallbackObject callee = server.add([](CallbackRequest& request) -> Result {
    switch (request.op().value()) {
      case 0:
        return Result::defunct;
      case 1:
        throw Error(static_cast<Result>(14));
      case 2:
        throw std::runtime_error("handler");
      case 3:
        request.input<std::uint64_t>(0);
        return Result::ok;
      case 4:
        request.set_output(0, std::uint64_t{1});
        return Result::ok;
      case 5:
        throw std::bad_alloc();
      default:
        request.expect(0, 0, 0, 0);
        return Result::ok;
    }
  });
  keeper().call(OpCode(0), callee);
  EXPECT_EQ(call_back(0).result, -90);
  EXPECT_EQ(call_back(1).result, 14);
  EXPECT_EQ(call_back(2).result, 1);
  EXPECT_EQ(call_back(3, {input_of({1})}).result, 3);
  EXPECT_EQ(call_back(4, {output_of(7)}).result, 4);
  EXPECT_EQ(call_back(5).result, -97);
  EXPECT_EQ(call_back(6, {output_of(7)}).result, 2);
  EXPECT_EQ(call_back(6).result, 0);
}

TEST_F(CallbackTest, UnknownObjectAnswersBadobj) {
  CallbackServer server;
  const CallbackObject callee = server.add([](CallbackRequest&) { return Result::ok; });
  keeper().call(OpCode(0), callee);
  EXPECT_EQ(driver_.callback(kept_.host_id, 0xdead000000, 1).result, -92);
}

TEST_F(CallbackTest, ReleaseDropsTheReferenceAndThenTheHandler) {
  CallbackServer server;
  auto alive = std::make_shared<int>(0);
  std::weak_ptr<int> watch = alive;
  CallbackObject callee = server.add([alive = std::move(alive)](CallbackRequest&) { return Result::ok; });
  const Object tee = keeper();
  tee.call(OpCode(0), callee);
  const auto first = kept_;
  tee.call(OpCode(0), callee);
  EXPECT_NE(first.id, kept_.id) << "every reference has an id of its own";
  EXPECT_EQ(callee.references(), 2u);
  EXPECT_EQ(server.references(), 2u);
  release();
  driver_.release(kept_.host_id, kept_.id);  // twice: must not count for the other reference
  driver_.release(kept_.host_id, 12345);     // of nothing
  EXPECT_FALSE(callee.wait_released(50ms));
  EXPECT_EQ(callee.references(), 1u);
  callee = CallbackObject();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(driver_.callback(first.host_id, first.id, 0).result, 0);
  driver_.release(first.host_id, first.id);
  for (int i = 0; i < 200 && !watch.expired(); ++i) std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(driver_.callback(first.host_id, first.id, 0).result, -92);
}

TEST_F(CallbackTest, InvocationThatNeverReachedQteeTakesReferencesBack) {
  CallbackServer server;
  const CallbackObject callee = server.add([](CallbackRequest&) { return Result::ok; });
  const Object tee = keeper();
  for (const int error : {EAGAIN, EINVAL, E2BIG, EBADF, EMSGSIZE}) {
    keeper_answer_ = test::refused(error);
    EXPECT_EQ(tee.try_call(OpCode(0), callee).error().value(), error);
    EXPECT_EQ(callee.references(), 0u);
  }
  keeper_answer_ = test::refused(ENODEV);  // QTEE saw it: the reference is QTEE's until it says otherwise
  EXPECT_FALSE(tee.try_call(OpCode(0), callee));
  EXPECT_EQ(callee.references(), 1u);
  release();
  EXPECT_TRUE(callee.wait_released(5s));
  keeper_answer_ = -91;
  EXPECT_FALSE(tee.try_call(OpCode(0), callee));
  EXPECT_EQ(callee.references(), 1u);
}

TEST_F(CallbackTest, ObjectsTravelBothWays) {
  CallbackServer server;
  const CallbackObject other = server.add([](CallbackRequest&) { return Result::ok; });
  const CallbackObject callee = server.add([&](CallbackRequest& request) {
    request.expect(0, 0, 3, 3);
    Object tee = request.take_object<Object>(0);
    EXPECT_TRUE(tee);
    tee.call(OpCode(5));
    CallbackObject own = request.take_object<CallbackObject>(1);
    EXPECT_TRUE(own == other);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(request.take_object(2)));
    request.set_object(0, std::move(tee));
    request.set_object(1, std::move(own));
    return Result::ok;
  });
  const Object tee = keeper();
  tee.call(OpCode(0), other);
  const auto other_id = kept_;
  tee.call(OpCode(0), callee);
  std::atomic<int> invoked = 0;
  const int fd = driver_.object_open([&](FakeCall&) {
    ++invoked;
    return 0;
  });
  const std::size_t alive = driver_.objects_alive();
  FakeAnswer answer = call_back(
      0, {object_of(static_cast<std::uint64_t>(fd), QCOM_TEE_OBJECT_SECURE), object_of(other_id.id, other_id.host_id),
          FakeArgument(object_of(0, 0)), object_out(), object_out(), object_out()});
  EXPECT_EQ(answer.result, -94) << "an object that is not there makes the request invalid";

  const int again = driver_.object_open([&](FakeCall&) {
    ++invoked;
    return 0;
  });
  FakeArgument null = object_out();
  null.param.direction = 1;
  answer = call_back(0, {object_of(static_cast<std::uint64_t>(again), QCOM_TEE_OBJECT_SECURE),
                         object_of(other_id.id, other_id.host_id), null, object_out(), object_out(), object_out()});
  EXPECT_EQ(answer.result, 0);
  EXPECT_EQ(invoked, 1);
  ASSERT_EQ(answer.arguments.size(), 6u);
  EXPECT_TRUE(QCOM_TEE_PARAM_OBJECT_SECURE(&answer.arguments[3].param));
  EXPECT_TRUE(QCOM_TEE_PARAM_OBJECT_USER(&answer.arguments[4].param));
  EXPECT_EQ(answer.arguments[5].param.attr, QCOM_TEE_OBJECT_NULL);
  EXPECT_EQ(other.references(), 2u);
  answer = {};
  for (int i = 0; i < 200 && driver_.objects_alive() != alive - 1; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(driver_.objects_alive(), alive - 1) << "both objects are let go";
}

TEST_F(CallbackTest, OutputsOfAFailedHandlerStayHere) {
  CallbackServer server;
  const CallbackObject other = server.add([](CallbackRequest&) { return Result::ok; });
  const CallbackObject callee = server.add([&](CallbackRequest& request) {
    request.set_object(0, other.duplicate());
    request.set_output(0, std::uint32_t{1});
    return Result::busy;
  });
  keeper().call(OpCode(0), callee);
  const FakeAnswer answer = call_back(0, {output_of(4), object_out()});
  EXPECT_EQ(answer.result, -99);
  EXPECT_EQ(answer.arguments[1].param.attr, QCOM_TEE_OBJECT_NULL);
  EXPECT_EQ(other.references(), 0u);
}

TEST_F(CallbackTest, RefusedReplyIsAnsweredWithAnErrorAndTakesReferencesBack) {
  CallbackServer server;
  const CallbackObject other = server.add([](CallbackRequest&) { return Result::ok; });
  const CallbackObject callee = server.add([&](CallbackRequest& request) {
    request.set_object(0, other.duplicate());
    return Result::ok;
  });
  keeper().call(OpCode(0), callee);
  driver_.fail_reply(EBADF);
  EXPECT_EQ(call_back(0, {object_out()}).result, -96);
  EXPECT_EQ(other.references(), 0u);
  EXPECT_EQ(call_back(0, {object_out()}).result, 0);
  EXPECT_EQ(other.references(), 1u);
}

TEST_F(CallbackTest, BufferGrowsForABigRequest) {
  CallbackServer server(CallbackServer::Options{.threads = 1});
  std::vector<std::uint8_t> big(100'000);
  std::iota(big.begin(), big.end(), std::uint8_t{0});
  const CallbackObject callee = server.add([&](CallbackRequest& request) {
    const auto bytes = request.input(0);
    EXPECT_EQ(std::memcmp(bytes.data(), big.data(), big.size()), 0);
    request.set_output(0, bytes);
    return Result::ok;
  });
  keeper().call(OpCode(0), callee);
  const FakeAnswer answer = call_back(0, {input_of(big), output_of(big.size())});
  EXPECT_EQ(answer.result, 0);
  EXPECT_EQ(answer.arguments[1].bytes, big);
  EXPECT_EQ(driver_.no_space, 1);
  EXPECT_EQ(call_back(0, {input_of(big), output_of(big.size())}).result, 0);
  EXPECT_EQ(driver_.no_space, 1) << "the buffer stays big";
}

TEST_F(CallbackTest, FifteenOfEachKindPass) {
  CallbackServer server;
  const CallbackObject callee = server.add([&](CallbackRequest& request) {
    request.expect(15, 15, 15, 15);
    for (std::size_t i = 0; i < 15; ++i) {
      EXPECT_EQ(request.input(i).size(), i);
      request.set_output(i, request.input(i));
    }
    return Result::ok;
  });
  keeper().call(OpCode(0), callee);
  std::vector<FakeArgument> arguments;
  for (std::uint8_t i = 0; i < 15; ++i) {
    arguments.push_back(input_of(std::vector<std::uint8_t>(i, i)));
    arguments.push_back(object_out());
    arguments.push_back(output_of(i));
    FakeArgument null = object_out();
    null.param.direction = 1;
    arguments.push_back(null);
  }
  const FakeAnswer answer = call_back(0, std::move(arguments));
  EXPECT_EQ(answer.result, 0);
  EXPECT_EQ(answer.arguments[14 * 4 + 2].bytes, std::vector<std::uint8_t>(14, 14));
}

TEST_F(CallbackTest, PoolGrowsWhileHandlersWait) {
  CallbackServer server(CallbackServer::Options{.threads = 1, .threads_max = 8});
  const Object tee = keeper();
  CallbackObject callee;
  callee = server.add([&](CallbackRequest& request) {
    const auto depth = request.input<std::uint8_t>(0);
    if (depth == 0) return Result::ok;
    const FakeAnswer inner = call_back(0, {input_of({static_cast<std::uint8_t>(depth - 1)})});
    return static_cast<Result>(inner.result);
  });
  tee.call(OpCode(0), callee);
  EXPECT_EQ(call_back(0, {input_of({5})}).result, 0);
  EXPECT_GE(server.threads(), 6u);
  EXPECT_LE(server.threads(), 8u);
}

TEST_F(CallbackTest, ManyCallersAreServedAtOnce) {
  CallbackServer server(CallbackServer::Options{.threads = 3});
  std::atomic<int> served = 0;
  const CallbackObject callee = server.add([&](CallbackRequest& request) {
    ++served;
    request.set_output(0, request.input(0));
    return Result::ok;
  });
  keeper().call(OpCode(0), callee);
  std::vector<std::thread> callers;
  for (std::uint8_t t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] {
      for (std::uint8_t i = 0; i < 100; ++i) {
        const FakeAnswer answer = call_back(0, {input_of({t, i}), output_of(2)});
        EXPECT_EQ(answer.arguments[1].bytes, (std::vector<std::uint8_t>{t, i}));
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(served, 400);
}

TEST_F(CallbackTest, StopEndsIdleThreadsAndHandles) {
  auto alive = std::make_shared<int>(0);
  std::weak_ptr<int> watch = alive;
  CallbackObject callee;
  const Object tee = keeper();
  {
    CallbackServer server(CallbackServer::Options{.threads = 4});
    callee = server.add([alive = std::move(alive)](CallbackRequest&) { return Result::ok; });
    tee.call(OpCode(0), callee);
    std::this_thread::sleep_for(20ms);
    server.stop();
    server.stop();
    EXPECT_EQ(server.references(), 0u);
    EXPECT_EQ(tee.try_call(OpCode(0), nullptr).error(), std::error_code());
    EXPECT_THROW(tee.call(OpCode(0), callee), std::system_error);
    EXPECT_EQ(tee.try_call(OpCode(0), callee).error(), std::errc::bad_file_descriptor);
  }
  EXPECT_TRUE(callee.wait_released(0ms));
  EXPECT_FALSE(watch.expired()) << "a handle keeps the handler";
  callee = {};
  EXPECT_TRUE(watch.expired());
}

TEST_F(CallbackTest, StopFromAHandlerIsRefused) {
  CallbackServer server;
  const CallbackObject callee = server.add([&](CallbackRequest&) {
    server.stop();
    return Result::ok;
  });
  keeper().call(OpCode(0), callee);
  EXPECT_EQ(call_back(0).result, 1);
}

TEST_F(CallbackTest, RefusedReceiveEndsTheServerAndSaysWhy) {
  CallbackServer server;
  EXPECT_FALSE(server.failure());
  driver_.fail_receive(EIO);
  for (int i = 0; i < 200 && !server.failure(); ++i) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(server.failure(), std::errc::io_error);
}

TEST_F(CallbackTest, InterfaceServesTypedFunctions) {
  CallbackServer server;
  CallbackInterface interface;
  interface.on(OpCode(0), [](std::uint32_t a, std::uint32_t b) { return a + b; })
      .on(OpCode(1),
          [](std::span<const std::byte> bytes) { return std::vector<std::byte>(bytes.begin(), bytes.end()); })
      .on(OpCode(2),
          [](Object object, std::uint8_t number) { return std::tuple(std::uint8_t(number + 1), std::move(object)); })
      .on(OpCode(3), [] {})
      .on(OpCode(4), [] { throw Error(Result::busy); });
  const CallbackObject callee = server.add(std::move(interface));
  keeper().call(OpCode(0), callee);
  EXPECT_EQ(call_back(0, {input_of({1, 0, 0, 0}), input_of({2, 0, 0, 0}), output_of(4)}).arguments[2].bytes,
            (std::vector<std::uint8_t>{3, 0, 0, 0}));
  EXPECT_EQ(call_back(0, {input_of({1}), input_of({2, 0, 0, 0}), output_of(4)}).result, 3);
  EXPECT_EQ(call_back(0, {input_of({1, 0, 0, 0}), output_of(4)}).result, 2);
  EXPECT_EQ(call_back(1, {input_of({4, 5, 6}), output_of(8)}).arguments[1].bytes, (std::vector<std::uint8_t>{4, 5, 6}));
  EXPECT_EQ(call_back(1, {input_of({4, 5, 6}), output_of(2)}).result, 4);
  const int fd = driver_.object_open([](FakeCall&) { return 0; });
  const FakeAnswer answer = call_back(2, {object_of(static_cast<std::uint64_t>(fd), QCOM_TEE_OBJECT_SECURE),
                                          input_of({9}), output_of(1), object_out()});
  EXPECT_EQ(answer.result, 0);
  EXPECT_EQ(answer.arguments[2].bytes, (std::vector<std::uint8_t>{10}));
  EXPECT_TRUE(QCOM_TEE_PARAM_OBJECT_SECURE(&answer.arguments[3].param));
  EXPECT_EQ(call_back(3).result, 0);
  EXPECT_EQ(call_back(4).result, -99);
  EXPECT_EQ(call_back(5).result, 2);
}

TEST_F(CallbackTest, CredentialsAreReadableCbor) {
  const Credentials credentials(1000, std::chrono::milliseconds(0x0102030405));
  const std::vector<std::uint8_t> expected{0xa2, 0x01, 0x19, 0x03, 0xe8, 0x06, 0x1b, 0, 0, 0, 1, 2, 3, 4, 5};
  ASSERT_EQ(credentials.bytes().size(), expected.size());
  EXPECT_EQ(std::memcmp(credentials.bytes().data(), expected.data(), expected.size()), 0);
  EXPECT_EQ(Credentials(0, std::chrono::milliseconds(1)).bytes().size(), 5u);

  CallbackServer server;
  keeper().call(OpCode(0), credentials.serve(server));
  EXPECT_EQ(call_back(0, {output_of(8)}).arguments[0].bytes, (std::vector<std::uint8_t>{15, 0, 0, 0, 0, 0, 0, 0}));
  const auto at = [](std::uint8_t offset) { return input_of({offset, 0, 0, 0, 0, 0, 0, 0}); };
  EXPECT_EQ(call_back(1, {at(0), output_of(100)}).arguments[1].bytes, expected);
  EXPECT_EQ(call_back(1, {at(13), output_of(100)}).arguments[1].bytes, (std::vector<std::uint8_t>{4, 5}));
  EXPECT_EQ(call_back(1, {at(3), output_of(1)}).arguments[1].bytes, (std::vector<std::uint8_t>{0x03}));
  EXPECT_EQ(call_back(1, {at(15), output_of(1)}).result, 2);
  EXPECT_EQ(call_back(2, {at(0), input_of({1})}).result, 2);
}

}  // namespace
}  // namespace qtee
