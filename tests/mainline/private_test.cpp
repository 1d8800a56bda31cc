// SPDX-License-Identifier: BSD-3-Clause
//
// The private service without callbacks: buffers, objects, results, time, counters.
#include <climits>

#include "fixture.hpp"

namespace qtee::judge {
namespace {

using vsoc::Op;

class Private : public JudgeTest {
 protected:
  Invocation call(Op op) { return service().call(op); }
  template <typename T>
  Outcome run(T&& invocation) {
    return service().run(std::forward<T>(invocation));
  }
};

class EchoSizes : public Private, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(EchoSizes, ComesBackWhole) {
  const auto in = pattern_bytes(GetParam(), GetParam());
  std::vector<std::byte> out(GetParam());
  std::size_t actual = 0;
  EXPECT_OK(service().echo(in, out, actual));
  EXPECT_EQ(actual, in.size());
  EXPECT_TRUE(out == in);
}

TEST_P(EchoSizes, LeavesTheRestOfALargerBuffer) {
  const auto in = pattern_bytes(GetParam(), GetParam());
  std::vector<std::byte> out(GetParam() + 100, std::byte{0xCC});
  std::size_t actual = 0;
  EXPECT_OK(service().echo(in, out, actual));
  EXPECT_EQ(actual, in.size());
  EXPECT_TRUE(std::equal(in.begin(), in.end(), out.begin()));
  for (std::size_t i = in.size(); i < out.size(); i++) ASSERT_EQ(out[i], std::byte{0xCC}) << i;
}

INSTANTIATE_TEST_SUITE_P(Sizes, EchoSizes,
                         ::testing::Values(0, 1, 7, 8, 9, 64, 1000, 4095, 4096, 4097, 40'960, 131'072, 1 << 20));

TEST_F(Private, EchoIntoASmallBuffer) {
  const auto in = pattern_bytes(100);
  std::vector<std::byte> out(99);
  std::size_t actual = 0;
  EXPECT_THAT(service().echo(in, out, actual), Answers(vsoc::kSizeOut));
}

TEST_F(Private, EchoBeyondTheMessageLimit) {
  const std::vector<std::byte> in(4 << 20);
  std::vector<std::byte> out(1);
  std::size_t actual = 0;
  EXPECT_NE(service().echo(in, out, actual).error, 0) << "a message of more than 4 MiB";
}

TEST_F(Private, Null) {
  for (int i = 0; i < 50; i++) EXPECT_OK(service().null());
}

TEST_F(Private, WrongShapesAreInvalid) {
  std::uint64_t word = 0;
  EXPECT_THAT(run(call(Op::null).in_value(word)), Answers(vsoc::kInvalid));
  EXPECT_THAT(run(call(Op::null).out_value(word)), Answers(vsoc::kInvalid));
  EXPECT_THAT(run(call(Op::null).in_null()), Answers(vsoc::kInvalid));
  Received object;
  EXPECT_THAT(run(call(Op::null).out_object(object)), Answers(vsoc::kInvalid));
  EXPECT_THAT(run(call(Op::echo).in_value(word)), Answers(vsoc::kInvalid));
  EXPECT_THAT(run(call(Op::fail).in_value(word)), Answers(vsoc::kInvalid)) << "8 bytes for an s32";
  EXPECT_THAT(run(call(Op::work).in_value(std::uint32_t{1})), Answers(vsoc::kInvalid)) << "4 bytes for a u64";
  EXPECT_THAT(run(call(Op::report).out_value(word)), Answers(vsoc::kSizeOut));
  EXPECT_THAT(run(Invocation(1234)), Answers(vsoc::kInvalid));
}

TEST_F(Private, ParametersInAnyOrder) {
  std::vector<Received> objects(1);
  ASSERT_OK(service().create(objects));
  std::uint32_t first = 0;
  std::uint64_t second = 0;
  Received out_first;
  Received out_second;
  EXPECT_OK(run(call(Op::mirror)
                    .out_object(out_first)
                    .out_value(first)
                    .in_object(objects[0].object())
                    .in_value(std::uint32_t{0x11111111})
                    .out_object(out_second)
                    .in_value(std::uint64_t{0x2222222222222222})
                    .in_null()
                    .out_value(second)));
  EXPECT_EQ(first, 0x11111111u);
  EXPECT_EQ(second, 0x2222222222222222u);
  EXPECT_TRUE(out_first.is_tee());
  EXPECT_TRUE(out_second.is_null());
  EXPECT_OK(Service(out_first.object()).null());
}

// (inputs, outputs) of buffers, or of objects.
class MirrorCounts : public Private, public ::testing::WithParamInterface<std::pair<unsigned, unsigned>> {};

TEST_P(MirrorCounts, Buffers) {
  const auto [ins, outs] = GetParam();
  std::vector<std::vector<std::byte>> in;
  std::vector<std::vector<std::byte>> out;
  std::vector<std::size_t> actual(outs, 999);
  Invocation invocation = call(Op::mirror);
  for (unsigned i = 0; i < ins; i++) in.push_back(pattern_bytes(1 + i * 13, i));
  for (unsigned i = 0; i < outs; i++) out.emplace_back(256, std::byte{0xCC});
  for (unsigned i = 0; i < ins; i++) invocation.in(in[i]);
  for (unsigned i = 0; i < outs; i++) invocation.out(out[i].data(), out[i].size(), &actual[i]);
  ASSERT_OK(run(invocation));
  for (unsigned i = 0; i < outs; i++) {
    const std::size_t expected = i < ins ? in[i].size() : 0;
    EXPECT_EQ(actual[i], expected) << i;
    if (i < ins) {
      EXPECT_TRUE(std::equal(in[i].begin(), in[i].end(), out[i].begin())) << i;
    }
    EXPECT_EQ(out[i][expected], std::byte{0xCC}) << i;
  }
}

TEST_P(MirrorCounts, Objects) {
  const auto [ins, outs] = GetParam();
  const Callee callee(server(), [](Request&) { return 0; });
  SharedMemory memory(*device(), 4096);
  std::vector<Received> created(1);
  ASSERT_OK(service().create(created));
  std::vector<Received> out(outs);
  Invocation invocation = call(Op::mirror);
  for (unsigned i = 0; i < ins; i++) {
    switch (i % 4) {
      case 0:
        invocation.in_callback(server(), callee.id());
        break;
      case 1:
        invocation.in_object(created[0].object());
        break;
      case 2:
        invocation.in_memory(memory);
        break;
      default:
        invocation.in_null();
    }
  }
  for (Received& object : out) invocation.out_object(object);
  ASSERT_OK(run(invocation));
  for (unsigned i = 0; i < outs; i++) {
    if (i >= ins || i % 4 == 3) {
      EXPECT_TRUE(out[i].is_null()) << i;
    } else if (i % 4 == 0) {
      EXPECT_TRUE(out[i].is_user()) << i;
      EXPECT_EQ(out[i].id(), callee.id());
    } else if (i % 4 == 1) {
      ASSERT_TRUE(out[i].is_tee()) << i;
      EXPECT_NE(out[i].id(), created[0].id()) << "each transfer is a reference of its own";
      EXPECT_OK(Service(out[i].object()).null());
    } else {
      EXPECT_TRUE(out[i].is_memory()) << i;
      EXPECT_EQ(out[i].id(), memory.id());
    }
  }
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
  EXPECT_EQ(callee.releases(), (ins + 3) / 4) << "one release for each time it was passed";
}

std::vector<std::pair<unsigned, unsigned>> mirror_counts() {
  std::vector<std::pair<unsigned, unsigned>> counts;
  for (unsigned n = 0; n <= 15; n++) {
    counts.emplace_back(n, n);
    if (n != 0) {
      counts.emplace_back(n, 0);
      counts.emplace_back(0, n);
    }
  }
  counts.emplace_back(15, 7);
  counts.emplace_back(3, 15);
  return counts;
}
INSTANTIATE_TEST_SUITE_P(Counts, MirrorCounts, ::testing::ValuesIn(mirror_counts()), [](const auto& info) {
  return std::to_string(info.param.first) + "in" + std::to_string(info.param.second) + "out";
});

TEST_F(Private, SixtyParametersAtOnce) {
  std::vector<std::uint64_t> in(15);
  std::vector<std::uint64_t> out(15);
  std::vector<Received> created(15);
  ASSERT_OK(service().create(created));
  std::vector<Received> objects(15);
  Invocation invocation = call(Op::mirror);
  for (unsigned i = 0; i < 15; i++) {
    in[i] = 0x0101010101010101 * (i + 1);
    invocation.out_object(objects[i]).out_value(out[i]).in_object(created[i].object()).in_value(in[i]);
  }
  ASSERT_OK(run(invocation));
  EXPECT_EQ(in, out);
  for (const Received& object : objects) {
    ASSERT_TRUE(object.is_tee());
    EXPECT_OK(Service(object.object()).null());
  }
}

TEST_F(Private, FailAnswersTheCodeAsItIs) {
  for (const std::int32_t code : {0,   1,   2,   3,   4,   5,   10,  11,  27,  0x0AFAFAFA, INT_MAX, -1,    -90,
                                  -91, -92, -93, -94, -95, -96, -97, -98, -99, -100,       -103,    -1000, INT_MIN}) {
    EXPECT_THAT(service().fail(code), Answers(code));
  }
}

TEST_F(Private, WorkTakesItsTime) {
  for (const std::uint64_t ns : {0ull, 1'000'000ull, 20'000'000ull}) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_OK(service().work(ns));
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, std::chrono::nanoseconds(ns));
    EXPECT_LT(took, std::chrono::nanoseconds(ns) + std::chrono::seconds(5));
  }
}

TEST_F(Private, CreatedObjectsAreObjectsOfTheirOwn) {
  const vsoc::Report before = report();
  std::vector<Received> objects(15);
  ASSERT_OK(service().create(objects));
  const vsoc::Report during = report();
  EXPECT_EQ(during.tee_objects, before.tee_objects + 15);
  EXPECT_EQ(during.tee_references, before.tee_references + 15);
  for (const Received& object : objects) {
    ASSERT_TRUE(object.is_tee());
    EXPECT_OK(Service(object.object()).null());
  }
  objects.resize(5);
  EXPECT_TRUE(poll([&](const vsoc::Report& now) { return now.tee_references == before.tee_references + 5; }));
  for (const Received& object : objects) EXPECT_OK(Service(object.object()).null());
  std::vector<Received> nested(2);
  ASSERT_OK(Service(objects[0].object()).create(nested));
  objects.clear();
  EXPECT_OK(Service(nested[1].object()).null()) << "what an object made outlives it";
}

TEST_F(Private, ReleasedObjectsAreGone) {
  std::vector<Received> objects(1);
  ASSERT_OK(service().create(objects));
  Object object = objects[0].take();
  const std::uint64_t id = object.id();
  EXPECT_OK(object.release());
  std::vector<Param> none;
  EXPECT_THAT(device()->invoke(id, 0, none), FailsWith(EINVAL));
}

TEST_F(Private, CountersCount) {
  const vsoc::Counters before = counters();
  for (int i = 0; i < 10; i++) EXPECT_OK(service().null());
  const vsoc::Counters after = counters();
  // The driver's worker may be releasing meanwhile.
  EXPECT_GE(after.smc_invoke, before.smc_invoke + 11);
  EXPECT_GE(after.smc_total, before.smc_total + 11);
  EXPECT_EQ(after.callbacks, before.callbacks);
  EXPECT_EQ(after.smc_callback_response, before.smc_callback_response);
  EXPECT_GE(after.concurrent_max, 1u);
}

TEST_F(Private, ReleasesAreCounted) {
  const std::uint64_t before = counters().releases;
  {
    std::vector<Received> objects(7);
    ASSERT_OK(service().create(objects));
  }
  EXPECT_TRUE(poll([&](const vsoc::Report&) { return counters().releases >= before + 7; }));
}

TEST_F(Private, HoldGiveDrop) {
  const vsoc::Report before = report();
  std::vector<Received> created(3);
  ASSERT_OK(service().create(created));
  for (const Received& object : created) ASSERT_OK(service().hold(object.ref()));
  created.clear();
  EXPECT_TRUE(poll([&](const vsoc::Report& now) {
    return now.tee_references == before.tee_references && now.tee_objects == before.tee_objects + 3;
  })) << "QTEE's own references keep the objects";
  std::vector<Received> given(2);
  ASSERT_OK(service().give(given));
  for (const Received& object : given) {
    ASSERT_TRUE(object.is_tee());
    EXPECT_OK(Service(object.object()).null());
  }
  EXPECT_OK(service().drop(1));
  std::vector<Received> more(5);
  ASSERT_OK(service().give(more));
  EXPECT_EQ(std::count_if(more.begin(), more.end(), [](const Received& object) { return object.is_tee(); }), 2)
      << "NULL where there are no more";
  EXPECT_OK(service().drop(kDropAll));
  std::vector<Received> none(1);
  ASSERT_OK(service().give(none));
  EXPECT_TRUE(none[0].is_null());
  for (const Received& object : given) EXPECT_OK(Service(object.object()).null());
}

TEST_F(Private, DropOfNothing) {
  EXPECT_OK(service().drop(0));
  EXPECT_OK(service().drop(kDropAll));
  std::vector<Received> none(15);
  EXPECT_OK(service().give(none));
  for (const Received& object : none) EXPECT_TRUE(object.is_null());
}

TEST_F(Private, ManyObjects) {
  constexpr std::size_t kRounds = 40;
  const QuickGracePeriods quick;
  std::vector<std::vector<Received>> all(kRounds);
  const vsoc::Report before = report();
  for (auto& objects : all) {
    objects.resize(15);
    ASSERT_OK(service().create(objects));
  }
  EXPECT_EQ(report().tee_objects, before.tee_objects + kRounds * 15);
  EXPECT_OK(Service(all[17][3].object()).null());
  all.clear();
  EXPECT_TRUE(poll([&](const vsoc::Report& now) { return now.tee_references == before.tee_references; },
                   std::chrono::seconds(30)));
}

}  // namespace
}  // namespace qtee::judge
