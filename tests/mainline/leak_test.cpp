// SPDX-License-Identifier: BSD-3-Clause
//
// A test that leaks, run on purpose by the test `mainline-leak`: the judge, and vsoc/run after it, must say so.
#include "fixture.hpp"

namespace qtee::judge {
namespace {

using Leak = JudgeTest;

TEST_F(Leak, DISABLED_HeldObject) {
  std::vector<Received> objects(1);
  ASSERT_OK(service().create(objects));
  ASSERT_OK(service().hold(objects[0].ref()));
}

}  // namespace
}  // namespace qtee::judge
