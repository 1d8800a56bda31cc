// SPDX-License-Identifier: BSD-3-Clause
//
// TestCBack: every operation, with a callee that does as it should and with one that does not.
#include "rig.hpp"
#include "ta_builder.hpp"

namespace qtee::fw::services_test {
namespace {

namespace cback = vsoc::test_cback;
namespace callable = vsoc::test_callable;

class TestCBack : public ::testing::Test {
 protected:
  TestCBack() {
    const Id app = rig.load_app(vsoc::ta_build({.name = "cback"}));
    cback = rig.op(0).in_value(vsoc::kAppUidTestCBack).wants(1).run(app).objects.at(0);
    rig.release(app);
  }

  // A callee that records the request and gives `reply`, cut to what is offered.
  Id callee(Reply reply = {}) {
    return rig.callback([this, reply](const Request& request) {
      seen.push_back(request);
      Reply cut = reply;
      for (std::size_t i = 0; i < cut.outs.size() && i < request.outs.size(); ++i)
        if (cut.outs[i].size() > request.outs[i]) cut.outs[i].resize(request.outs[i]);
      return cut;
    });
  }
  Memory patterned(std::uint64_t pattern = vsoc::kTestPattern1) {
    Memory memory = rig.memory(32'768);
    memory.set_word(pattern);
    return memory;
  }
  std::int32_t run(Invoke&& call) { return std::move(call).run(cback).result; }
  Request last() {
    EXPECT_EQ(seen.size(), 1u);
    Request request = seen.empty() ? Request{} : seen.back();
    seen.clear();
    return request;
  }
  static void expect_shape(const Request& request, std::uint32_t op, std::size_t ins, std::size_t outs,
                           std::size_t objects, std::size_t wanted) {
    EXPECT_EQ(request.op, op);
    EXPECT_EQ(request.ins.size(), ins);
    EXPECT_EQ(request.outs.size(), outs);
    EXPECT_EQ(request.objects.size(), objects);
    EXPECT_EQ(request.wanted, wanted);
  }
  void expect_clean() {
    rig.release(cback);
    rig.expect_clean();
  }

  Rig rig;
  Id cback = 0;
  std::vector<Request> seen;
};

TEST_F(TestCBack, SetKeepsOneObject) {
  EXPECT_EQ(run(rig.op(cback::kCallSet)), cback::kErrorNullObj);
  EXPECT_EQ(run(rig.op(cback::kSet).object(callee())), 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(run(rig.op(cback::kCallSet)), 0);
    expect_shape(last(), callable::kCall, 0, 0, 0, 0);
  }
  EXPECT_EQ(rig.ids_alive(), 1u);
  EXPECT_EQ(run(rig.op(cback::kSet).object(callee({.result = 5}))), 0);
  (void)rig.report();
  EXPECT_EQ(rig.ids_alive(), 1u) << "the first object was not let go";
  EXPECT_EQ(run(rig.op(cback::kCallSet)), 5);
  EXPECT_EQ(run(rig.op(cback::kSet).object(0)), 0);
  (void)rig.report();
  EXPECT_EQ(rig.ids_alive(), 0u);
  EXPECT_EQ(run(rig.op(cback::kCallSet)), cback::kErrorNullObj);
  EXPECT_EQ(run(rig.op(cback::kSet).object(cback)), vsoc::kBadObj) << "would keep itself alive";
  EXPECT_EQ(run(rig.op(cback::kSet).object(callee())), 0);
  expect_clean();
}

TEST_F(TestCBack, KeptObjectIsReplacedWhileItIsCalled) {
  EXPECT_EQ(run(rig.op(cback::kSet).object(rig.callback([&](const Request&) {
              EXPECT_EQ(run(rig.op(cback::kSet).object(0)), 0);
              return Reply{.result = 9};
            }))),
            0);
  EXPECT_EQ(run(rig.op(cback::kCallSet)), 9);
  EXPECT_EQ(run(rig.op(cback::kCallSet)), cback::kErrorNullObj);
  expect_clean();
}

TEST_F(TestCBack, CallPassesTheResultOn) {
  for (const std::int32_t code : {0, 1, 2, 10, 11, 0x0AFAFAFA, 0x7FFFFFFF, -90, -92, -99}) {
    EXPECT_EQ(run(rig.op(cback::kCall).object(callee({.result = code}))), code);
    expect_shape(last(), callable::kCall, 0, 0, 0, 0);
    EXPECT_EQ(run(rig.op(cback::kCallReturnError).object(callee({.result = code}))), code);
    expect_shape(last(), callable::kReturnError, 0, 0, 0, 0);
  }
  expect_clean();
}

TEST_F(TestCBack, Buffers) {
  for (const std::string_view text : {"01234567", "0123456", ""}) {
    EXPECT_EQ(run(rig.op(cback::kCallWithBuffer).in(bytes_of(text)).object(callee({.result = 0x0AFAFAFA}))),
              0x0AFAFAFA);
    auto request = last();
    expect_shape(request, callable::kCallWithBuffer, 1, 0, 0, 0);
    EXPECT_EQ(request.ins.at(0), bytes_of(text));
    EXPECT_EQ(run(rig.op(cback::kCallFuncWithBuffer).in(bytes_of(text)).object(callee())), 0);
    request = last();
    expect_shape(request, callable::kCallFuncWithBuffer, 1, 0, 0, 0);
    EXPECT_EQ(request.ins.at(0), bytes_of(text));
  }
  // Larger than the outbound buffer.
  EXPECT_EQ(run(rig.op(cback::kCallWithBuffer).in(Bytes(5000)).object(callee())), -95);
  EXPECT_EQ(seen.size(), 0u);
  expect_clean();
}

TEST_F(TestCBack, BufferOut) {
  EXPECT_EQ(run(rig.op(cback::kCallWithBufferOut).object(callee({.outs = {Bytes(3)}}))), 0);
  const auto request = last();
  expect_shape(request, callable::kCallWithBufferOut, 0, 1, 0, 0);
  EXPECT_EQ(request.outs.at(0), cback::kBufferOut);
  EXPECT_EQ(run(rig.op(cback::kCallWithBufferOut).object(callee())), cback::kErrorBadOutput);
  EXPECT_EQ(run(rig.op(cback::kCallWithBufferOut).object(callee({.result = 3}))), 3);
  expect_clean();
}

TEST_F(TestCBack, ObjectArguments) {
  const auto nothing = [](const Request&) { return Reply{}; };
  const Id argument = rig.callback(nothing);
  EXPECT_EQ(run(rig.op(cback::kCallWithObject).object(argument).object(callee())), 0);
  auto request = last();
  expect_shape(request, callable::kCallWithObject, 0, 0, 1, 0);
  EXPECT_EQ(request.objects.at(0), argument) << "its own object comes back as the id that Linux gave";

  EXPECT_EQ(run(rig.op(cback::kCallWithObject).object(0).object(callee())), 0);
  EXPECT_EQ(last().objects.at(0), 0u);

  // A TEE object is a reference of its own for the server, which gives it back while the call is under way.
  EXPECT_EQ(run(rig.op(cback::kCallWithObject).object(cback).object(rig.callback([&](const Request& r) {
              EXPECT_EQ(r.objects.at(0), cback);
              rig.release(r.objects.at(0));
              return Reply{.result = callable::kErrorObjectRemote};
            }))),
            callable::kErrorObjectRemote);
  expect_clean();
}

TEST_F(TestCBack, GetObjects) {
  const auto nothing = [](const Request&) { return Reply{}; };
  EXPECT_EQ(run(rig.op(cback::kCallGetObject).object(callee({.objects = {rig.callback(nothing)}}))), 0);
  expect_shape(last(), callable::kCallGetObject, 0, 0, 0, 1);
  EXPECT_EQ(run(rig.op(cback::kCallGetObject).object(callee())), cback::kErrorBadOutput);
  seen.clear();
  EXPECT_EQ(
      run(rig.op(cback::kCallGetThreeObjects)
              .object(callee({.objects = {rig.callback(nothing), rig.callback(nothing), rig.callback(nothing)}}))),
      0);
  expect_shape(last(), callable::kCallGetThreeObjects, 0, 0, 0, 3);
  EXPECT_EQ(run(rig.op(cback::kCallGetThreeObjects)
                    .object(callee({.objects = {rig.callback(nothing), 0, rig.callback(nothing)}}))),
            cback::kErrorBadOutput);
  // One of QTEE's own is an object, too.
  EXPECT_EQ(run(rig.op(cback::kCallGetObject).object(callee({.objects = {cback}}))), 0);
  expect_clean();
}

TEST_F(TestCBack, AddInt) {
  const std::uint32_t terms[] = {0xFFFFFFFF, 43};
  const auto with = [&](Reply reply) {
    return rig.op(cback::kCallAddInt).in_value(terms).out(4).object(callee(std::move(reply))).run(cback);
  };
  const auto good = with({.outs = {bytes_of(std::uint32_t{42})}});
  ASSERT_EQ(good.result, 0);
  EXPECT_EQ(value_of<std::uint32_t>(good.outs[0]), 42u);
  const auto request = last();
  expect_shape(request, callable::kCallAddInt, 1, 1, 0, 0);
  EXPECT_EQ(request.ins.at(0), bytes_of(terms));
  EXPECT_EQ(with({.outs = {bytes_of(std::uint32_t{41})}}).result, cback::kErrorBadOutput);
  EXPECT_EQ(with({.outs = {Bytes(3)}}).result, cback::kErrorBadOutput);
  EXPECT_EQ(with({}).result, cback::kErrorBadOutput);
  EXPECT_EQ(with({.result = 12}).result, 12);
  seen.clear();
  EXPECT_EQ(run(rig.op(cback::kCallAddInt).in(Bytes(7)).out(4).object(callee())), vsoc::kInvalid);
  EXPECT_EQ(run(rig.op(cback::kCallAddInt).in_value(terms).out(3).object(callee())), vsoc::kSizeOut);
  EXPECT_EQ(seen.size(), 0u);
  expect_clean();
}

TEST_F(TestCBack, CopyBuffer) {
  const auto in = bytes_of("copy this");
  const auto copy = [&](std::size_t room) { return rig.op(cback::kCallCopyBuffer).in(in).out(room).run(cback); };
  const auto keep = [&](Reply reply) { EXPECT_EQ(run(rig.op(cback::kSet).object(callee(std::move(reply)))), 0); };
  EXPECT_EQ(copy(9).result, cback::kErrorNullObj);
  keep({.outs = {in}});
  EXPECT_EQ(copy(20).outs.at(0), in);
  expect_shape(last(), callable::kCallCopyBuffer, 1, 1, 0, 0);
  EXPECT_EQ(copy(4).outs.at(0), bytes_of("copy"));
  EXPECT_EQ(copy(0).outs.at(0), Bytes{});
  keep({.outs = {bytes_of("copy that")}});
  EXPECT_EQ(copy(9).result, cback::kErrorBadOutput);
  keep({.outs = {bytes_of("copy")}});
  EXPECT_EQ(copy(9).result, cback::kErrorBadOutput);
  keep({.result = 4});
  EXPECT_EQ(copy(9).result, 4);
  expect_clean();
}

TEST_F(TestCBack, Delay) {
  const auto answer = rig.op(cback::kCallWithDelay).out(32).object(callee({.outs = {bytes_of("slept")}})).run(cback);
  ASSERT_EQ(answer.result, 0);
  EXPECT_EQ(answer.outs[0], bytes_of("slept"));
  const auto request = last();
  expect_shape(request, callable::kCallWithDelay, 0, 1, 0, 0);
  EXPECT_EQ(request.outs.at(0), 32u);
  EXPECT_EQ(run(rig.op(cback::kCallWithDelay).out(32).object(callee({.result = 1}))), 1);
  EXPECT_EQ(run(rig.op(cback::kCallWithDelay).out(5000).object(callee())), -95);
  expect_clean();
}

// The five operations that get memory objects, with what their callbacks look like.
struct GetMemory {
  std::uint32_t op, called;
  bool in, out;
  std::size_t wanted;
};

class TestCBackMemory : public TestCBack, public ::testing::WithParamInterface<GetMemory> {
 protected:
  std::int32_t get(Reply reply) {
    auto call = rig.op(GetParam().op);
    if (GetParam().in) call = std::move(call).in(bytes_of("12345678"));
    return std::move(call).object(callee(std::move(reply))).run(cback).result;
  }
  Reply reply_with(Id id) {
    Reply reply{.objects = {id}};
    if (GetParam().out) reply.outs = {Bytes(cback::kBufferOut, std::byte{'A'})};
    if (GetParam().wanted == 2) {
      second = patterned();
      reply.objects.push_back(rig.memory_object(second));
    }
    return reply;
  }
  Memory second;
};

TEST_P(TestCBackMemory, MapsAndReleases) {
  Memory memory = patterned();
  EXPECT_EQ(get(reply_with(rig.memory_object(memory))), 0);
  const auto request = last();
  expect_shape(request, GetParam().called, GetParam().in, GetParam().out, 0, GetParam().wanted);
  if (GetParam().in) {
    EXPECT_EQ(request.ins.at(0), bytes_of("12345678"));
  }
  EXPECT_EQ(rig.map_requests(), GetParam().wanted);
  EXPECT_EQ(memory.word(), vsoc::kTestPattern2);
  if (GetParam().wanted == 2) {
    EXPECT_EQ(second.word(), vsoc::kTestPattern2);
  }
  EXPECT_EQ(rig.ids_alive(), 0u);
  expect_clean();
}

TEST_P(TestCBackMemory, BadAnswers) {
  EXPECT_EQ(get(reply_with(0)), cback::kErrorBadOutput);
  EXPECT_EQ(get(reply_with(cback)), cback::kErrorBadOutput) << "an object of QTEE";
  EXPECT_EQ(get(reply_with(rig.callback([](const Request&) { return Reply{}; }))), -96) << "Linux maps only memory";
  Memory wrong = patterned(0x1234);
  EXPECT_EQ(get(reply_with(rig.memory_object(wrong))), cback::kErrorBadOutput);
  EXPECT_EQ(wrong.word(), 0x1234u);
  Memory read_only = patterned();
  read_only.perms = 4;
  EXPECT_EQ(get(reply_with(rig.memory_object(read_only))), cback::kErrorBadOutput);
  EXPECT_EQ(read_only.word(), vsoc::kTestPattern1);
  EXPECT_EQ(get({.result = 10}), 10);
  if (GetParam().out) {
    Reply reply = reply_with(rig.memory_object(patterned()));
    reply.outs[0].back() = std::byte{'B'};
    EXPECT_EQ(get(reply), cback::kErrorBadOutput) << "not only A";
    reply = reply_with(rig.memory_object(patterned()));
    reply.outs.clear();
    EXPECT_EQ(get(reply), cback::kErrorBadOutput) << "nothing";
  }
  expect_clean();
}

TEST_P(TestCBackMemory, RefusedMapping) {
  rig.on_map = [](MapAnswer) { return MapAnswer{.result = 1}; };
  EXPECT_EQ(get(reply_with(rig.memory_object(patterned()))), 1);
  expect_clean();
}

INSTANTIATE_TEST_SUITE_P(
    All, TestCBackMemory,
    ::testing::Values(GetMemory{cback::kCallGetMemObject, callable::kCallGetMemObject, false, false, 1},
                      GetMemory{cback::kCallGetMemObjectIn, callable::kCallGetMemObjectIn, true, false, 1},
                      GetMemory{cback::kCallGetMemObjectOut, callable::kCallGetMemObjectOut, false, true, 1},
                      GetMemory{cback::kCallGetMemObjectInOut, callable::kCallGetMemObjectInOut, true, true, 1},
                      GetMemory{cback::kCallGetTwoMemObjects, callable::kCallGetTwoMemObjects, false, false, 2}));

TEST_F(TestCBack, NullAndForeignCallees) {
  for (std::uint32_t op = cback::kCall; op <= cback::kCallGetTwoMemObjects; ++op) {
    if (op == cback::kCallCopyBuffer) continue;  // on the kept object
    for (const Id id : {Id{0}, cback}) {
      auto call = rig.op(op);
      if (op == cback::kCallWithBuffer || op == cback::kCallAddInt || op == cback::kCallFuncWithBuffer ||
          op == cback::kCallGetMemObjectIn || op == cback::kCallGetMemObjectInOut)
        call = std::move(call).in(Bytes(8));
      if (op == cback::kCallAddInt || op == cback::kCallWithDelay) call = std::move(call).out(4);
      if (op == cback::kCallWithObject) call = std::move(call).object(0);
      EXPECT_EQ(run(std::move(call).object(id)), id == 0 ? cback::kErrorNullObj : vsoc::kBadObj) << op;
    }
  }
  expect_clean();
}

TEST_F(TestCBack, WrongShapes) {
  for (std::uint32_t op = 0; op <= 20; ++op) {
    EXPECT_EQ(run(rig.op(op).in(Bytes(8)).in(Bytes(8)).object(callee())), vsoc::kInvalid) << op;
    EXPECT_EQ(run(rig.op(op).object(callee()).object(callee()).object(callee())), vsoc::kInvalid) << op;
    EXPECT_EQ(run(rig.op(op).object(callee()).wants(1)), vsoc::kInvalid) << op;
    EXPECT_EQ(run(rig.op(op).out(4).out(4).object(callee())), vsoc::kInvalid) << op;
  }
  EXPECT_EQ(run(rig.op(0xFFFD)), vsoc::kInvalid);
  EXPECT_EQ(seen.size(), 0u);
  expect_clean();
}

TEST_F(TestCBack, NestedCalls) {
  // The callee calls the TA again, which calls another callee, and so on.
  int depth = 0;
  std::function<Reply(const Request&)> nest = [&](const Request&) -> Reply {
    if (++depth == 6) return {.result = 1234};
    return {.result = run(rig.op(cback::kCall).object(rig.callback(nest)))};
  };
  EXPECT_EQ(run(rig.op(cback::kCall).object(rig.callback(nest))), 1234);
  EXPECT_EQ(depth, 6);
  expect_clean();
}

}  // namespace
}  // namespace qtee::fw::services_test
