// SPDX-License-Identifier: BSD-3-Clause
//
// RECEIVE and REPLY as a careless or hostile server calls them.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <future>
#include <set>

#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

constexpr std::uint32_t kCallback = 8, kHold = 9, kDrop = 11;

class RawCallbackTest : public UserTest {
 protected:
  int fd() const { return service_.object().fd(); }
  int server() const { return server_.get(); }

  struct Answer {
    int error;
    std::int32_t result;
    std::vector<std::byte> out;
  };

  // An invocation, on a thread of its own, that calls object `id` with one input and one output buffer.
  std::future<Answer> invoke(std::uint64_t id, std::uint32_t op, std::size_t in_size = 4, std::size_t out_size = 4) {
    return std::async(std::launch::async, [=, this] {
      vsoc::CallbackRequest request{op, 1};
      const auto in = bytes_of(in_size, id);
      Answer answer{0, 0, std::vector<std::byte>(out_size)};
      RawInvoke invocation(kCallback, {param_in(&request, sizeof(request)), param_in(in.data(), in.size()),
                                       param_out(answer.out.data(), answer.out.size()),
                                       param_object(static_cast<std::int64_t>(id), server())});
      answer.error = invocation.invoke(fd());
      answer.result = invocation.head().result;
      answer.out.resize(invocation.param(2).buffer.len);
      return answer;
    });
  }

  // Takes what there is, releases among it, until QTEE holds none of our ids.
  void drain() {
    for (int i = 0; i < 5; ++i) {
      service_.null();
      RawRequest request;
      while (server_wait(server(), 20)) {
        ASSERT_EQ(request.receive(server()), 0);
        EXPECT_EQ(request.head().request_id, 0u);
        EXPECT_EQ(request.head().op, std::uint32_t{QCOM_TEE_OP_RELEASE});
      }
    }
  }

  void TearDown() override { drain(); }

  FileDescriptor server_ = server_open(O_NONBLOCK);
};

TEST_F(RawCallbackTest, RequestIsDescribedAsTheHeaderSays) {
  auto answer = invoke(0xABCDEF0123456789, 42, 13, 9);
  ASSERT_TRUE(server_wait(server()));
  RawRequest request;
  ASSERT_EQ(request.receive(server()), 0);
  EXPECT_EQ(request.head().id, 0xABCDEF0123456789u);
  EXPECT_NE(request.head().request_id, 0u);
  EXPECT_EQ(request.head().op, 42u);
  ASSERT_EQ(request.head().num_params, 2u);
  EXPECT_EQ(request.param(0).attr, std::uint32_t{QCOM_TEE_BUFFER});
  EXPECT_NE(request.param(0).direction, 0u);
  EXPECT_EQ(request.param(0).buffer.len, 13u);
  const auto begin = reinterpret_cast<std::uintptr_t>(request.words.data());
  EXPECT_EQ(request.param(0).buffer.addr % 8, 0u);
  EXPECT_GE(request.param(0).buffer.addr, begin + sizeof(qcom_tee_cb_arg) + 2 * sizeof(qcom_tee_param));
  EXPECT_LE(request.param(0).buffer.addr + 13, begin + request.words.size() * 8);
  EXPECT_EQ(
      std::memcmp(reinterpret_cast<void*>(request.param(0).buffer.addr), bytes_of(13, 0xABCDEF0123456789).data(), 13),
      0);
  EXPECT_EQ(request.param(1).attr, std::uint32_t{QCOM_TEE_BUFFER});
  EXPECT_EQ(request.param(1).direction, 0u);
  EXPECT_EQ(request.param(1).buffer.addr, 0u);
  EXPECT_EQ(request.param(1).buffer.len, 9u);

  const auto out = bytes_of(5, 3);
  request.param(1).buffer.addr = reinterpret_cast<std::uintptr_t>(out.data());
  request.param(1).buffer.len = out.size();
  EXPECT_EQ(request.reply(server()), 0);
  const Answer got = answer.get();
  EXPECT_EQ(got.error, 0);
  EXPECT_EQ(got.result, 0);
  EXPECT_EQ(got.out, out);
}

TEST_F(RawCallbackTest, EmptyQueueAndPoll) {
  EXPECT_EQ(RawRequest().receive(server()), EAGAIN);
  EXPECT_FALSE(server_wait(server(), 0));
}

TEST_F(RawCallbackTest, TooSmallBufferLeavesTheRequest) {
  auto answer = invoke(1, 0, 1000);
  ASSERT_TRUE(server_wait(server()));
  RawRequest small(sizeof(qcom_tee_cb_arg) + 2 * sizeof(qcom_tee_param) + 8, 2);
  ASSERT_EQ(small.receive(server()), ENOSPC);
  EXPECT_EQ(small.head().num_params, 2u);
  EXPECT_GE(small.needed, sizeof(qcom_tee_cb_arg) + 2 * sizeof(qcom_tee_param) + 1000);
  EXPECT_LE(small.needed, 2000u);
  EXPECT_EQ(small.receive(server()), ENOSPC) << "it waits";
  RawRequest few(4096, 1);
  ASSERT_EQ(few.receive(server()), ENOSPC);
  EXPECT_EQ(few.head().num_params, 2u);
  RawRequest none(sizeof(qcom_tee_cb_arg), 0);
  ASSERT_EQ(none.receive(server()), ENOSPC);

  RawRequest exact((small.needed + 7) / 8 * 8, 2);
  ASSERT_EQ(exact.receive(server()), 0);
  exact.param(1).buffer = {};
  EXPECT_EQ(exact.reply(server()), 0);
  EXPECT_EQ(answer.get().result, 0);
}

TEST_F(RawCallbackTest, ReceiveWithAHeaderThatMakesNoSense) {
  qcom_tee_ioctl_data data{};
  const auto receive = [&] { return ::ioctl(server(), QCOM_TEE_IOCTL_RECEIVE, &data) < 0 ? errno : 0; };
  EXPECT_EQ(::ioctl(server(), QCOM_TEE_IOCTL_RECEIVE, nullptr) < 0 ? errno : 0, EFAULT);
  RawRequest request;
  data = {reinterpret_cast<std::uintptr_t>(request.words.data()), 23};
  EXPECT_EQ(receive(), EINVAL);
  data = {8, 4096};
  EXPECT_EQ(receive(), EFAULT);
  request.head().num_params = 61;
  data = {reinterpret_cast<std::uintptr_t>(request.words.data()), 4096};
  EXPECT_EQ(receive(), EINVAL);
  request.head().num_params = 2;
  data = {reinterpret_cast<std::uintptr_t>(request.words.data()), 24 + 47};
  EXPECT_EQ(receive(), EINVAL);
}

TEST_F(RawCallbackTest, MemoryThatIsNotThereLeavesTheRequest) {
  auto answer = invoke(1, 0, 1000);
  ASSERT_TRUE(server_wait(server()));
  auto* page =
      static_cast<std::byte*>(::mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(page, MAP_FAILED);
  ::munmap(page + kPage, kPage);
  // The header lies on the page, the payload passes its end.
  auto* head = reinterpret_cast<qcom_tee_cb_arg*>(page + kPage - 512);
  head->num_params = 2;
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(head), kPage};
  EXPECT_EQ(::ioctl(server(), QCOM_TEE_IOCTL_RECEIVE, &data) < 0 ? errno : 0, EFAULT);
  ::munmap(page, kPage);

  RawRequest request;
  ASSERT_EQ(request.receive(server()), 0);
  request.param(1).buffer.addr = 8;
  request.param(1).buffer.len = 4;
  EXPECT_EQ(request.reply(server()), EFAULT);
  // It still waits after an error. What is empty may point anywhere.
  request.param(1).buffer.addr = 0xFFFF'8000'0000'0000;
  request.param(1).buffer.len = 0;
  EXPECT_EQ(request.reply(server()), 0);
  EXPECT_EQ(answer.get().error, 0);
}

TEST_F(RawCallbackTest, PayloadIntoMemoryThatHasNotBeenTouched) {
  // Faults on the way must not lose the request.
  auto answer = invoke(1, 0, 1800, 1800);
  ASSERT_TRUE(server_wait(server()));
  constexpr std::size_t kSize = 64 << 10;
  auto* fresh =
      static_cast<std::byte*>(::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  auto* out =
      static_cast<std::byte*>(::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  auto* head = reinterpret_cast<qcom_tee_cb_arg*>(fresh + 4096 - sizeof(qcom_tee_cb_arg));
  head->num_params = 60;
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(head), kSize - 4096};
  ASSERT_EQ(::ioctl(server(), QCOM_TEE_IOCTL_RECEIVE, &data) < 0 ? errno : 0, 0);
  EXPECT_EQ(std::memcmp(reinterpret_cast<void*>(head->params[0].buffer.addr), bytes_of(1800, 1).data(), 1800), 0);
  head->params[1].buffer.addr = reinterpret_cast<std::uintptr_t>(out);
  head->result = 0;
  EXPECT_EQ(::ioctl(server(), QCOM_TEE_IOCTL_REPLY, &data) < 0 ? errno : 0, 0);
  const Answer got = answer.get();
  EXPECT_EQ(got.out, std::vector<std::byte>(1800));
  ::munmap(fresh, kSize);
  ::munmap(out, kSize);
}

TEST_F(RawCallbackTest, RepliesThatDoNotFitLeaveTheRequest) {
  auto answer = invoke(1, 0, 4, 4);
  ASSERT_TRUE(server_wait(server()));
  RawRequest request;
  ASSERT_EQ(request.receive(server()), 0);
  const std::uint32_t id = request.head().request_id;
  const qcom_tee_param in = request.param(0), out = request.param(1);

  request.head().num_params = 1;
  EXPECT_EQ(request.reply(server()), EINVAL);
  request.head().num_params = 3;
  request.param(2) = param_object_out();
  request.param(2).attr = QCOM_TEE_OBJECT_NULL;
  EXPECT_EQ(request.reply(server()), EINVAL);
  request.head().num_params = 2;
  std::uint64_t word = 0;
  request.param(1) = param_out(&word, 5);
  EXPECT_EQ(request.reply(server()), EINVAL) << "more than was offered";
  request.param(1) = param_out(&word, UINT64_MAX);
  EXPECT_EQ(request.reply(server()), EINVAL);
  request.param(1) = param_null();
  EXPECT_EQ(request.reply(server()), EINVAL);
  request.param(1) = param_in(&word, 4);
  EXPECT_EQ(request.reply(server()), EINVAL);
  request.param(0) = out;
  request.param(1) = in;
  EXPECT_EQ(request.reply(server()), EINVAL);
  request.param(0) = in;
  request.param(1) = param_out(&word, 4);
  for (const std::uint32_t other : {0u, id + 1, 0xFFFFFFFFu}) {
    request.head().request_id = other;
    EXPECT_EQ(request.reply(server()), ENOENT) << other;
  }
  request.head().request_id = id;
  EXPECT_EQ(request.reply(server()), 0);
  EXPECT_EQ(request.reply(server()), ENOENT) << "answered before";
  EXPECT_EQ(answer.get().error, 0);
}

TEST_F(RawCallbackTest, AnotherServerCanNotAnswer) {
  const FileDescriptor other = server_open(O_NONBLOCK);
  auto answer = invoke(1, 0);
  ASSERT_TRUE(server_wait(server()));
  RawRequest request;
  EXPECT_EQ(request.receive(other.get()), EAGAIN);
  ASSERT_EQ(request.receive(server()), 0);
  request.param(1).buffer = {};
  EXPECT_EQ(request.reply(other.get()), ENOENT);
  EXPECT_EQ(request.reply(server()), 0);
  answer.get();
}

TEST_F(RawCallbackTest, RequestsHaveIdsOfTheirOwnAndAreAnsweredInAnyOrder) {
  constexpr std::size_t kCount = 8;
  std::vector<std::future<Answer>> answers;
  for (std::uint64_t i = 0; i < kCount; ++i) answers.push_back(invoke(100 + i, 7));
  std::vector<RawRequest> requests;
  std::set<std::uint32_t> ids;
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(server_wait(server()));
    ASSERT_EQ(requests.emplace_back().receive(server()), 0);
    ids.insert(requests.back().head().request_id);
  }
  EXPECT_EQ(ids.size(), kCount);
  EXPECT_EQ(ids.count(0), 0u);
  for (std::size_t i = kCount; i-- > 0;) {
    const auto object = static_cast<std::uint32_t>(requests[i].head().id);
    requests[i].param(1).buffer.addr = reinterpret_cast<std::uintptr_t>(&object);
    requests[i].param(1).buffer.len = 4;
    ASSERT_EQ(requests[i].reply(server()), 0);
  }
  for (std::uint64_t i = 0; i < kCount; ++i) {
    const Answer got = answers[i].get();
    std::uint32_t object = 0;
    ASSERT_EQ(got.out.size(), 4u);
    std::memcpy(&object, got.out.data(), 4);
    EXPECT_EQ(object, 100 + i);
  }
}

TEST_F(RawCallbackTest, ErrorNeedsNoParameters) {
  auto answer = invoke(1, 0);
  ASSERT_TRUE(server_wait(server()));
  RawRequest request;
  ASSERT_EQ(request.receive(server()), 0);
  request.head().num_params = 0;
  EXPECT_EQ(request.reply(server(), -77), 0);
  EXPECT_EQ(answer.get().result, -77);
}

TEST_F(RawCallbackTest, BadObjectsInAReplyLeaveTheRequest) {
  vsoc::CallbackRequest head{0, 1};
  std::int32_t result = -1;
  auto invoked = std::async(std::launch::async, [&] {
    RawInvoke invocation(kCallback, {param_in(&head, sizeof(head)), param_object(1, server()), param_object_out()});
    const int error = invocation.invoke(fd());
    result = invocation.head().result;
    if (error == 0 && result == 0 && invocation.param(2).attr == QCOM_TEE_OBJECT &&
        invocation.param(2).object.host_id == QCOM_TEE_OBJECT_SECURE) {
      ::close(static_cast<int>(invocation.param(2).object.id));
    }
    return error;
  });
  ASSERT_TRUE(server_wait(server()));
  RawRequest request;
  ASSERT_EQ(request.receive(server()), 0);
  ASSERT_EQ(request.head().num_params, 1u);
  EXPECT_EQ(request.param(0).direction, 0u);
  const auto answer = [&](std::int64_t id, std::int32_t host) {
    request.param(0) = param_object(id, host);
    request.param(0).direction = 0;
    return request.reply(server());
  };
  EXPECT_EQ(answer(9999, QCOM_TEE_OBJECT_SECURE), EBADF);
  EXPECT_EQ(answer(server(), QCOM_TEE_OBJECT_SECURE), EBADF);
  EXPECT_EQ(answer(fd(), QCOM_TEE_MEMORY_OBJECT), EBADF);
  EXPECT_EQ(answer(1, fd()), EBADF);
  EXPECT_EQ(answer(fd(), QCOM_TEE_OBJECT_SECURE), 0);
  EXPECT_EQ(invoked.get(), 0);
  EXPECT_EQ(result, 0);
}

TEST_F(RawCallbackTest, ReleaseIsANotificationPerPass) {
  ASSERT_EQ(
      RawInvoke(kHold, {param_object(5, server()), param_object(5, server()), param_object(6, server())}).invoke(fd()),
      0);
  EXPECT_FALSE(server_wait(server(), 0));
  std::uint32_t all = 0xFFFFFFFF;
  ASSERT_EQ(RawInvoke(kDrop, {param_in(&all, 4)}).invoke(fd()), 0);
  std::multiset<std::uint64_t> ids;
  for (int i = 0; i < 3; ++i) {
    service_.null();
    ASSERT_TRUE(server_wait(server()));
    RawRequest request;
    ASSERT_EQ(request.receive(server()), 0);
    EXPECT_EQ(request.head().request_id, 0u);
    EXPECT_EQ(request.head().op, std::uint32_t{QCOM_TEE_OP_RELEASE});
    EXPECT_EQ(request.head().num_params, 0u);
    ids.insert(request.head().id);
    EXPECT_EQ(request.reply(server()), ENOENT) << "it takes no answer";
  }
  EXPECT_EQ(ids, (std::multiset<std::uint64_t>{5, 5, 6}));
}

TEST_F(RawCallbackTest, ObjectsOfAnotherServerAreNotHandedOver) {
  const FileDescriptor other = server_open(O_NONBLOCK);
  vsoc::CallbackRequest head{0, 1};
  RawInvoke invocation(kCallback,
                       {param_in(&head, sizeof(head)), param_object(1, server()), param_object(2, other.get())});
  EXPECT_EQ(invocation.invoke(fd()), 0);
  EXPECT_NE(invocation.head().result, 0) << "the callback fails";
  service_.null();
}

TEST_F(RawCallbackTest, SignalEndsABlockingReceive) {
  const FileDescriptor blocking = server_open();
  struct sigaction action{};
  action.sa_handler = [](int) {};
  struct sigaction before{};
  ::sigaction(SIGUSR1, &action, &before);
  std::atomic<int> error = -1;
  std::thread receiver([&] { error = RawRequest().receive(blocking.get()); });
  while (error == -1) {
    ::pthread_kill(receiver.native_handle(), SIGUSR1);
    std::this_thread::sleep_for(10ms);
  }
  receiver.join();
  EXPECT_EQ(error, EINTR);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(RawCallbackTest, ThreadsThatBlockServeOneRequestEach) {
  const FileDescriptor blocking = server_open();
  std::atomic<int> served = 0;
  std::vector<std::thread> receivers;
  for (int i = 0; i < 3; ++i) {
    receivers.emplace_back([&] {
      for (;;) {
        RawRequest request;
        ASSERT_EQ(request.receive(blocking.get()), 0);
        if (request.head().request_id == 0) continue;
        ++served;
        EXPECT_EQ(request.reply(blocking.get(), 55), 0);
        return;
      }
    });
  }
  std::this_thread::sleep_for(20ms);
  for (int i = 1; i <= 3; ++i) {
    vsoc::CallbackRequest head{0, 1};
    RawInvoke invocation(kCallback, {param_in(&head, sizeof(head)), param_object(1, blocking.get())});
    EXPECT_EQ(invocation.invoke(fd()), 0);
    EXPECT_EQ(invocation.head().result, 55);
    EXPECT_EQ(served, i);
  }
  for (auto& receiver : receivers) receiver.join();
}

}  // namespace
}  // namespace qtee::test
