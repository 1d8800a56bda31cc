// SPDX-License-Identifier: BSD-3-Clause
#include "screen.hpp"

#include <gtest/gtest.h>

namespace qtee::bpf {
namespace {

TEST(ScreenTest, EachLineClearsItsRestAndTheLastOneAllBelow) {
  EXPECT_EQ(screen_text({{"one", false}, {"TWO", true}}), "\033[Hone\033[K\r\n\033[7mTWO\033[m\033[K\033[J");
  EXPECT_EQ(screen_text({}), "\033[H\033[J");
}

TEST(ScreenTest, KeysThatSendSequencesAreNone) {
  EXPECT_EQ(screen_keys("q"), "q");
  EXPECT_EQ(screen_keys("s1 "), "s1 ");
  EXPECT_EQ(screen_keys("\033[Aq"), "q") << "up";
  EXPECT_EQ(screen_keys("\033OPq"), "q") << "F1";
  EXPECT_EQ(screen_keys("\033[1;5Cs"), "s") << "Ctrl-right";
  EXPECT_EQ(screen_keys("\033[15~"), "") << "F5";
  EXPECT_EQ(screen_keys("\033"), "");
  EXPECT_EQ(screen_keys("\033[1"), "") << "the rest is late";
  EXPECT_EQ(screen_keys(""), "");
}

}  // namespace
}  // namespace qtee::bpf
