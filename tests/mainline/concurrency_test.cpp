// SPDX-License-Identifier: BSD-3-Clause
//
// Many threads, many clients, clients that die.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barrier>
#include <cstring>
#include <latch>

#include "fixture.hpp"
#include "victim.hpp"

namespace qtee::judge {
namespace {

using vsoc::Op;

class Concurrency : public JudgeTest {
 protected:
  // Runs `body(thread)` in so many threads, and counts those that were not content.
  static unsigned in_threads(unsigned count, const std::function<bool(unsigned)>& body) {
    std::atomic<unsigned> failures = 0;
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < count; i++) {
      threads.emplace_back([&, i] { failures += !body(i); });
    }
    threads.clear();
    return failures;
  }

  Outcome call_back(const Callee& callee, std::uint32_t op = 3) {
    return service().run(
        service().call(Op::callback).in_value(vsoc::CallbackRequest{op, 1}).in_callback(callee.server(), callee.id()));
  }
};

TEST_F(Concurrency, EchoesDoNotMix) {
  const unsigned failures = in_threads(8, [&](unsigned thread) {
    for (unsigned i = 0; i < 100; i++) {
      const auto in = pattern_bytes(1 + (thread * 977 + i * 131) % 6000, thread * 1000 + i);
      std::vector<std::byte> out(in.size());
      std::size_t size = 0;
      if (!service().echo(in, out, size).ok() || size != in.size() || out != in) return false;
    }
    return true;
  });
  EXPECT_EQ(failures, 0u);
}

TEST_F(Concurrency, ObjectsComeAndGo) {
  const unsigned failures = in_threads(6, [&](unsigned) {
    for (unsigned i = 0; i < 20; i++) {
      std::vector<Received> objects(1 + i % 5);
      if (!service().create(objects).ok()) return false;
      for (const Received& object : objects) {
        if (!object.is_tee() || !Service(object.object()).null().ok()) return false;
      }
    }
    return true;
  });
  EXPECT_EQ(failures, 0u);
}

TEST_F(Concurrency, CallbacksAtOnce) {
  std::atomic<unsigned> calls = 0;
  const unsigned failures = in_threads(8, [&](unsigned thread) {
    std::uint32_t seen = 0;
    const Callee callee(server(), [&](Request& request) {
      calls++;
      seen = request.op();
      return static_cast<std::int32_t>(request.op() % 5);
    });
    for (std::uint32_t i = 0; i < 25; i++) {
      const std::uint32_t op = thread * 100 + i;
      const Outcome outcome = call_back(callee, op);
      if (outcome.error != 0 || outcome.result != static_cast<std::int32_t>(op % 5) || seen != op) return false;
    }
    return true;
  });
  EXPECT_EQ(failures, 0u);
  EXPECT_EQ(calls, 8 * 25u);
}

TEST_F(Concurrency, FourSuspendedAtOnce) {
  // All four are in Linux at the same time, or nobody gets on.
  std::barrier together(4);
  std::atomic<std::uint64_t> most_in_flight = 0;
  const Callee callee(server(), [&](Request&) {
    together.arrive_and_wait();
    const std::uint64_t in_flight = report().calls_in_flight;
    std::uint64_t most = most_in_flight;
    while (most < in_flight && !most_in_flight.compare_exchange_weak(most, in_flight)) {
    }
    together.arrive_and_wait();
    return 0;
  });
  EXPECT_EQ(in_threads(4, [&](unsigned) { return call_back(callee).ok(); }), 0u);
  EXPECT_EQ(most_in_flight, World::get().baseline.calls_in_flight + 4);
}

TEST_F(Concurrency, AnswersInAnyOrder) {
  // The calls are answered in the reverse of the order in which they came, or in a mixed one: they are kept apart.
  for (const std::vector<unsigned>& order : {std::vector<unsigned>{3, 2, 1, 0}, {1, 3, 0, 2}, {0, 1, 2, 3}}) {
    std::mutex mutex;
    std::condition_variable changed;
    unsigned arrived = 0;
    std::size_t next = 0;
    const Callee callee(server(), [&](Request& request) {
      std::unique_lock lock(mutex);
      arrived++;
      changed.notify_all();
      changed.wait(lock, [&] { return arrived == 4 && next < 4 && order[next] == request.op(); });
      lock.unlock();
      return static_cast<std::int32_t>(100 + request.op());
    });
    EXPECT_EQ(in_threads(4,
                         [&](unsigned thread) {
                           const Outcome outcome = call_back(callee, thread);
                           const std::lock_guard lock(mutex);
                           next++;
                           changed.notify_all();
                           return outcome.error == 0 && outcome.result == static_cast<std::int32_t>(100 + thread);
                         }),
              0u);
  }
}

TEST_F(Concurrency, ClientsAtOnce) {
  EXPECT_EQ(in_threads(4,
                       [&](unsigned) {
                         for (int i = 0; i < 3; i++) {
                           Client client = Client::open(1);
                           Object own = client.open_service(vsoc::kServiceUid);
                           const Callee callee(*client.server, [](Request&) { return 5; });
                           const Outcome outcome = Service(own).run(Service(own)
                                                                        .call(Op::callback)
                                                                        .in_value(vsoc::CallbackRequest{1, 3})
                                                                        .in_callback(*client.server, callee.id()));
                           if (outcome.error != 0 || outcome.result != 5) return false;
                           if (!poll_references(*client.server, callee.id(), 0)) return false;
                           if (!client.server->faults().empty()) return false;
                         }
                         return true;
                       }),
            0u);
}

TEST_F(Concurrency, MemoryObjectsAtOnce) {
  EXPECT_EQ(in_threads(4,
                       [&](unsigned thread) {
                         SharedMemory memory(*device(), 4096);
                         for (unsigned i = 0; i < 8; i++) {
                           const std::uint64_t seed = thread * 100 + i;
                           if (!service().fill(memory.ref(), {0, 4096, seed}).ok()) return false;
                           std::uint64_t sum = 0;
                           if (!service().checksum(memory.ref(), {0, 4096}, sum).ok()) return false;
                           const auto expected = pattern_bytes(4096, seed);
                           if (sum != vsoc::checksum(expected.data(), expected.size())) return false;
                         }
                         return true;
                       }),
            0u);
}

TEST_F(Concurrency, ObjectOfAnotherClientIsRefused) {
  // A callback object of one open must not show up in another: QTEE hands it to whoever asks, the driver must not.
  const Callee callee(server(), [](Request&) { return 0; });
  ASSERT_OK(service().hold(server(), {callee.id()}));
  {
    Client other = Client::open(1);
    const Object own = other.open_service(vsoc::kServiceUid);
    std::vector<Received> objects(1);
    const Outcome outcome = Service(own).give(objects);
    EXPECT_THAT(outcome, Answers(-96));
    EXPECT_TRUE(objects[0].is_null());
  }
  EXPECT_OK(service().drop(kDropAll));
  EXPECT_TRUE(poll_references(server(), callee.id(), 0));
}

// Runs this program as a client that is killed at its worst moment.
class Victims : public Concurrency, public ::testing::WithParamInterface<const char*> {};

TEST_P(Victims, LeavesNothingBehind) {
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::dup2(ready[1], STDOUT_FILENO);
    ::execl("/proc/self/exe", "test_mainline", kVictimArgument, GetParam(), nullptr);
    ::_exit(127);
  }
  ::close(ready[1]);
  char byte = 0;
  ssize_t got = 0;
  do {
    got = ::read(ready[0], &byte, 1);
  } while (got == 1 && byte != kVictimReady);
  EXPECT_EQ(got, 1) << "the victim never got there";
  ::close(ready[0]);
  if (std::string(GetParam()) == "callback") {
    EXPECT_GE(report().calls_in_flight, 1u);
  }
  EXPECT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_OK(service().drop(kDropAll));
  EXPECT_OK(service().null());
}

INSTANTIATE_TEST_SUITE_P(Killed, Victims, ::testing::Values("objects", "callback", "held", "memory", "work"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace qtee::judge
