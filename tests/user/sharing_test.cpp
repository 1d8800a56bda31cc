// SPDX-License-Identifier: BSD-3-Clause
//
// Capabilities between processes: who has the descriptor has the object.
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "peer.hpp"
#include "raw.hpp"
#include "user_test.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

class SharingTest : public UserTest {
 protected:
  SharingTest() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
      throw std::system_error(errno, std::generic_category());
    ours_.reset(fds[0]);
    theirs_.reset(fds[1]);
  }

  // Runs `work` in a second process, whose exit status is what it returns.
  template <class Work>
  pid_t second_process(Work work) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ours_.reset();
      int status = 100;
      try {
        status = work(theirs_.get());
      } catch (...) {
      }
      ::_exit(status);
    }
    return pid;
  }
  static int status_of(pid_t pid) {
    int status = -1;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

  FileDescriptor ours_, theirs_;
};

TEST_F(SharingTest, ObjectIsInvokedByTheProcessThatItIsSentTo) {
  const Object object = service_.create();
  const pid_t pid = second_process([](int socket) {
    const Object received = Object::receive(socket);
    return received.call<std::uint32_t>(Op::echo, 42u) == 42 ? 0 : 1;
  });
  object.send(ours_.get());
  EXPECT_EQ(status_of(pid), 0);
  object.call(Op::null);
}

TEST_F(SharingTest, ReceiverKeepsTheObjectAlive) {
  const auto before = service_.report();
  int ready[2], go[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(go), 0);
  Object object;
  const pid_t pid = second_process([&](int socket) {
    char byte = 0;
    const Object received = Object::receive(socket);
    if (::write(ready[1], "r", 1) != 1 || ::read(go[0], &byte, 1) != 1) return 2;
    received.call(Op::null);
    return 0;
  });
  object = service_.create();
  object.send(ours_.get());
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  object.reset();
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(service_.report().tee_objects, before.tee_objects + 1);
  ASSERT_EQ(::write(go[1], "g", 1), 1);
  EXPECT_EQ(status_of(pid), 0);
  const auto gone = [&](const vsoc::Report& report) { return report.tee_objects == before.tee_objects; };
  EXPECT_EQ(service_.report_until(gone).tee_objects, before.tee_objects);
  for (const int fd : {ready[0], ready[1], go[0], go[1]}) ::close(fd);
}

TEST_F(SharingTest, KilledHolderReleases) {
  const auto before = service_.report();
  const pid_t pid = second_process([](int socket) {
    const Object received = Object::receive(socket);
    const Object more = received.call<Object>(Op::create);
    if (::write(socket, "r", 1) != 1) return 2;
    ::pause();
    return 0;
  });
  {
    const Object object = service_.create();
    object.send(ours_.get());
  }
  char byte;
  ASSERT_EQ(::read(ours_.get(), &byte, 1), 1);
  EXPECT_EQ(service_.report().tee_objects, before.tee_objects + 2);
  ::kill(pid, SIGKILL);
  EXPECT_EQ(status_of(pid), 1000 + SIGKILL);
  const auto gone = [&](const vsoc::Report& report) { return report.tee_objects == before.tee_objects; };
  EXPECT_EQ(service_.report_until(gone).tee_objects, before.tee_objects);
}

TEST_F(SharingTest, ObjectOnItsWayIsNotLost) {
  const auto before = service_.report();
  service_.create().send(ours_.get());  // our reference is gone, the socket holds one
  std::this_thread::sleep_for(10ms);
  EXPECT_EQ(service_.report().tee_objects, before.tee_objects + 1);
  const Object received = Object::receive(theirs_.get());
  received.call(Op::null);
  service_.create().send(ours_.get());
  ours_.reset();
  theirs_.reset();  // nobody will receive it
}

TEST_F(SharingTest, MemoryIsShared) {
  const MemoryObject memory = MemoryObject::from_huge_page(4096);
  memory.map().access(CpuAccess::Mode::write).store(0, std::uint64_t{11});
  const pid_t pid = second_process([](int socket) {
    const MemoryObject received = MemoryObject::receive(socket);
    const Object service = Object::receive(socket);
    const CpuAccess::Mode mode = CpuAccess::Mode::read;
    if (received.map().access(mode).load<std::uint64_t>(0) != 11) return 1;
    service.call(Op::fill, vsoc::FillRequest{0, 4096, 5}, received);
    return 0;
  });
  memory.send(ours_.get());
  service_.object().send(ours_.get());
  EXPECT_EQ(status_of(pid), 0);
  EXPECT_EQ(memory.map().access(CpuAccess::Mode::read).bytes()[77], std::byte{vsoc::pattern(5, 77)});
}

TEST_F(SharingTest, CallbackReachesTheProcessThatServes) {
  // The second process has a server of its own; QTEE keeps its object, and we make QTEE call it.
  const pid_t pid = second_process([](int socket) {
    const Object service = Object::receive(socket);
    CallbackServer server;
    std::atomic<unsigned> calls = 0;
    CallbackObject own = server.add([&](CallbackRequest& call) {
      ++calls;
      call.set_output(0, std::uint32_t{4711});
      return Result::ok;
    });
    const auto answer = service.call<std::uint32_t>(Op::callback, vsoc::CallbackRequest{0, 1}, own);
    return answer == 4711 && calls == 1 ? 0 : 1;
  });
  service_.object().send(ours_.get());
  EXPECT_EQ(status_of(pid), 0);
}

TEST_F(SharingTest, ProgramOfTheOtherWidthUsesWhatItIsSent) {
  const Object object = service_.create();
  const MemoryObject memory = MemoryObject::from_huge_page(8192);
  memory.map().access(CpuAccess::Mode::write).store(0, kPeerWord);
  const pid_t pid = second_process([](int socket) { return peer_exec(peer_job::use, socket); });
  theirs_.reset();
  object.send(ours_.get());
  memory.send(ours_.get());
  EXPECT_NO_THROW(EXPECT_EQ(Object::receive(ours_.get()).call<std::uint32_t>(Op::echo, 42u), 42u));
  EXPECT_EQ(status_of(pid), kPeerDone);
  const MemoryMapping mapping = memory.map();
  const CpuAccess access = mapping.access(CpuAccess::Mode::read);
  for (const std::size_t at : {0, 77, 8191}) EXPECT_EQ(access.bytes()[at], std::byte{vsoc::pattern(kPeerSeed, at)});
}

TEST_F(SharingTest, ProgramOfTheOtherWidthServes) {
  // We invoke, and the server that QTEE calls meanwhile is read and answered by a process of the other width.
  const FileDescriptor server = server_open();
  qcom_tee_server_arg limit{60'000, 0};  // a peer that fails must not keep us waiting
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(&limit), sizeof limit};
  ASSERT_EQ(::ioctl(server.get(), QCOM_TEE_IOCTL_SERVER, &data), 0);
  const pid_t pid = second_process([](int socket) { return peer_exec(peer_job::serve, socket); });
  server.send(ours_.get());

  const vsoc::CallbackRequest request{3, 1};
  const std::vector<std::byte> in = bytes_of(1001);
  std::vector<std::byte> out(1003);
  RawInvoke invocation(
      static_cast<std::uint32_t>(Op::callback),
      {param_in(&request, sizeof request), param_in(in.data(), in.size()), param_out(out.data(), out.size()),
       param_object(static_cast<std::int64_t>(kPeerObject), server.get()),
       param_object(service_.object().fd(), QCOM_TEE_OBJECT_SECURE), param_object_out()});
  EXPECT_EQ(invocation.invoke(service_.object().fd()), 0);
  EXPECT_EQ(invocation.head().result, 0);
  EXPECT_EQ(status_of(pid), kPeerDone);
  ASSERT_EQ(invocation.param(2).buffer.len, in.size());
  out.resize(in.size());
  EXPECT_TRUE(std::equal(out.begin(), out.end(), in.rbegin()));
  ASSERT_EQ(invocation.param(5).object.host_id, QCOM_TEE_OBJECT_SECURE);
  const Object made(FileDescriptor(static_cast<int>(invocation.param(5).object.id)));
  made.call(Op::null);
}

}  // namespace
}  // namespace qtee::test
