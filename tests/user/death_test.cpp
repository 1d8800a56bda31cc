// SPDX-License-Identifier: BSD-3-Clause
//
// Servers that die and invokers that are killed, in every state of a request.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <future>

#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

constexpr std::uint32_t kWork = 4, kCallback = 8, kHold = 9, kDrop = 11, kCreate = 12;
constexpr std::int32_t kDefunct = -90;

class DeathTest : public UserTest {
 protected:
  int fd() const { return service_.object().fd(); }

  // INVOKE of the callback operation on object 1 of `server`: the result, or errno + 1000.
  static std::int32_t call(int service, int server, bool object_out = false) {
    vsoc::CallbackRequest head{0, 1};
    RawInvoke plain(kCallback, {param_in(&head, sizeof(head)), param_object(1, server)});
    RawInvoke with(kCallback, {param_in(&head, sizeof(head)), param_object(1, server), param_object_out()});
    RawInvoke& invocation = object_out ? with : plain;
    const int error = invocation.invoke(service);
    return error != 0 ? 1000 + error : invocation.head().result;
  }

  std::future<std::int32_t> call_async(int server) {
    return std::async(std::launch::async, [this, server] { return call(fd(), server); });
  }

  // A second process, which runs `work` and nothing else.
  template <class Work>
  static pid_t second_process(Work work) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      work();
      ::_exit(0);
    }
    return pid;
  }
  static void kill_and_wait(pid_t pid) {
    ::kill(pid, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFSIGNALED(status));
  }

  // Takes notifications until there are none for a moment.
  void drain(int server) {
    for (int i = 0; i < 5; ++i) {
      service_.null();
      RawRequest request;
      while (server_wait(server, 20) && request.receive(server) == 0) EXPECT_EQ(request.head().request_id, 0u);
    }
  }
};

TEST_F(DeathTest, ServerDiesBeforeItReceives) {
  FileDescriptor server = server_open();
  auto answer = call_async(server.get());
  ASSERT_TRUE(server_wait(server.get()));
  server.reset();
  ASSERT_EQ(answer.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(answer.get(), kDefunct);
}

TEST_F(DeathTest, ServerDiesBeforeItReplies) {
  FileDescriptor server = server_open();
  auto answer = call_async(server.get());
  RawRequest request;
  ASSERT_EQ(request.receive(server.get()), 0);
  server.reset();
  ASSERT_EQ(answer.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(answer.get(), kDefunct);
}

TEST_F(DeathTest, ServerThatIsDeadAnswersDefunct) {
  // QTEE keeps an object of a server that is gone: a call to it fails, and its release reaches nobody.
  FileDescriptor server = server_open();
  ASSERT_EQ(RawInvoke(kHold, {param_object(1, server.get()), param_object(2, server.get())}).invoke(fd()), 0);
  server.reset();
  std::uint32_t all = 0xFFFFFFFF;
  EXPECT_EQ(RawInvoke(kDrop, {param_in(&all, 4)}).invoke(fd()), 0);
}

TEST_F(DeathTest, ManyRequestsOfOneServerEndWithIt) {
  FileDescriptor server = server_open();
  std::vector<std::future<std::int32_t>> answers;
  for (int i = 0; i < 6; ++i) answers.push_back(call_async(server.get()));
  RawRequest request;
  for (int i = 0; i < 3; ++i) ASSERT_EQ(request.receive(server.get()), 0);
  server.reset();
  for (auto& answer : answers) {
    ASSERT_EQ(answer.wait_for(10s), std::future_status::ready);
    const std::int32_t result = answer.get();
    // Those that had not got as far as the driver find no server.
    EXPECT_TRUE(result == kDefunct || result == 1000 + EBADF) << result;
  }
}

TEST_F(DeathTest, ServerProcessIsKilledWhileItServes) {
  FileDescriptor server = server_open();
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t pid = second_process([&] {
    RawRequest request;
    if (request.receive(server.get()) != 0 || ::write(ready[1], "r", 1) != 1) ::_exit(1);
    ::pause();
  });
  auto answer = call_async(server.get());
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  server.reset();  // from here on the other process alone has it open
  EXPECT_EQ(answer.wait_for(50ms), std::future_status::timeout);
  kill_and_wait(pid);
  ASSERT_EQ(answer.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(answer.get(), kDefunct);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(DeathTest, InvokerIsKilledBeforeItsRequestIsReceived) {
  const FileDescriptor server = server_open(O_NONBLOCK);
  const pid_t pid = second_process([&] { call(fd(), server.get()); });
  ASSERT_TRUE(server_wait(server.get()));
  kill_and_wait(pid);
  RawRequest request;
  const int error = request.receive(server.get());
  if (error == 0) {
    EXPECT_EQ(request.head().request_id, 0u) << "a request without an invoker";
  } else {
    EXPECT_EQ(error, EAGAIN);
  }
  drain(server.get());
}

TEST_F(DeathTest, InvokerIsKilledBeforeTheReply) {
  const FileDescriptor server = server_open(O_NONBLOCK);
  const pid_t pid = second_process([&] { call(fd(), server.get()); });
  ASSERT_TRUE(server_wait(server.get()));
  RawRequest request;
  ASSERT_EQ(request.receive(server.get()), 0);
  kill_and_wait(pid);
  EXPECT_EQ(request.reply(server.get()), ENOENT);
  drain(server.get());
}

TEST_F(DeathTest, ObjectsInAReplyThatIsTooLateAreOursStill) {
  const FileDescriptor server = server_open(O_NONBLOCK);
  const pid_t pid = second_process([&] { call(fd(), server.get(), true); });
  ASSERT_TRUE(server_wait(server.get()));
  RawRequest request;
  ASSERT_EQ(request.receive(server.get()), 0);
  kill_and_wait(pid);
  const Object object = service_.create();
  request.param(0) = param_object(object.fd(), QCOM_TEE_OBJECT_SECURE);
  request.param(0).direction = 0;
  EXPECT_EQ(request.reply(server.get()), ENOENT);
  object.call(vsoc::Op::null);
  request.param(0) = param_object(2, server.get());
  request.param(0).direction = 0;
  EXPECT_EQ(request.reply(server.get()), ENOENT);
  drain(server.get());
}

TEST_F(DeathTest, InvokerIsKilledInTheSecureWorld) {
  const pid_t pid = second_process([&] {
    // Again and again: whenever the signal comes, it finds a call in the secure world.
    std::uint64_t ns = 300'000'000;
    for (;;) RawInvoke(kWork, {param_in(&ns, 8)}).invoke(fd());
  });
  std::this_thread::sleep_for(50ms);
  kill_and_wait(pid);
}

TEST_F(DeathTest, InvokersAreKilledAtRandom) {
  for (int i = 0; i < 30; ++i) {
    const FileDescriptor server = server_open(O_NONBLOCK);
    const pid_t pid = second_process([&] {
      for (;;) {
        RawInvoke create(kCreate, {param_object_out(), param_object_out()});
        if (create.invoke(fd()) == 0) ::close(static_cast<int>(create.param(0).object.id));
        RawInvoke(kHold, {param_null(), param_null()}).invoke(fd());
        std::uint32_t two = 2;
        RawInvoke(kDrop, {param_in(&two, 4)}).invoke(fd());
      }
    });
    std::this_thread::sleep_for(std::chrono::microseconds(700 * (i + 1)));
    kill_and_wait(pid);
  }
  std::uint32_t all = 0xFFFFFFFF;
  RawInvoke(kDrop, {param_in(&all, 4)}).invoke(fd());
}

TEST_F(DeathTest, NestedInvokerIsKilled) {
  // The other process invokes, serves the callback on a second thread, and dies in a nested invocation.
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t pid = second_process([&] {
    CallbackServer server;
    CallbackObject own;
    own = server.add([&](CallbackRequest& request) {
      const Object service = request.take_object<Object>(0);
      const auto depth = request.input<std::uint32_t>(0);
      if (depth == 0) {
        if (::write(ready[1], "r", 1) != 1) ::_exit(1);
        ::pause();
      }
      request.set_output(0, service.call<std::uint32_t>(vsoc::Op::nest, depth, own));
      return Result::ok;
    });
    service_.object().call<std::uint32_t>(vsoc::Op::nest, 4u, own);
  });
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_GE(service_.report().calls_in_flight, 4u);
  kill_and_wait(pid);
  const auto ended = [](const vsoc::Report& report) { return report.calls_in_flight == 0; };
  EXPECT_EQ(service_.report_until(ended, 10s).calls_in_flight, 0u);
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace qtee::test
