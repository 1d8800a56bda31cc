// SPDX-License-Identifier: BSD-3-Clause
//
// Callbacks through the private service: every shape, results, nesting, objects that travel both ways.
#include <unistd.h>

#include <climits>
#include <cstring>

#include "fixture.hpp"

namespace qtee::judge {
namespace {

using vsoc::Op;

constexpr std::uint32_t kSomeOp = 7;

class Callbacks : public JudgeTest {
 protected:
  // The head of an Op::callback: its request and the callee; the rest of the invocation is what the callee gets.
  Invocation callback(const Callee& callee, std::uint32_t op = kSomeOp, std::uint32_t repeat = 1) {
    Invocation invocation = service().call(Op::callback);
    invocation.in_value(vsoc::CallbackRequest{op, repeat}).in_callback(callee.server(), callee.id());
    return invocation;
  }
  Outcome run(Invocation& invocation) { return service().run(invocation); }
  Outcome run(Invocation&& invocation) { return service().run(invocation); }
  bool released(const Callee& callee) { return poll_references(callee.server(), callee.id(), 0); }
};

TEST_F(Callbacks, Plain) {
  std::uint32_t op = 0;
  const Callee callee(server(), [&](Request& request) {
    op = request.op();
    return request.has_shape(0, 0, 0, 0) ? 0 : vsoc::kInvalid;
  });
  EXPECT_OK(run(callback(callee)));
  EXPECT_EQ(op, kSomeOp);
  EXPECT_EQ(callee.calls(), 1u);
  EXPECT_TRUE(released(callee));
  EXPECT_EQ(callee.releases(), 1u);
}

TEST_F(Callbacks, Operations) {
  std::uint32_t seen = 0;
  const Callee callee(server(), [&](Request& request) {
    seen = request.op();
    return 0;
  });
  for (const std::uint32_t op : {0u, 1u, 255u, 0x7FFFu, 0x8000u, 0xFFFDu}) {
    EXPECT_OK(run(callback(callee, op)));
    EXPECT_EQ(seen, op);
  }
}

TEST_F(Callbacks, Repeated) {
  const Callee callee(server(), [](Request&) { return 0; });
  EXPECT_OK(run(callback(callee, kSomeOp, 0)));
  EXPECT_EQ(callee.calls(), 1u) << "0 counts as 1";
  EXPECT_OK(run(callback(callee, kSomeOp, 10)));
  EXPECT_EQ(callee.calls(), 11u);
  EXPECT_TRUE(released(callee));
}

TEST_F(Callbacks, RepetitionEndsAtTheFirstError) {
  unsigned calls = 0;
  const Callee callee(server(), [&](Request&) { return ++calls == 3 ? 77 : 0; });
  EXPECT_THAT(run(callback(callee, kSomeOp, 10)), Answers(77));
  EXPECT_EQ(calls, 3u);
}

TEST_F(Callbacks, ResultsOfTheCallee) {
  std::int32_t code = 0;
  const Callee callee(server(), [&](Request&) { return code; });
  for (const std::int32_t positive : {1, 2, 10, 11, 0x0AFAFAFA, INT_MAX}) {
    code = positive;
    EXPECT_THAT(run(callback(callee)), Answers(positive));
  }
  // The driver takes what is negative for an errno of its own: the table of protocol.md 3.5.
  const std::pair<std::int32_t, std::int32_t> table[] = {
      {-ENOMEM, -97}, {-ENODEV, -90}, {-ENOSPC, -99}, {-EBUSY, -99},
      {-EBADF, -96},  {-EINVAL, -96}, {-EPERM, 1},    {-92, driver_is_mainline() ? 1 : -92}};
  for (const auto& [errno_code, result] : table) {
    code = errno_code;
    EXPECT_THAT(run(callback(callee)), Answers(result)) << errno_code;
  }
  EXPECT_TRUE(released(callee));
}

// (inputs, outputs, objects in, objects out); 10 arguments at most fit a receive of the public clients.
class CallbackShapes : public Callbacks, public ::testing::WithParamInterface<std::array<unsigned, 4>> {};

TEST_P(CallbackShapes, AllArgumentsArrive) {
  const auto [ins, outs, objects_in, objects_out] = GetParam();
  std::vector<std::vector<std::byte>> in;
  for (unsigned i = 0; i < ins; i++) in.push_back(pattern_bytes(1 + 9 * i, i));
  std::vector<Received> created(1);
  ASSERT_OK(service().create(created));
  const Callee passed(server(), [](Request&) { return 0; });

  std::string wrong;
  const Callee callee(server(), [&, objects_in = objects_in, outs = outs, objects_out = objects_out](Request& request) {
    if (!request.has_shape(in.size(), outs, objects_in, objects_out)) wrong += "shape ";
    for (std::size_t i = 0; i < request.inputs().size(); i++) {
      if (!std::ranges::equal(request.inputs()[i], in[i])) wrong += "input " + std::to_string(i) + ' ';
    }
    for (std::size_t i = 0; i < request.output_sizes().size(); i++) {
      if (request.output_sizes()[i] != 50) wrong += "output size ";
      const auto out = pattern_bytes(50 - i, 100 + i);
      request.reply(i, out.data(), out.size());
    }
    for (std::size_t i = 0; i < request.in_objects().size(); i++) {
      const Received& object = request.in_objects()[i];
      if (i % 2 == 0 && !(object.is_user() && object.id() == passed.id())) wrong += "object ";
      if (i % 2 == 1 && !(object.is_tee() && Service(object.object()).null().ok())) wrong += "tee object ";
    }
    for (std::size_t i = 0; i < request.out_objects(); i++) {
      if (i % 3 == 0) request.reply_callback(i, server(), passed.id());
      if (i % 3 == 1) request.reply_ref(i, created[0].ref());
    }
    return 0;
  });

  Invocation invocation = callback(callee);
  std::vector<std::vector<std::byte>> out(outs, std::vector<std::byte>(50));
  std::vector<std::size_t> sizes(outs);
  std::vector<Received> objects(objects_out);
  for (const auto& bytes : in) invocation.in(bytes);
  for (unsigned i = 0; i < outs; i++) invocation.out(out[i].data(), out[i].size(), &sizes[i]);
  for (unsigned i = 0; i < objects_in; i++) {
    if (i % 2 == 0) {
      invocation.in_callback(server(), passed.id());
    } else {
      invocation.in_object(created[0].object());
    }
  }
  for (Received& object : objects) invocation.out_object(object);
  EXPECT_OK(run(invocation));
  EXPECT_EQ(wrong, "");
  for (unsigned i = 0; i < outs; i++) {
    EXPECT_EQ(sizes[i], 50 - i);
    const auto expected = pattern_bytes(50 - i, 100 + i);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), out[i].begin())) << i;
  }
  for (unsigned i = 0; i < objects_out; i++) {
    if (i % 3 == 0) {
      EXPECT_TRUE(objects[i].is_user() && objects[i].id() == passed.id()) << i;
    } else if (i % 3 == 1) {
      ASSERT_TRUE(objects[i].is_tee()) << i;
      EXPECT_OK(Service(objects[i].object()).null());
    } else {
      EXPECT_TRUE(objects[i].is_null()) << i;
    }
  }
  EXPECT_TRUE(poll_references(server(), passed.id(), 0));
  EXPECT_EQ(passed.releases(), (objects_in + 1) / 2 + (objects_out + 2) / 3);
}

INSTANTIATE_TEST_SUITE_P(Shapes, CallbackShapes,
                         ::testing::Values(std::array{1u, 0u, 0u, 0u}, std::array{0u, 1u, 0u, 0u},
                                           std::array{0u, 0u, 1u, 0u}, std::array{0u, 0u, 0u, 1u},
                                           std::array{1u, 1u, 1u, 1u}, std::array{2u, 3u, 2u, 3u},
                                           std::array{10u, 0u, 0u, 0u}, std::array{0u, 10u, 0u, 0u},
                                           std::array{0u, 0u, 10u, 0u}, std::array{0u, 0u, 0u, 10u},
                                           std::array{3u, 3u, 2u, 2u}, std::array{1u, 4u, 4u, 1u}),
                         [](const auto& info) {
                           std::string name;
                           for (const unsigned count : info.param)
                             name += (name.empty() ? "" : "_") + std::to_string(count);
                           return name;
                         });

class CallbackInputSizes : public Callbacks, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(CallbackInputSizes, ArriveWhole) {
  const auto in = pattern_bytes(GetParam(), 5);
  bool same = false;
  const Callee callee(server(), [&](Request& request) {
    same = request.has_shape(1, 0, 0, 0) && std::ranges::equal(request.inputs()[0], in);
    return 0;
  });
  EXPECT_OK(run(callback(callee).in(in)));
  EXPECT_TRUE(same);
}

INSTANTIATE_TEST_SUITE_P(Sizes, CallbackInputSizes, ::testing::Values(0, 1, 7, 8, 9, 100, 1000, 1023, 1024));

TEST_F(Callbacks, LargeOutput) {
  // The request, its output and what follows must fit a page.
  const Callee callee(server(), [](Request& request) {
    const auto out = pattern_bytes(request.output_sizes().at(0), 4);
    request.reply(0, out.data(), out.size());
    return 0;
  });
  std::vector<std::byte> out(3500);
  std::size_t size = 0;
  EXPECT_OK(run(callback(callee).out(out.data(), out.size(), &size)));
  EXPECT_EQ(size, out.size());
  EXPECT_TRUE(out == pattern_bytes(out.size(), 4));
}

TEST_F(Callbacks, TooLargeForAPageIsRefusedByQtee) {
  const Callee callee(server(), [](Request&) { return 0; });
  const std::size_t size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + 1000;
  const auto in = pattern_bytes(size);
  EXPECT_THAT(run(callback(callee).in(in)), Answers(-95)) << "MAXDATA";
  EXPECT_EQ(callee.calls(), 0u);
  std::vector<std::byte> out(size);
  EXPECT_THAT(run(callback(callee).out(out.data(), out.size())), Answers(-95));
  EXPECT_TRUE(released(callee));
}

TEST_F(Callbacks, AnswerLargerThanAskedIsRefusedByTheDriver) {
  const Callee callee(server(), [](Request& request) {
    const auto out = pattern_bytes(request.output_sizes().at(0) + 1);
    request.reply(0, out.data(), out.size());
    return 0;
  });
  std::byte out[16];
  const std::uint64_t refused = server().refused();
  EXPECT_THAT(run(callback(callee).out(out, sizeof(out))), Answers(-96));
  EXPECT_EQ(server().refused(), refused + 1);
  EXPECT_TRUE(released(callee));
}

TEST_F(Callbacks, EmptyAnswer) {
  const Callee callee(server(), [](Request&) { return 0; });
  std::byte out[16];
  std::size_t size = 99;
  EXPECT_OK(run(callback(callee).out(out, sizeof(out), &size)));
  EXPECT_EQ(size, 0u);
}

TEST_F(Callbacks, NullCallee) {
  const vsoc::CallbackRequest request = {kSomeOp, 1};
  const Outcome outcome = run(service().call(Op::callback).in_value(request).in_null());
  EXPECT_EQ(outcome.error, 0);
  EXPECT_NE(outcome.result, 0);
  const Outcome tee = run(service().call(Op::callback).in_value(request).in_object(World::get().service));
  EXPECT_EQ(tee.error, 0);
  EXPECT_NE(tee.result, 0);
}

TEST_F(Callbacks, MemoryObjectDoesNotAnswer) {
  SharedMemory memory(*device(), 4096);
  const vsoc::CallbackRequest request = {kSomeOp, 1};
  EXPECT_THAT(run(service().call(Op::callback).in_value(request).in_memory(memory)), Answers(-96));
}

// The callee is asked to nest once more, until the depth is used up.
std::int32_t nest_once_more(Request& request) {
  std::uint32_t depth = 0;
  if (request.op() != vsoc::kNestOp || !request.has_shape(1, 1, 1, 0) || !request.input_value(0, depth)) {
    return vsoc::kInvalid;
  }
  return 0;
}

class Nesting : public Callbacks, public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(Nesting, ReachesItsDepth) {
  const std::uint32_t depth = GetParam();
  Client client = Client::open(depth + 1);  // each level keeps a thread of the server
  Object own = client.open_service(vsoc::kServiceUid);
  ASSERT_TRUE(own);
  std::atomic<unsigned> levels = 0;
  std::uint64_t id = 0;
  const auto callee = std::make_shared<Lambda>([&](Request& request) -> std::int32_t {
    if (const std::int32_t bad = nest_once_more(request)) return bad;
    std::uint32_t left = 0;
    if (!request.input_value(0, left)) return vsoc::kInvalid;
    levels++;
    Object service = request.in_objects()[0].take();
    if (!service) return vsoc::kBadObj;
    std::uint32_t reached = 0;
    const Outcome outcome = Service(service).nest(*client.server, id, left, reached);
    if (outcome.error != 0) return vsoc::kError;
    request.reply_value(0, reached);
    return outcome.result;
  });
  id = client.server->add(callee);
  std::uint32_t reached = 0xFFFFFFFF;
  EXPECT_OK(Service(own).nest(*client.server, id, depth, reached));
  EXPECT_EQ(reached, depth);
  EXPECT_EQ(levels, depth);
  EXPECT_TRUE(poll_references(*client.server, id, 0));
  client.server->remove(id);
  own = {};
  EXPECT_TRUE(poll([&](const vsoc::Report& now) { return now.calls_in_flight == 0; }));
  EXPECT_THAT(client.server->faults(), ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Depths, Nesting, ::testing::Values(0, 1, 2, 3, 7, 15, 31));

TEST_F(Callbacks, CalleeInvokesWhileItIsCalled) {
  const auto in = pattern_bytes(300);
  Outcome inner = {0, -1};
  bool same = false;
  const Callee callee(server(), [&](Request&) {
    std::vector<std::byte> out(300);
    std::size_t size = 0;
    inner = service().echo(in, out, size);
    same = out == in;
    return 0;
  });
  EXPECT_OK(run(callback(callee)));
  EXPECT_OK(inner);
  EXPECT_TRUE(same);
}

TEST_F(Callbacks, ReportSeesTheCallInFlight) {
  vsoc::Report during = {};
  const Callee callee(server(), [&](Request&) {
    during = report();
    return 0;
  });
  const vsoc::Report before = report();
  EXPECT_OK(run(callback(callee)));
  EXPECT_EQ(during.calls_in_flight, before.calls_in_flight + 1);
  EXPECT_EQ(during.ns_ids, before.ns_ids + 1);
}

TEST_F(Callbacks, CountersSeeCallbacks) {
  const Callee callee(server(), [](Request&) { return 0; });
  const vsoc::Counters before = counters();
  EXPECT_OK(run(callback(callee, kSomeOp, 5)));
  const vsoc::Counters after = counters();
  EXPECT_EQ(after.callbacks, before.callbacks + 5);
  EXPECT_EQ(after.smc_callback_response, before.smc_callback_response + 5);
  EXPECT_TRUE(released(callee));
  EXPECT_GE(counters().async_releases, before.async_releases + 1);
}

TEST_F(Callbacks, TheSameObjectManyTimes) {
  const Callee callee(server(), [](Request&) { return 0; });
  Invocation invocation = service().call(Op::hold);
  for (int i = 0; i < 15; i++) invocation.in_callback(server(), callee.id());
  ASSERT_OK(run(invocation));
  EXPECT_EQ(server().references(callee.id()), 15u);
  EXPECT_EQ(report().ns_ids, 15u) << "each transfer has an id of its own";
  EXPECT_OK(service().drop(4));
  EXPECT_TRUE(poll_references(server(), callee.id(), 11));
  EXPECT_OK(service().drop(kDropAll));
  EXPECT_TRUE(released(callee));
  EXPECT_EQ(callee.releases(), 15u);
}

TEST_F(Callbacks, GivenBackObjectsKeepTheirIdentity) {
  const Callee first(server(), [](Request&) { return 0; });
  const Callee second(server(), [](Request&) { return 0; });
  ASSERT_OK(service().hold(server(), {first.id()}));
  ASSERT_OK(service().hold(server(), {second.id()}));
  std::vector<Received> objects(1);
  ASSERT_OK(service().give(objects));
  ASSERT_TRUE(objects[0].is_user());
  EXPECT_EQ(objects[0].id(), second.id()) << "the newest comes first";
  EXPECT_EQ(server().references(), 2u) << "giving one back does not consume QTEE's reference";
  EXPECT_OK(service().drop(1));
  EXPECT_TRUE(released(second));
  EXPECT_EQ(server().references(first.id()), 1u);
  EXPECT_OK(service().drop(kDropAll));
  EXPECT_TRUE(released(first));
}

TEST_F(Callbacks, ManyReleasesAtOnce) {
  // More than fit one asynchronous message of a page.
  const QuickGracePeriods quick;
  constexpr unsigned kRounds = 80;
  const Callee callee(server(), [](Request&) { return 0; });
  const std::vector<std::uint64_t> ids(15, callee.id());
  for (unsigned i = 0; i < kRounds; i++) ASSERT_OK(service().hold(server(), ids));
  EXPECT_EQ(report().ns_ids, kRounds * 15);
  EXPECT_OK(service().drop(kDropAll));
  EXPECT_TRUE(
      poll([&](const vsoc::Report&) { return server().references(callee.id()) == 0; }, std::chrono::seconds(60)));
  EXPECT_EQ(callee.releases(), kRounds * 15);
}

TEST_F(Callbacks, ReleaseByCallback) {
  ASSERT_OK(service().configure(vsoc::ConfigureKey::release_by_callback, 1));
  {
    const Callee callee(server(), [](Request&) { return 0; });
    EXPECT_OK(run(callback(callee, kSomeOp, 2)));
    EXPECT_EQ(callee.calls(), 2u);
    EXPECT_TRUE(released(callee));
    EXPECT_EQ(callee.releases(), 1u);
  }
  EXPECT_OK(service().configure(vsoc::ConfigureKey::release_by_callback, 0));
}

TEST_F(Callbacks, AsyncVersions) {
  for (const std::uint64_t version : {0x00010000u, 0x00010001u, 0x00010002u}) {
    ASSERT_OK(service().configure(vsoc::ConfigureKey::async_version, version));
    const Callee callee(server(), [](Request&) { return 0; });
    EXPECT_OK(run(callback(callee)));
    EXPECT_TRUE(released(callee)) << version;
  }
  EXPECT_THAT(service().configure(vsoc::ConfigureKey::async_version, 0x00020000), Answers(vsoc::kInvalid));
  EXPECT_OK(service().configure(vsoc::ConfigureKey::async_version, 0x00010002));
}

TEST_F(Callbacks, ObjectsOfFailedCalleeAreReleased) {
  std::vector<Received> created(1);
  ASSERT_OK(service().create(created));
  const Callee argument(server(), [](Request&) { return 0; });
  const Callee callee(
      server(), [](Request& request) { return request.has_shape(0, 0, 2, 1) ? 33 : static_cast<int>(vsoc::kInvalid); });
  Received out;
  EXPECT_THAT(run(callback(callee).in_callback(server(), argument.id()).in_object(created[0].object()).out_object(out)),
              Answers(33));
  EXPECT_TRUE(out.is_null());
  EXPECT_TRUE(released(argument));
}

}  // namespace
}  // namespace qtee::judge
