// SPDX-License-Identifier: BSD-3-Clause
//
// Many CPUs at once. Run under TSan as well.

#include <random>
#include <thread>

#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

class ConcurrencyTest : public Core {
 protected:
  template <class F>
  void on_threads(unsigned count, F body) {
    std::vector<std::thread> threads;
    for (unsigned index = 0; index < count; ++index) threads.emplace_back(body, index);
    for (std::thread& thread : threads) thread.join();
  }
};

TEST_F(ConcurrencyTest, WorkOverlaps) {
  const auto begin = std::chrono::steady_clock::now();
  on_threads(3,
             [&](unsigned) { EXPECT_TRUE(op(vsoc::Op::work, {.ins = {bytes_of(std::uint64_t{300'000'000})}}).ok()); });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(800));
  EXPECT_GE(linux_.counters(service).concurrent_max, 2u);
  expect_clean();
}

TEST_F(ConcurrencyTest, EverythingAtOnce) {
  linux_.bridges_enable();
  const Memory shared = linux_.memory(8192);
  on_threads(4, [&](unsigned thread) {
    std::mt19937 random(thread);
    Handler nested;
    nested = [&](const Request& request) {
      if (request.op != vsoc::kNestOp) {
        for (const Id id : request.objects) {
          if ((id & 0x80000000) == 0 && id > 1) linux_.release(id);
        }
        return Reply{.outs = {bytes_of_text("ok")}, .objects = {linux_.object(nullptr)}};
      }
      const Id again = request.objects.at(0);
      const Answer answer = linux_.invoke(
          again, vsoc::Op::nest, {.ins = {request.ins.at(0)}, .outs = {4}, .objects = {linux_.object(nested)}});
      linux_.release(again);
      return Reply{.result = answer.result, .outs = answer.outs};
    };
    for (int turn = 0; turn < 150; ++turn) {
      switch (random() % 7) {
        case 0:
          EXPECT_TRUE(op(vsoc::Op::null).ok());
          break;
        case 1: {
          const Answer made = op(vsoc::Op::create, {.wanted = 4});
          EXPECT_TRUE(made.ok());
          EXPECT_TRUE(op(vsoc::Op::hold, {.objects = {made.objects[0], linux_.object(nullptr)}}).ok());
          linux_.release_all(made);
          break;
        }
        case 2:
          EXPECT_TRUE(
              op(vsoc::Op::nest, {.ins = {bytes_of(3u)}, .outs = {4}, .objects = {linux_.object(nested)}}).ok());
          break;
        case 3: {
          const Answer answer = op(
              vsoc::Op::checksum,
              {.ins = {bytes_of(vsoc::RangeRequest{0, 8192})}, .outs = {8}, .objects = {linux_.memory_object(shared)}});
          EXPECT_TRUE(answer.ok());
          break;
        }
        case 4: {
          const Answer answer = op(vsoc::Op::callback, {.ins = {bytes_of(vsoc::CallbackRequest{9, 2})},
                                                        .outs = {16},
                                                        .objects = {linux_.object(nested), service},
                                                        .wanted = 1});
          EXPECT_TRUE(answer.ok());
          break;
        }
        case 5:
          linux_.release_all(op(vsoc::Op::give, {.wanted = 2}));
          break;
        default:
          EXPECT_TRUE(op(vsoc::Op::drop, {.ins = {bytes_of(3u)}}).ok());
          break;
      }
    }
  });
  linux_.memory_free(shared);
  linux_.invoke(service, vsoc::Op::drop, {.ins = {bytes_of(0xFFFFFFFFu)}});
  EXPECT_GE(linux_.counters(service).concurrent_max, 2u);
  expect_clean();
}

TEST_F(ConcurrencyTest, DeferredCallsFromManyThreads) {
  arm(vsoc::ArmKind::interrupted, 100, 3);
  arm(vsoc::ArmKind::sleep, 100, 5);
  on_threads(4, [&](unsigned) {
    for (int turn = 0; turn < 100; ++turn) EXPECT_TRUE(op(vsoc::Op::null).ok());
  });
  EXPECT_EQ(linux_.interrupted_seen, 100u);
  EXPECT_EQ(linux_.slept_seen, 100u);
  expect_clean();
}

TEST_F(ConcurrencyTest, OneObjectExposedAndReleasedByAll) {
  // Its id comes and goes under everybody's hands.
  EXPECT_TRUE(op(vsoc::Op::create, {.wanted = 1}).ok());
  const Id object = op(vsoc::Op::create, {.wanted = 1}).objects.at(0);
  EXPECT_TRUE(op(vsoc::Op::hold, {.objects = {object}}).ok());
  linux_.release(object);
  const std::uint64_t before = linux_.report(service).tee_references;
  on_threads(4, [&](unsigned) {
    for (int turn = 0; turn < 300; ++turn) {
      const Answer given = op(vsoc::Op::give, {.wanted = 1});
      EXPECT_TRUE(given.ok());
      EXPECT_TRUE(linux_.invoke(given.objects[0], vsoc::Op::null).ok());
      EXPECT_EQ(linux_.release(given.objects[0]).result, 0);
    }
  });
  EXPECT_EQ(linux_.report(service).tee_references, before);
  EXPECT_EQ(linux_.report(service).faults, 0u);
}

}  // namespace
}  // namespace qtee::fw::test
