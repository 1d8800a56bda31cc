// SPDX-License-Identifier: BSD-3-Clause
//
// Callbacks through the library's server on the real driver.
#include <atomic>
#include <cstring>

#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

class CallbackTest : public UserTest {
 protected:
  void TearDown() override {
    EXPECT_TRUE(all_released(server_));
    EXPECT_FALSE(server_.failure()) << server_.failure().message();
  }

  vsoc::CallbackRequest request(std::uint32_t op, std::uint32_t repeat = 1) { return {op, repeat}; }

  CallbackServer server_;
};

TEST_F(CallbackTest, EveryOperationNumberArrives) {
  std::vector<std::uint32_t> seen;
  const CallbackObject callee = server_.add([&](CallbackRequest& call) {
    seen.push_back(call.op().value());
    return Result::ok;
  });
  for (const std::uint32_t op : {0u, 1u, 0x7FFFu, 0x8000u, 0xFFFDu}) {
    service_.object().call(Op::callback, request(op), callee);
  }
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{0, 1, 0x7FFF, 0x8000, 0xFFFD}));
}

TEST_F(CallbackTest, ResultsOfTheHandlerComeBackAsTheyAre) {
  std::int32_t answer = 0;
  const CallbackObject callee = server_.add([&](CallbackRequest&) { return static_cast<Result>(answer); });
  for (const std::int32_t code : {0, 1, 2, 5, 10, 0x0AFAFAFA, -1, -90, -92, -99, -103, -1000}) {
    answer = code;
    EXPECT_EQ(service_.object().try_call(Op::callback, request(0), callee).error().value(), code);
  }
}

TEST_F(CallbackTest, ZeroToFourteenOfEachKindPass) {
  const CallbackObject callee = server_.add([&](CallbackRequest& call) {
    for (std::size_t i = 0; i < call.output_count(); ++i) call.set_output(i, call.input(i));
    for (std::size_t i = 0; i < call.output_object_count(); ++i) call.set_object(i, call.take_object(i));
    return Result::ok;
  });
  for (std::size_t count = 0; count <= 14; count += 2) {
    std::vector<std::vector<std::byte>> in, out;
    Invocation invocation(Op::callback);
    const vsoc::CallbackRequest head = request(static_cast<std::uint32_t>(count));
    invocation.input(std::as_bytes(std::span(&head, 1))).input(callee);
    for (std::size_t i = 0; i < count; ++i) {
      in.push_back(bytes_of(i * 5, i));
      out.emplace_back(i * 5 + 3);
    }
    const Object tee = service_.create();
    for (std::size_t i = 0; i < count; ++i) {
      invocation.input(in[i]).output(out[i]).output_object();
      if (i % 3 == 0) invocation.input(tee);
      if (i % 3 == 1) invocation.input(callee);
      if (i % 3 == 2) invocation.input(nullptr);
    }
    ASSERT_FALSE(invocation.invoke(service_.object())) << count;
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(invocation.written(i).size(), in[i].size());
      EXPECT_TRUE(std::equal(in[i].begin(), in[i].end(), invocation.written(i).begin()));
      const AnyObject back = invocation.take_object(i);
      if (i % 3 == 0) {
        ASSERT_TRUE(std::holds_alternative<Object>(back));
        std::get<Object>(back).call(Op::null);
      }
      if (i % 3 == 1) {
        ASSERT_TRUE(std::holds_alternative<CallbackObject>(back));
        EXPECT_TRUE(std::get<CallbackObject>(back) == callee);
      }
      if (i % 3 == 2) {
        EXPECT_TRUE(std::holds_alternative<std::monostate>(back));
      }
    }
  }
}

TEST_F(CallbackTest, BigBuffersPass) {
  const CallbackObject callee = server_.add([&](CallbackRequest& call) {
    call.set_output(0, call.input(0));
    return Result::ok;
  });
  // A callback's message is one page in both directions together.
  for (const std::size_t size : {1ul, 100ul, 1000ul, 1990ul}) {
    const auto in = bytes_of(size, size);
    std::vector<std::byte> memory(size);
    Output out(memory);
    service_.object().call(Op::callback, request(0), in, out, callee);
    EXPECT_EQ(out.size(), size);
    EXPECT_EQ(in, memory);
  }
}

TEST_F(CallbackTest, NestsToADepth) {
  CallbackObject callee;
  std::atomic<unsigned> calls = 0;
  callee = server_.add([&](CallbackRequest& call) {
    call.expect(1, 1, 1, 0);
    ++calls;
    const Object service = call.take_object<Object>(0);
    call.set_output(0, service.call<std::uint32_t>(Op::nest, call.input<std::uint32_t>(0), callee));
    return Result::ok;
  });
  for (const std::uint32_t depth : {0u, 1u, 2u, 8u, 20u}) {
    calls = 0;
    EXPECT_EQ(service_.object().call<std::uint32_t>(Op::nest, depth, callee), depth);
    EXPECT_EQ(calls, depth);
  }
  EXPECT_GE(server_.threads(), 20u) << "the pool grows with the depth";
}

TEST_F(CallbackTest, ManyThreadsCallBackAtOnce) {
  std::atomic<unsigned> calls = 0, inside = 0, most = 0;
  const CallbackObject callee = server_.add([&](CallbackRequest& call) {
    const unsigned now = ++inside;
    for (unsigned seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    ++calls;
    std::this_thread::sleep_for(1ms);
    call.set_output(0, call.input(0));
    --inside;
    return Result::ok;
  });
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint32_t i = 0; i < 25; ++i) {
        const std::uint32_t value = t << 16 | i;
        EXPECT_EQ(service_.object().call<std::uint32_t>(Op::callback, request(0), value, callee), value);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(calls, 100u);
  EXPECT_GT(most, 1u) << "requests are served one after another";
}

TEST_F(CallbackTest, RepeatedCallbacksInOneInvocation) {
  unsigned calls = 0;
  const CallbackObject callee =
      server_.add([&](CallbackRequest&) { return ++calls == 50 ? Result::busy : Result::ok; });
  EXPECT_RESULT(service_.object().call(Op::callback, request(0, 100), callee), Result::busy);
  EXPECT_EQ(calls, 50u);
}

TEST_F(CallbackTest, ReleaseIsNotifiedOncePerReference) {
  auto alive = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = alive;
  CallbackObject callee = server_.add([alive = std::move(alive)](CallbackRequest&) { return Result::ok; });
  service_.object().call(Op::hold, callee, callee);
  service_.object().call(Op::hold, callee);
  EXPECT_EQ(callee.references(), 3u);
  service_.object().call(Op::drop, 1u);
  for (int i = 0; i < 100 && callee.references() != 2; ++i) {
    service_.null();
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(callee.references(), 2u);
  callee = {};
  EXPECT_FALSE(watch.expired());
  service_.object().call(Op::drop, 0xFFFFFFFFu);
  EXPECT_TRUE(all_released(server_));
  for (int i = 0; i < 100 && !watch.expired(); ++i) std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(watch.expired());
}

TEST_F(CallbackTest, ReleaseByCallbackIsTheSameToUs) {
  service_.configure(vsoc::ConfigureKey::release_by_callback, 1);
  const CallbackObject callee = server_.add([](CallbackRequest&) { return Result::ok; });
  service_.object().call(Op::callback, request(0), callee);
  EXPECT_TRUE(all_released(server_));
  service_.configure(vsoc::ConfigureKey::release_by_callback, 0);
}

TEST_F(CallbackTest, HandlerThatGivesNewObjects) {
  std::atomic<unsigned> inner_calls = 0;
  const CallbackObject callee = server_.add([&](CallbackRequest& call) {
    call.expect(0, 0, 0, 2);
    call.set_object(0, server_.add([&](CallbackRequest&) {
      ++inner_calls;
      return Result::ok;
    }));
    call.set_object(1, service_.create());
    return Result::ok;
  });
  {
    auto [own, tee] = service_.object().call<CallbackObject, Object>(Op::callback, request(0), callee);
    ASSERT_TRUE(own);
    ASSERT_TRUE(tee);
    service_.object().call(Op::callback, request(0), own);
    tee.call(Op::null);
  }
  EXPECT_EQ(inner_calls, 1u);
}

TEST_F(CallbackTest, StoppedServerAnswersDefunct) {
  auto second = std::make_unique<CallbackServer>();
  const CallbackObject callee = second->add([](CallbackRequest&) { return Result::ok; });
  service_.object().call(Op::hold, callee);
  second->stop();
  EXPECT_EQ(service_.object().try_call(Op::callback, request(0), callee).error(), std::errc::bad_file_descriptor);
  service_.object().call(Op::drop, 0xFFFFFFFFu);
}

TEST_F(CallbackTest, ServersComeAndGo) {
  for (int i = 0; i < 30; ++i) {
    CallbackServer server;
    const CallbackObject callee = server.add([](CallbackRequest&) { return Result::ok; });
    service_.object().call(Op::callback, request(0), callee);
  }
}

}  // namespace
}  // namespace qtee::test
