// SPDX-License-Identifier: BSD-3-Clause
//
// A TA that calls back: TestCBack, all operations, in the order of the public test client and each by itself.
#include <cstring>

#include "callable.hpp"
#include "ta_builder.hpp"

namespace qtee::judge {
namespace {

namespace cback = vsoc::test_cback;
namespace callable = vsoc::test_callable;

class TestCBack : public JudgeTest {
 protected:
  void SetUp() override {
    JudgeTest::SetUp();
    const Object loader = open_service(vsoc::kUidAppLoader);
    ASSERT_TRUE(loader);
    Received controller;
    const auto image = vsoc::ta_build({.name = "judge-ecotest", .size = 118'216});
    ASSERT_OK(Invocation(vsoc::app_loader::kLoadFromBuffer).in(image).out_object(controller).run(loader));
    Received app;
    ASSERT_OK(Invocation(vsoc::app_controller::kGetAppObject).out_object(app).run(controller.object()));
    app_ = app.take();
    ASSERT_OK(service_open(app_, vsoc::kAppUidTestCBack, test_));
    ASSERT_TRUE(test_);
    callable_ = std::make_shared<TestCallable>(server());
    id_ = server().add(callable_);
  }

  void TearDown() override {
    server().remove(id_);
    test_ = {};
    app_ = {};
    JudgeTest::TearDown();
    if (callable_ != nullptr) {
      EXPECT_EQ(server().references(id_), 0u);
    }
  }

  Invocation op(std::uint32_t number) { return Invocation(number); }
  Outcome run(Invocation&& invocation) { return invocation.run(test_); }
  Outcome run(Invocation& invocation) { return invocation.run(test_); }
  // With our object as the last input object.
  Outcome with_callee(Invocation& invocation) { return invocation.in_callback(server(), id_).run(test_); }
  Outcome with_callee(Invocation&& invocation) { return with_callee(invocation); }
  bool released() { return poll_references(server(), id_, 0); }
  void expect_called(std::uint32_t op, unsigned count = 1) {
    EXPECT_EQ(callable_->counter(op), count) << "operation " << op;
    EXPECT_EQ(callable_->last_op(), op);
  }

  Object app_;
  Object test_;
  std::shared_ptr<TestCallable> callable_;
  std::uint64_t id_ = 0;
};

TEST_F(TestCBack, Call) {
  EXPECT_OK(with_callee(op(cback::kCall)));
  expect_called(callable::kCall);
  EXPECT_TRUE(released());
}

TEST_F(TestCBack, CallWithBuffer) {
  EXPECT_OK(with_callee(op(cback::kCallWithBuffer).in("12345678", 8)));
  expect_called(callable::kCallWithBuffer);
  EXPECT_EQ(std::memcmp(callable_->last_input().data(), "12345678", 8), 0);
  EXPECT_THAT(with_callee(op(cback::kCallWithBuffer).in("1234567", 7)), Answers(kBufferMismatch));
  EXPECT_EQ(callable_->last_input().size(), 7u);
  EXPECT_TRUE(released());
}

TEST_F(TestCBack, CallWithBufferOut) {
  EXPECT_OK(with_callee(op(cback::kCallWithBufferOut)));
  expect_called(callable::kCallWithBufferOut);
}

TEST_F(TestCBack, CallWithObjectOfOurs) {
  std::atomic<int> own = 0;
  const Callee argument(server(), [](Request&) { return 0; });
  callable_->on_object = [&](Received& object) { own += object.is_user() && object.id() == argument.id(); };
  EXPECT_OK(op(cback::kCallWithObject).in_callback(server(), argument.id()).in_callback(server(), id_).run(test_));
  expect_called(callable::kCallWithObject);
  EXPECT_EQ(own, 1);
  EXPECT_TRUE(poll_references(server(), argument.id(), 0)) << "the TA kept its argument";
  EXPECT_TRUE(released());
}

TEST_F(TestCBack, CallWithObjectOfTheTee) {
  std::uint32_t sum = 0;
  callable_->on_object = [&](Received& object) {
    // Invoked, and released, by the server's thread while the outer invocation is in flight.
    if (!object.is_tee()) return;
    const std::uint32_t in[2] = {20, 22};
    Object tee = object.take();
    EXPECT_OK(Invocation(vsoc::adder::kAdd).in_value(in).out_value(sum).run(tee));
    EXPECT_OK(tee.release());
  };
  EXPECT_OK(op(cback::kCallWithObject).in_object(app_).in_callback(server(), id_).run(test_));
  EXPECT_EQ(sum, 42u);
  EXPECT_TRUE(released());
}

TEST_F(TestCBack, CallWithNullObject) {
  bool null = false;
  callable_->on_object = [&](Received& object) { null = object.is_null(); };
  EXPECT_OK(op(cback::kCallWithObject).in_null().in_callback(server(), id_).run(test_));
  EXPECT_TRUE(null);
}

TEST_F(TestCBack, SetAndCallSet) {
  EXPECT_THAT(run(op(cback::kCallSet)), Answers(cback::kErrorNullObj));
  EXPECT_OK(with_callee(op(cback::kSet)));
  EXPECT_EQ(server().references(id_), 1u);
  EXPECT_OK(run(op(cback::kCallSet)));
  EXPECT_OK(run(op(cback::kCallSet)));
  expect_called(callable::kCall, 2);
  EXPECT_OK(with_callee(op(cback::kSet)));
  EXPECT_TRUE(poll_references(server(), id_, 1)) << "the first is let go when the second comes";
  EXPECT_OK(run(op(cback::kSet).in_null()));
  EXPECT_TRUE(released());
  EXPECT_THAT(run(op(cback::kCallSet)), Answers(cback::kErrorNullObj));
}

TEST_F(TestCBack, SetDiesWithTheTestObject) {
  EXPECT_OK(with_callee(op(cback::kSet)));
  test_ = {};
  EXPECT_TRUE(released());
}

TEST_F(TestCBack, CallGetObjects) {
  EXPECT_OK(with_callee(op(cback::kCallGetObject)));
  expect_called(callable::kCallGetObject);
  EXPECT_TRUE(released());
  EXPECT_OK(with_callee(op(cback::kCallGetThreeObjects)));
  expect_called(callable::kCallGetThreeObjects);
  EXPECT_TRUE(released());
}

TEST_F(TestCBack, CallAddInt) {
  const std::uint32_t in[2] = {0xFFFFFFFF, 43};
  std::uint32_t sum = 0;
  EXPECT_OK(with_callee(op(cback::kCallAddInt).in_value(in).out_value(sum)));
  EXPECT_EQ(sum, 42u);
}

TEST_F(TestCBack, CallReturnError) {
  for (const std::int32_t code : {1, 2, 10, 11, 0x0AFAFAFA, 0x7FFFFFFF}) {
    callable_->return_code = code;
    EXPECT_THAT(with_callee(op(cback::kCallReturnError)), Answers(code));
  }
  callable_->return_code = 0;
  EXPECT_OK(with_callee(op(cback::kCallReturnError)));
}

TEST_F(TestCBack, CallCopyBuffer) {
  const auto in = pattern_bytes(500);
  std::vector<std::byte> out(500);
  std::size_t size = 0;
  EXPECT_THAT(run(op(cback::kCallCopyBuffer).in(in).out(out.data(), out.size(), &size)), Answers(cback::kErrorNullObj));
  EXPECT_OK(with_callee(op(cback::kSet)));
  EXPECT_OK(run(op(cback::kCallCopyBuffer).in(in).out(out.data(), out.size(), &size)));
  EXPECT_EQ(size, in.size());
  EXPECT_EQ(out, in);
  EXPECT_OK(run(op(cback::kCallCopyBuffer).in(in).out(out.data(), 9, &size)));
  EXPECT_EQ(size, 9u) << "cut to what is offered";
}

TEST_F(TestCBack, CallFuncWithBuffer) {
  EXPECT_OK(with_callee(op(cback::kCallFuncWithBuffer).in("function", 8)));
  expect_called(callable::kCallFuncWithBuffer);
}

TEST_F(TestCBack, CallWithDelay) {
  callable_->delay = std::chrono::milliseconds(150);
  char out[32] = {};
  const auto start = std::chrono::steady_clock::now();
  EXPECT_OK(with_callee(op(cback::kCallWithDelay).out(out, sizeof(out))));
  EXPECT_GE(std::chrono::steady_clock::now() - start, callable_->delay);
  EXPECT_EQ(out[0], 'D');
  EXPECT_EQ(out[31], 'D');
}

TEST_F(TestCBack, CallGetMemObjects) {
  EXPECT_OK(with_callee(op(cback::kCallGetMemObject)));
  expect_called(callable::kCallGetMemObject);
  EXPECT_OK(with_callee(op(cback::kCallGetMemObjectIn).in("12345678", 8)));
  expect_called(callable::kCallGetMemObjectIn);
  EXPECT_EQ(std::memcmp(callable_->last_input().data(), "12345678", 8), 0);
  EXPECT_OK(with_callee(op(cback::kCallGetMemObjectOut)));
  expect_called(callable::kCallGetMemObjectOut);
  EXPECT_OK(with_callee(op(cback::kCallGetMemObjectInOut).in("12345678", 8)));
  expect_called(callable::kCallGetMemObjectInOut);
  EXPECT_OK(with_callee(op(cback::kCallGetTwoMemObjects)));
  expect_called(callable::kCallGetTwoMemObjects);
  EXPECT_EQ(callable_->memories.size(), 6u);
  EXPECT_TRUE(poll([](const vsoc::Report& now) { return now.mappings == 0; }));
}

TEST_F(TestCBack, MemObjectWithWrongPatternIsNoticed) {
  callable_->memory_pattern = 0x1234;
  EXPECT_NE(with_callee(op(cback::kCallGetMemObject)).result, 0);
}

// The public client's sequence, which drops its own reference midway.
TEST_F(TestCBack, PublicClientSequence) {
  const Callee argument(server(), [](Request&) { return 0; });
  for (int iteration = 0; iteration < 3; iteration++) {
    SCOPED_TRACE(iteration);
    EXPECT_OK(with_callee(op(cback::kCall)));
    EXPECT_OK(with_callee(op(cback::kCallWithBuffer).in("12345678", 8)));
    EXPECT_THAT(with_callee(op(cback::kCallWithBuffer).in("1234567", 7)), Answers(kBufferMismatch));
    EXPECT_OK(op(cback::kCallWithObject).in_callback(server(), argument.id()).in_callback(server(), id_).run(test_));
    EXPECT_OK(op(cback::kCallWithObject).in_object(app_).in_callback(server(), id_).run(test_));
    EXPECT_OK(with_callee(op(cback::kSet)));
    EXPECT_OK(run(op(cback::kCallSet)));
    EXPECT_OK(run(op(cback::kSet).in_null()));
    {
      auto own = std::make_shared<TestCallable>(server());
      const std::weak_ptr<TestCallable> weak = own;
      const std::uint64_t own_id = server().add(std::move(own));
      EXPECT_OK(op(cback::kSet).in_callback(server(), own_id).run(test_));
      server().remove(own_id);
      ASSERT_FALSE(weak.expired()) << "QTEE's reference must keep the object";
      EXPECT_OK(run(op(cback::kCallSet)));
      EXPECT_EQ(weak.lock()->counter(callable::kCall), 1u);
      EXPECT_OK(run(op(cback::kSet).in_null()));
      EXPECT_TRUE(poll([&](const vsoc::Report&) { return weak.expired(); })) << "the last release frees it";
    }
    EXPECT_OK(with_callee(op(cback::kCallGetMemObject)));
    EXPECT_OK(with_callee(op(cback::kCallGetMemObjectIn).in("12345678", 8)));
    EXPECT_OK(with_callee(op(cback::kCallGetMemObjectOut)));
    EXPECT_OK(with_callee(op(cback::kCallGetMemObjectInOut).in("12345678", 8)));
    EXPECT_OK(with_callee(op(cback::kCallGetTwoMemObjects)));
    EXPECT_TRUE(released());
    callable_->memories.clear();
  }
}

TEST_F(TestCBack, NullCallee) {
  for (const std::uint32_t number :
       {cback::kCall, cback::kCallWithBufferOut, cback::kCallGetObject, cback::kCallGetThreeObjects,
        cback::kCallReturnError, cback::kCallGetMemObject, cback::kCallGetMemObjectOut, cback::kCallGetTwoMemObjects}) {
    EXPECT_THAT(run(op(number).in_null()), Answers(cback::kErrorNullObj)) << number;
  }
}

TEST_F(TestCBack, WrongShapes) {
  EXPECT_THAT(run(op(cback::kCall)), Answers(vsoc::kInvalid));
  EXPECT_THAT(with_callee(op(cback::kCallWithBuffer)), Answers(vsoc::kInvalid));
  EXPECT_THAT(with_callee(op(cback::kCallSet)), Answers(vsoc::kInvalid));
  EXPECT_THAT(run(op(18)), Answers(vsoc::kInvalid));
  EXPECT_EQ(callable_->calls(), 0u);
  EXPECT_TRUE(released());
}

}  // namespace
}  // namespace qtee::judge
