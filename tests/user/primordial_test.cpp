// SPDX-License-Identifier: BSD-3-Clause
//
// The primordial object, as QTEE calls it: what it does by itself, and what it refuses. What extensions add is for
// tests/kernel.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

constexpr std::uint32_t kMapRegion = 0, kYield = 1, kSleep = 2;
constexpr auto kRefused = Result::unavailable;

class PrimordialTest : public UserTest {
 protected:
  template <class... Outs, class... Args>
  auto ask(std::uint32_t op, Args&&... args) const {
    return service_.object().try_call<Outs...>(Op::primordial, vsoc::CallbackRequest{op, 1}, args...);
  }
};

TEST_F(PrimordialTest, YieldDoesNothing) { EXPECT_FALSE(ask<>(kYield).error()); }

TEST_F(PrimordialTest, SleepSleepsAndComesBack) {
  EXPECT_FALSE(ask<>(kSleep, std::uint32_t{0}).error());
  EXPECT_FALSE(ask<>(kSleep, std::uint32_t{3}).error());
}

TEST_F(PrimordialTest, SleepWantsItsNumber) {
  EXPECT_EQ(ask<>(kSleep).error(), make_error_code(kRefused));
  EXPECT_EQ(ask<>(kSleep, std::uint16_t{3}).error(), make_error_code(kRefused));
  EXPECT_EQ(ask<>(kSleep, std::uint32_t{3}, std::uint32_t{3}).error(), make_error_code(kRefused));
  EXPECT_EQ(ask<>(kSleep, std::uint32_t{3}, service_.object()).error(), make_error_code(kRefused));
}

TEST_F(PrimordialTest, SleeperThatIsKilledWakesUp) {
  const auto before = service_.counters().callbacks;
  const pid_t pid = ::fork();
  if (pid == 0) {
    (void)ask<>(kSleep, std::uint32_t{0xFFFFFFFF});
    ::_exit(0);
  }
  while (service_.counters().callbacks == before) ::usleep(1000);
  ::kill(pid, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(PrimordialTest, OthersOperationsAreRefused) {
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest&) { return Result::ok; });
  for (const std::uint32_t op : {3u, 10u, 0x1000u, 0xFFFDu}) {
    EXPECT_EQ(ask<>(op).error(), make_error_code(kRefused)) << op;
    // What came with it is let go again.
    EXPECT_EQ(ask<>(op, std::string("bytes"), own, service_.object()).error(), make_error_code(kRefused)) << op;
  }
  EXPECT_TRUE(all_released(server));
}

TEST_F(PrimordialTest, MapRegionWantsAMemoryObjectAndRoom) {
  CallbackServer server;
  const CallbackObject own = server.add([](CallbackRequest&) { return Result::ok; });
  struct Map {
    std::byte bytes[20];
  };
  EXPECT_EQ(ask<>(kMapRegion).error(), make_error_code(kRefused));
  EXPECT_EQ((ask<Map, Object>(kMapRegion, own).error()), make_error_code(kRefused));
  EXPECT_EQ((ask<Map, Object>(kMapRegion, service_.object()).error()), make_error_code(kRefused));
  EXPECT_EQ((ask<Map, Object>(kMapRegion, nullptr).error()), make_error_code(kRefused));
  EXPECT_TRUE(all_released(server));

  const MemoryObject memory = MemoryObject::from_huge_page(4096);
  EXPECT_EQ((ask<std::uint32_t, Object>(kMapRegion, memory).error()), make_error_code(kRefused));
  EXPECT_EQ((ask<Map>(kMapRegion, memory).error()), make_error_code(kRefused));
}

}  // namespace
}  // namespace qtee::test
