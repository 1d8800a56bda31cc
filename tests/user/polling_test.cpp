// SPDX-License-Identifier: BSD-3-Clause
//
// Servers and invokers that poll for each other before they sleep (callback_poll_us): that they do where each has a
// CPU, that they do not where that is off, and that nothing waits for ever because somebody polled.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "alive.hpp"
#include "parameter.hpp"
#include "pinned.hpp"
#include "quiet.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

constexpr std::uint32_t kCallback = 8, kServe = 0, kStop = 1;

// Longer than a machine with other work takes for any of this.
constexpr std::uint64_t kLong = 10'000;

class PollingTest : public UserTest {
 protected:
  static std::uint64_t polls() { return driver_number("statistics/callback_polls"); }

  // Has QTEE call an object of the server's so many times in one invocation.
  void call(unsigned times, std::uint32_t op = kServe) {
    vsoc::CallbackRequest request{op, times};
    RawInvoke invocation(kCallback, {param_in(&request, sizeof request), param_object(1, server_.get())});
    EXPECT_EQ(invocation.invoke(service_.object().fd()), 0);
    EXPECT_EQ(invocation.head().result, 0);
  }

  // Serves until it is told to stop. Returns how many requests it was given.
  unsigned serve() {
    for (unsigned served = 0;;) {
      RawRequest request;
      const int error = request.receive(server_.get());
      if (error == EINTR) continue;
      EXPECT_EQ(error, 0);
      if (error != 0) return served;
      if (request.head().request_id == 0) continue;
      ++served;
      const bool stop = request.head().op == kStop;
      EXPECT_EQ(request.reply(server_.get(), 0), 0);
      if (stop) return served;
    }
  }

  // Takes the notifications of the objects that were passed.
  void TearDown() override {
    service_.null();
    RawRequest request;
    while (server_wait(server_.get(), 50)) EXPECT_EQ(request.receive(server_.get()), 0);
  }

  FileDescriptor server_ = server_open();
};

TEST_F(PollingTest, WhereEachHasACpuNobodyHasToSleep) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "there is one CPU";
  const Parameter poll("callback_poll_us", kLong);
  const Pinned pinned(0);
  std::thread server([this] {
    const Pinned other(1);
    serve();
  });
  EXPECT_EQ(::sched_getcpu(), 0);
  const auto polled = polls();
  EXPECT_TRUE(soon([&] {
    call(50);
    return polls() > polled + 50;
  })) << polls() - polled;
  call(1, kStop);
  server.join();
}

TEST_F(PollingTest, AtZeroNobodyPolls) {
  std::thread server([this] { serve(); });
  {
    const Parameter poll("callback_poll_us", kLong);
    call(50);
  }
  const Parameter poll("callback_poll_us", 0);
  // Who had begun.
  std::this_thread::sleep_for(20ms);
  const auto polled = polls();
  for (int i = 0; i < 20; ++i) call(20);
  EXPECT_EQ(polls(), polled);
  call(1, kStop);
  server.join();
}

TEST_F(PollingTest, OneThreadPollsAndTheOthersAreWokenForTheRest) {
  constexpr unsigned kServers = 4, kInvokers = 3, kCalls = 60, kTimes = 5;
  std::atomic<unsigned> served = 0;
  std::vector<std::thread> servers, invokers;
  for (unsigned i = 0; i < kServers; ++i) servers.emplace_back([&] { served += serve(); });
  std::atomic<unsigned> running = kInvokers;
  for (unsigned i = 0; i < kInvokers; ++i)
    invokers.emplace_back([&] {
      for (unsigned n = 0; n < kCalls; ++n) call(kTimes);
      --running;
    });
  for (bool on = true; running != 0; on = !on) {
    const Parameter poll("callback_poll_us", on ? kLong : 0);
    std::this_thread::sleep_for(10ms);
  }
  for (auto& invoker : invokers) invoker.join();
  for (unsigned i = 0; i < kServers; ++i) call(1, kStop);
  for (auto& server : servers) server.join();
  EXPECT_EQ(served, kInvokers * kCalls * kTimes + kServers);
}

// Where one is not told, all wait, until this test takes too long.
TEST_F(PollingTest, RequestsThatWaitForEachOtherEachGetAThread) {
  constexpr unsigned kThreads = 3, kRounds = 200;
  const Parameter poll("callback_poll_us", kLong);
  std::barrier together(kThreads);
  std::vector<std::thread> servers, invokers;
  for (unsigned i = 0; i < kThreads; ++i) {
    servers.emplace_back([&] {
      for (unsigned served = 0; served < kRounds;) {
        RawRequest request;
        ASSERT_EQ(request.receive(server_.get()), 0);
        if (request.head().request_id == 0) continue;
        ++served;
        together.arrive_and_wait();
        EXPECT_EQ(request.reply(server_.get(), 0), 0);
      }
    });
    invokers.emplace_back([&] {
      for (unsigned n = 0; n < kRounds; ++n) call(1);
    });
  }
  for (auto& invoker : invokers) invoker.join();
  for (auto& server : servers) server.join();
}

TEST_F(PollingTest, SignalsToWhoPollsLoseNothing) {
  const Parameter poll("callback_poll_us", kLong);
  struct sigaction action{};
  action.sa_handler = [](int) {};
  struct sigaction before{};
  ::sigaction(SIGUSR1, &action, &before);
  std::atomic<unsigned> served = 0;
  std::atomic<bool> done = false;
  std::thread server([&] { served = serve(); });
  std::thread pest([&] {
    for (; !done; std::this_thread::sleep_for(1ms)) ::pthread_kill(server.native_handle(), SIGUSR1);
  });
  for (int i = 0; i < 100; ++i) call(5);
  done = true;
  pest.join();
  call(1, kStop);
  server.join();
  EXPECT_EQ(served, 501u);
  ::sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace qtee::test
