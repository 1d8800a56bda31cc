// SPDX-License-Identifier: BSD-3-Clause
//
// Releases of callback objects on their way to Linux.

#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

class AsyncTest : public Core {
 protected:
  void hold(unsigned count) {
    while (count != 0) {
      Arguments arguments;
      for (unsigned index = 0; index < 15 && count != 0; ++index, --count) {
        arguments.objects.push_back(linux_.object(nullptr));
      }
      ASSERT_TRUE(op(vsoc::Op::hold, arguments).ok());
    }
  }
};

TEST_F(AsyncTest, MoreThanFitsGoesWithLaterAnswers) {
  hold(3000);
  EXPECT_EQ(linux_.alive().size(), 3000u);
  EXPECT_TRUE(op(vsoc::Op::drop, {.ins = {bytes_of(0xFFFFFFFFu)}}).ok());
  // A page of 4096 bytes: 52 messages of 16 ids take 76 + 4 bytes each, in 80; 16 more bytes take one more id.
  EXPECT_EQ(linux_.alive().size(), 3000u - 51 * 16 - 1);
  const vsoc::Report report = linux_.report(service);
  EXPECT_EQ(report.ns_ids, 0u);
  EXPECT_GT(report.ns_releases_queued, 0u);
  EXPECT_EQ(linux_.alive().size(), 3000u - 2 * (51 * 16 + 1));
  expect_clean();
}

TEST_F(AsyncTest, ReleasesGoBehindCallbackRequests) {
  hold(20);
  std::size_t alive_inside = 99;
  const Id callee = linux_.object([&](const Request&) {
    EXPECT_TRUE(op(vsoc::Op::drop, {.ins = {bytes_of(0xFFFFFFFFu)}}).ok());
    return Reply{};
  });
  const Id watcher = linux_.object([&](const Request&) {
    alive_inside = linux_.alive().size();
    return Reply{};
  });
  EXPECT_TRUE(op(vsoc::Op::callback, {.ins = {bytes_of(vsoc::CallbackRequest{0, 1})}, .objects = {callee}}).ok());
  EXPECT_TRUE(op(vsoc::Op::callback,
                 {.ins = {bytes_of(vsoc::CallbackRequest{0, 1}), Bytes(100)}, .outs = {30}, .objects = {watcher}})
                  .ok());
  EXPECT_EQ(alive_inside, 1u);
  expect_clean();
}

TEST_F(AsyncTest, BehindAFullRequestThereIsNoRoom) {
  const Id held = linux_.object(nullptr);
  std::vector<Id> alive_inside;
  const Id dropper = linux_.object([&](const Request&) { return Reply{.objects = {held}}; });
  // The object that the first turn brings is let go before the second turn's request is made, which fills its page.
  int turn = 0;
  const Id callee = linux_.object([&](const Request&) {
    if (++turn == 2) alive_inside = linux_.alive();
    return Reply{.objects = {turn == 1 ? held : 0}};
  });
  (void)dropper;
  const Bytes filler(4096 - 16 - 16);
  EXPECT_TRUE(
      op(vsoc::Op::callback, {.ins = {bytes_of(vsoc::CallbackRequest{0, 3}), filler}, .objects = {callee}, .wanted = 1})
          .ok());
  EXPECT_EQ(alive_inside, (std::vector<Id>{held, callee}));
  expect_clean();
}

TEST_F(AsyncTest, VersionsAreConfigurable) {
  for (const std::uint64_t version : {0x00010000, 0x00010001, 0x00010002}) {
    configure(vsoc::ConfigureKey::async_version, version);
    EXPECT_TRUE(op(vsoc::Op::mirror, {.objects = {linux_.object(nullptr)}}).ok());
    EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  }
  for (const std::uint64_t version : {0ull, 0x20000ull, 0x10003ull, 0x100010002ull}) {
    EXPECT_EQ(op(vsoc::Op::configure, {.ins = {bytes_of(vsoc::ConfigureRequest{1, 0, version})}}).result, 2);
  }
  expect_clean();
}

TEST_F(AsyncTest, ReleasesByCallbackWhereConfigured) {
  configure(vsoc::ConfigureKey::release_by_callback, 1);
  hold(40);
  const vsoc::Counters before = linux_.counters(service);
  EXPECT_TRUE(op(vsoc::Op::drop, {.ins = {bytes_of(0xFFFFFFFFu)}}).ok());
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  const vsoc::Counters after = linux_.counters(service);
  EXPECT_EQ(after.callbacks - before.callbacks, 40u);
  EXPECT_EQ(after.async_releases, before.async_releases);
  const Memory memory = linux_.memory(4096);
  EXPECT_TRUE(
      op(vsoc::Op::fill, {.ins = {bytes_of(vsoc::FillRequest{0, 8, 1})}, .objects = {linux_.memory_object(memory)}})
          .ok());
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  configure(vsoc::ConfigureKey::release_by_callback, 0);
  expect_clean();
}

}  // namespace
}  // namespace qtee::fw::test
