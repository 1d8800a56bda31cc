// SPDX-License-Identifier: BSD-3-Clause
//
// References, on both sides of the wire.

#include <set>

#include "fixture.hpp"

namespace qtee::fw::test {
namespace {

constexpr std::int32_t kBadObject = -92;

using ObjectTest = Core;

TEST_F(ObjectTest, CreatedObjectsLiveUntilReleased) {
  const Answer made = op(vsoc::Op::create, {.wanted = 3});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(std::set<Id>(made.objects.begin(), made.objects.end()).size(), 3u);
  vsoc::Report report = linux_.report(service);
  EXPECT_EQ(report.tee_objects, baseline.tee_objects + 3);
  EXPECT_EQ(report.tee_references, baseline.tee_references + 3);
  EXPECT_TRUE(linux_.invoke(made.objects[1], vsoc::Op::null).ok());
  EXPECT_EQ(linux_.release(made.objects[1]).result, 0);
  EXPECT_EQ(linux_.report(service).tee_objects, baseline.tee_objects + 2);
  linux_.release(made.objects[0]);
  linux_.release(made.objects[2]);
  expect_clean();
}

TEST_F(ObjectTest, EveryTransferIsAReference) {
  const Id object = op(vsoc::Op::create, {.wanted = 1}).objects.at(0);
  const Answer again = op(vsoc::Op::mirror, {.objects = {object, object}, .wanted = 2});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.objects, (std::vector<Id>{object, object}));
  EXPECT_EQ(linux_.report(service).tee_references, baseline.tee_references + 3);
  EXPECT_EQ(linux_.release(object).result, 0);
  EXPECT_EQ(linux_.release(object).result, 0);
  EXPECT_TRUE(linux_.invoke(object, vsoc::Op::null).ok());
  EXPECT_EQ(linux_.release(object).result, 0);
  EXPECT_EQ(linux_.invoke(object, vsoc::Op::null).result, kBadObject);
  expect_clean(1);  // the last invocation
}

TEST_F(ObjectTest, PassingATeeObjectInCostsNoReference) {
  const Id object = op(vsoc::Op::create, {.wanted = 1}).objects.at(0);
  EXPECT_TRUE(op(vsoc::Op::mirror, {.objects = {object}}).ok());
  EXPECT_EQ(linux_.report(service).tee_references, baseline.tee_references + 1);
  linux_.release(object);
  expect_clean();
}

TEST_F(ObjectTest, QteeKeepsAnObjectBeyondLinux) {
  const Id object = op(vsoc::Op::create, {.wanted = 1}).objects.at(0);
  EXPECT_TRUE(op(vsoc::Op::hold, {.objects = {object}}).ok());
  linux_.release(object);
  EXPECT_EQ(linux_.report(service).tee_objects, baseline.tee_objects + 1);
  EXPECT_EQ(linux_.invoke(object, vsoc::Op::null).result, kBadObject);
  const Id again = op(vsoc::Op::give, {.wanted = 1}).objects.at(0);
  EXPECT_NE(again, object);
  EXPECT_TRUE(linux_.invoke(again, vsoc::Op::null).ok());
  linux_.release(again);
  expect_clean(1);
}

TEST_F(ObjectTest, DoubleAndUnknownReleasesAreFaults) {
  const Id object = op(vsoc::Op::create, {.wanted = 1}).objects.at(0);
  EXPECT_EQ(linux_.release(object).result, 0);
  machine.take_lines();
  EXPECT_EQ(linux_.release(object).result, kBadObject);
  EXPECT_EQ(machine.take_lines().size(), 1u);
  std::uint64_t faults = 1;
  for (const Id id : {0u, 1u, 2u, object + 1, 0x7FFFFFFFu, 0x80000000u, 0x80000001u, 0xFFFFFFFFu}) {
    EXPECT_EQ(linux_.release(id).result, kBadObject) << id;
    ++faults;
  }
  expect_clean(faults);
}

TEST_F(ObjectTest, UnknownTargetsAreFaults) {
  std::uint64_t faults = 0;
  for (const Id id : {0u, 2u, service + 1, 0x80000000u, 0x80000005u}) {
    EXPECT_EQ(linux_.invoke(id, vsoc::Op::null).result, kBadObject) << id;
    ++faults;
  }
  expect_clean(faults);
}

TEST_F(ObjectTest, RetainAndReleaseWithArgumentsAreFaults) {
  EXPECT_EQ(linux_.invoke(service, 0xFFFE).result, 2);
  EXPECT_EQ(linux_.invoke(service, 0xFFFF, {.outs = {8}}).result, 2);
  EXPECT_TRUE(op(vsoc::Op::null).ok());
  expect_clean(2);
}

TEST_F(ObjectTest, IdsDoNotComeAgain) {
  std::set<Id> seen;
  for (int turn = 0; turn < 2000; ++turn) {
    const Answer made = op(vsoc::Op::create, {.wanted = 10});
    for (const Id id : made.objects) EXPECT_TRUE(seen.insert(id).second) << id;
    linux_.release_all(made);
  }
  expect_clean();
}

TEST_F(ObjectTest, TheTableFillsAndEmpties) {
  std::vector<Id> ids;
  Answer made;
  for (;;) {
    made = op(vsoc::Op::create, {.wanted = 15});
    if (!made.ok()) break;
    ids.insert(ids.end(), made.objects.begin(), made.objects.end());
  }
  EXPECT_EQ(made.result, -93);  // NOSLOTS
  EXPECT_GT(ids.size(), 16000u);
  EXPECT_EQ(linux_.report(service).tee_references, linux_.references());
  for (const Id id : ids) EXPECT_EQ(linux_.release(id).result, 0);
  expect_clean();
}

TEST_F(ObjectTest, CallbackObjectsAreReleasedOnce) {
  const Id object = linux_.object(nullptr);
  EXPECT_TRUE(op(vsoc::Op::mirror, {.objects = {object}}).ok());
  // Let go in this very answer.
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  expect_clean();
}

TEST_F(ObjectTest, HeldCallbackObjectsStay) {
  const Id first = linux_.object(nullptr);
  const Id second = linux_.object(nullptr);
  EXPECT_TRUE(op(vsoc::Op::hold, {.objects = {first, second}}).ok());
  EXPECT_EQ(linux_.report(service).ns_ids, 2u);
  EXPECT_EQ(op(vsoc::Op::give, {.wanted = 3}).objects, (std::vector<Id>{second, first, 0}));
  EXPECT_EQ(linux_.alive(), (std::vector<Id>{first, second}));
  EXPECT_TRUE(op(vsoc::Op::drop, {.ins = {bytes_of(1u)}}).ok());
  settle();
  EXPECT_EQ(linux_.alive(), std::vector<Id>{first});
  expect_clean();
}

TEST_F(ObjectTest, AnIdThatQteeHoldsIsRefused) {
  const Id object = linux_.object(nullptr);
  EXPECT_TRUE(op(vsoc::Op::hold, {.objects = {object}}).ok());
  const Memory in = linux_.memory(4096);
  const Memory out = linux_.memory(4096);
  const std::uint32_t words[] = {service, static_cast<std::uint32_t>(vsoc::Op::hold), 0x100, object};
  std::memcpy(in.bytes.data(), words, sizeof words);
  EXPECT_EQ(static_cast<std::int64_t>(linux_.smc(0x72000602, 0x224, in.paddr, 4096, out.paddr, 4096).x[0]), -2);
  EXPECT_EQ(linux_.report(service).ns_ids, 1u);
  expect_clean(1);
}

TEST_F(ObjectTest, AnIdOnItsWayBackIsStillHeld) {
  // Handed back, so that its release waits; its id is not free before Linux has been told.
  const Id object = linux_.object(nullptr);
  EXPECT_EQ(op(vsoc::Op::mirror, {.objects = {object}, .wanted = 1}).objects.at(0), object);
  EXPECT_EQ(linux_.alive(), std::vector<Id>{object});
  const Memory in = linux_.memory(4096);
  const Memory out = linux_.memory(4096);
  const std::uint32_t words[] = {service, static_cast<std::uint32_t>(vsoc::Op::hold), 0x100, object};
  std::memcpy(in.bytes.data(), words, sizeof words);
  EXPECT_EQ(static_cast<std::int64_t>(linux_.smc(0x72000602, 0x224, in.paddr, 4096, out.paddr, 4096).x[0]), -2);
  expect_clean(1);
}

TEST_F(ObjectTest, AHandedBackIdOutlivesTheAnswer) {
  const Id object = linux_.object(nullptr);
  const Answer answer = op(vsoc::Op::mirror, {.objects = {object}, .wanted = 1});
  EXPECT_TRUE(answer.ok());  // Linux would have found the id gone
  // The fake Linux uses its pages again at once: that proves the answer read.
  EXPECT_TRUE(op(vsoc::Op::null).ok());
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  expect_clean();
}

TEST_F(ObjectTest, InputsOfFailedCallsAreReleased) {
  const Id object = linux_.object(nullptr);
  EXPECT_EQ(linux_.invoke(service, 999, {.objects = {object}}).result, 2);
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  const Id other = linux_.object(nullptr);
  EXPECT_EQ(linux_.invoke(0x7FFF0000, 0, {.objects = {other}}).result, kBadObject);
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  const Id third = linux_.object(nullptr);
  EXPECT_EQ(op(vsoc::Op::mirror, {.objects = {third, 0x7FFF0000}}).result, kBadObject);
  EXPECT_EQ(linux_.alive(), std::vector<Id>{});
  expect_clean(2);
}

TEST_F(ObjectTest, RootAndPrimordialAreNeverCounted) {
  const Answer answer = op(vsoc::Op::mirror, {.objects = {1, 0x80000000}, .wanted = 2});
  EXPECT_EQ(answer.objects, (std::vector<Id>{1, 0x80000000}));
  expect_clean();
}

TEST_F(ObjectTest, ReportAtExitTellsLeaks) {
  linux_.release(service);
  EXPECT_TRUE(firmware_report_at_exit());
  service = linux_.open_service();
  machine.take_lines();
  EXPECT_FALSE(firmware_report_at_exit());
  const auto lines = machine.take_lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "at exit: references that Linux holds on them: 1 (LEAK)");
}

}  // namespace
}  // namespace qtee::fw::test
