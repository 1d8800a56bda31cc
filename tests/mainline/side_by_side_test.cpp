// SPDX-License-Identifier: BSD-3-Clause
//
// Both front ends of our driver at once: /dev/teeN and /dev/qtee, on one QTEE.
#include "fixture.hpp"
#include "qtee/qtee.hpp"
#include "vsoc_service.hpp"

namespace qtee::judge {
namespace {

using vsoc::Op;

class SideBySide : public JudgeTest {
 protected:
  void SetUp() override {
    if (driver_is_mainline()) GTEST_SKIP() << "mainline has but one";
    JudgeTest::SetUp();
    ours_.emplace(vsoc::Service::open(Root::open()));
  }
  void TearDown() override {
    if (IsSkipped()) return;
    ours_.reset();
    JudgeTest::TearDown();
  }
  std::optional<vsoc::Service> ours_;
};

TEST_F(SideBySide, WhatOnePassesTheOtherMayRelease) {
  const Callee callee(server(), [](Request&) { return 0; });
  ASSERT_OK(service().hold(server(), {callee.id(), callee.id()}));
  ours_->object().call(Op::drop, 0xFFFFFFFFu);
  // The releases come on the answers to the other one's calls.
  for (int i = 0; i < 1000 && server().references(callee.id()) != 0; i++) ours_->null();
  EXPECT_EQ(server().references(callee.id()), 0u);
  EXPECT_EQ(callee.releases(), 2u);
}

TEST_F(SideBySide, ObjectsOfOneHaveNoNameInTheOther) {
  const Callee callee(server(), [](Request&) { return 0; });
  SharedMemory memory(*device(), 4096);
  for (const Ref ref : {Ref::user(callee.id()), memory.ref()}) {
    if (ref.kind == Ref::Kind::user) {
      ASSERT_OK(service().hold(server(), {callee.id()}));
    } else {
      ASSERT_OK(service().hold(ref));
    }
    EXPECT_ANY_THROW((void)ours_->object().call<AnyObject>(Op::give));
    EXPECT_OK(service().drop(kDropAll));
  }
}

TEST_F(SideBySide, BothServeAtOnce) {
  std::atomic<unsigned> failures = 0;
  std::atomic<bool> over = false;
  std::jthread other([&] {
    while (!over) {
      const auto object = ours_->create();
      object.call(Op::null);
      ours_->null();
    }
  });
  std::uint32_t calls = 0;
  const Callee callee(server(), [&](Request&) {
    calls++;
    return 0;
  });
  for (unsigned i = 0; i < 100; i++) {
    failures +=
        !service()
             .run(service().call(Op::callback).in_value(vsoc::CallbackRequest{3, 2}).in_callback(server(), callee.id()))
             .ok();
  }
  over = true;
  other.join();
  EXPECT_EQ(failures, 0u);
  EXPECT_EQ(calls, 200u);
}

}  // namespace
}  // namespace qtee::judge
