// SPDX-License-Identifier: BSD-3-Clause
//
// Races that once were lost: each of these hung, crashed or starved the driver before it was mended.
#include <fcntl.h>
#include <poll.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

constexpr std::uint32_t kMirror = 2, kCallback = 8;
constexpr auto kLong = 2s;

class RaceTest : public UserTest {
 protected:
  int fd() const { return service_.object().fd(); }
};

// Threads without room give a request back to each other all the time. It must be there for the one that has room.
TEST_F(RaceTest, ARequestThatNobodyHasRoomForIsNotLost) {
  const FileDescriptor server = server_open(O_NONBLOCK);
  std::atomic<int> result{-1};
  std::thread invoker([&] {
    const vsoc::CallbackRequest request{3, 1};
    std::uint64_t payload = 7;
    RawInvoke invocation(kCallback, {param_in(&request, sizeof request), param_in(&payload, sizeof payload),
                                     param_object(7, server.get())});
    if (invocation.invoke(fd()) == 0) result = invocation.head().result;
  });
  ASSERT_TRUE(server_wait(server.get()));

  std::atomic<bool> stop{false};
  std::atomic<long> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        RawRequest small(sizeof(qcom_tee_cb_arg), 0);
        if (small.receive(server.get()) == ENOSPC) ++refused;
      }
    });
  std::this_thread::sleep_for(kLong);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(refused, 0);

  RawRequest request;
  ASSERT_TRUE(server_wait(server.get()));
  ASSERT_EQ(request.receive(server.get()), 0);
  EXPECT_EQ(request.head().id, 7u);
  EXPECT_EQ(request.reply(server.get(), 42), 0);
  invoker.join();
  EXPECT_EQ(result, 42);
}

// A server takes the news of a release and closes, while the thread that brought it is still waking it up.
TEST_F(RaceTest, AServerClosesWhileItIsToldOfAReleaseOfItsObject) {
  std::atomic<bool> stop{false};
  std::atomic<int> server{-1};
  std::atomic<long> closed{0};
  std::thread closer([&] {
    while (!stop) {
      const int fd = server;
      pollfd poll{fd, POLLIN, 0};
      if (fd < 0 || ::poll(&poll, 1, 10) != 1) continue;
      RawRequest request(sizeof(qcom_tee_cb_arg), 0);
      if (request.receive(fd) != 0) continue;
      server = -1;
      close(fd);
      ++closed;
    }
  });
  for (const auto end = std::chrono::steady_clock::now() + kLong; std::chrono::steady_clock::now() < end;) {
    if (server < 0) server = server_open(O_NONBLOCK).release();
    RawInvoke invocation(kMirror, {param_object(1, server)});
    invocation.invoke(fd());
  }
  stop = true;
  closer.join();
  if (server >= 0) close(server);
  EXPECT_GT(closed, 0);
}

// As many invocations as there may be, and more, wait at once. Large messages still find a buffer afterwards.
TEST_F(RaceTest, ABurstOfInvocationsLeavesRoomForLargeMessages) {
  const FileDescriptor server = server_open(O_NONBLOCK);
  constexpr int kThreads = 200;
  std::atomic<int> answered{0}, refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] {
      const vsoc::CallbackRequest request{3, 1};
      RawInvoke invocation(kCallback, {param_in(&request, sizeof request), param_object(i, server.get())});
      const int error = invocation.invoke(fd());
      if (error == 0 && invocation.head().result == 42) ++answered;
      if (error == EAGAIN) ++refused;
    });
  // Until nobody has come for a while, so that as many as possible wait at once; then all get their answer.
  std::vector<RawRequest> waiting;
  while (server_wait(server.get(), 1500)) {
    waiting.emplace_back();
    if (waiting.back().receive(server.get()) != 0 || waiting.back().head().request_id == 0) waiting.pop_back();
  }
  for (RawRequest& request : waiting) EXPECT_EQ(request.reply(server.get(), 42), 0);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered + refused, kThreads);
  EXPECT_EQ(answered, static_cast<int>(waiting.size()));
  EXPECT_GT(answered, 0);

  for (const std::size_t size : {100'000u, 400'000u, 1'000'000u, 2'000'000u, 4'000'000u}) {
    const auto bytes = bytes_of(size);
    RawInvoke invocation(kMirror, {param_in(bytes.data(), bytes.size())});
    EXPECT_EQ(invocation.invoke(fd()), 0) << size;
    EXPECT_EQ(invocation.head().result, 0);
  }
}

}  // namespace
}  // namespace qtee::test
