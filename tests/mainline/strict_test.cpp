// SPDX-License-Identifier: BSD-3-Clause
//
// What mainline's driver gets wrong, does not do, or does not survive, and ours has to do right. docs/compatibility.md
// lists these differences.
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <latch>

#include "fixture.hpp"

namespace qtee::judge {
namespace {

using vsoc::Op;

constexpr std::uint64_t kUbufInput = TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT;
constexpr std::uint64_t kUbufOutput = TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT;
constexpr std::uint64_t kObjrefInput = TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT;
constexpr std::uint64_t kObjrefOutput = TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT;

// An ioctl whose header and parameters can be read and not written.
class ReadOnlyCall {
 public:
  ReadOnlyCall() : page_(::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  ~ReadOnlyCall() { ::munmap(page_, kSize); }
  ReadOnlyCall(const ReadOnlyCall&) = delete;
  ReadOnlyCall& operator=(const ReadOnlyCall&) = delete;

  // Returns 0 or an errno.
  template <typename Header, std::size_t N>
  int control(const TeeDevice& device, unsigned long request, const Header& head, const Param (&params)[N]) {
    std::memcpy(page_, &head, sizeof head);
    std::memcpy(static_cast<std::byte*>(page_) + sizeof head, params, sizeof params);
    EXPECT_EQ(::mprotect(page_, kSize, PROT_READ), 0);
    struct tee_ioctl_buf_data data = {reinterpret_cast<std::uintptr_t>(page_), sizeof head + sizeof params};
    return -device.control(request, &data);
  }

 private:
  static constexpr std::size_t kSize = 65536;  // a page at least
  void* page_;
};

class Strict : public JudgeTest {
 protected:
  void SetUp() override {
    if (driver_is_mainline()) GTEST_SKIP() << "not asked of mainline";
    JudgeTest::SetUp();
  }
  void TearDown() override {
    if (!IsSkipped()) JudgeTest::TearDown();
  }
  Outcome raw(std::vector<Param> params, Op op = Op::mirror) {
    return device()->invoke(World::get().service.id(), static_cast<std::uint32_t>(op), params);
  }
  Outcome pass(std::uint64_t id, std::uint64_t flags) { return raw({{kObjrefInput, id, flags, 0}}); }
};

TEST_F(Strict, SixteenOfAKindAreRefused) {
  std::array<std::byte, 8> byte = {};
  const auto address = reinterpret_cast<std::uintptr_t>(byte.data());
  const Callee callee(server(), [](Request&) { return 0; });
  const Param kinds[] = {{kUbufInput, address, 1, 0},
                         {kUbufOutput, address, 1, 0},
                         {kObjrefInput, callee.id(), tee::kRefUser, 0},
                         {kObjrefOutput, 0, 0, 0}};
  const vsoc::Counters before = counters();
  for (const Param& kind : kinds) EXPECT_THAT(raw(std::vector<Param>(16, kind)), FailsWith(EINVAL)) << kind.attr;
  EXPECT_EQ(counters().smc_invoke, before.smc_invoke + 1) << "QTEE heard of it";
  EXPECT_EQ(callee.releases(), 0u) << "QTEE never had it";
  // Also when another kind stands between them.
  std::vector<Param> mixed;
  for (int i = 0; i < 16; i++) {
    mixed.push_back(kinds[0]);
    mixed.push_back(kinds[3]);
  }
  EXPECT_THAT(raw(mixed), FailsWith(EINVAL));
}

TEST_F(Strict, ReferencesOfTheWrongKindAreRefused) {
  std::vector<Received> objects(1);
  ASSERT_OK(service().create(objects));
  const std::uint64_t id = objects[0].object().id();
  const SharedMemory memory(*device(), 4096);
  EXPECT_OK(pass(id, tee::kRefTee));
  for (const std::uint64_t flags : {0u, 3u, 5u, 6u, 7u, 8u, 0x80000001u}) {
    EXPECT_THAT(pass(id, flags), FailsWith(EINVAL)) << flags;
  }
  EXPECT_THAT(pass(id + 0x1'0000'0000, tee::kRefTee), FailsWith(EINVAL));
  EXPECT_THAT(pass(id + 1000, tee::kRefTee), FailsWith(EINVAL));
  EXPECT_THAT(pass(memory.id() + 1000, tee::kRefMemory), FailsWith(EINVAL));
  EXPECT_THAT(pass(memory.id() + 0x1'0000'0000, tee::kRefMemory), FailsWith(EINVAL));
  // Memory of another open.
  const auto other = TeeDevice::open();
  const SharedMemory theirs(*other, 4096);
  EXPECT_THAT(pass(theirs.id(), tee::kRefMemory), FailsWith(EINVAL));
  // A callback object that stands beside what is wrong was never passed.
  const Callee callee(server(), [](Request&) { return 0; });
  EXPECT_THAT(raw({{kObjrefInput, callee.id(), tee::kRefUser, 0}, {kObjrefInput, id + 1000, tee::kRefTee, 0}}),
              FailsWith(EINVAL));
  EXPECT_OK(service().null());
  EXPECT_EQ(callee.releases(), 0u);
}

TEST_F(Strict, AnIdIsNotUsedAgainSoon) {
  std::uint64_t last = 0;
  for (int i = 0; i < 10; i++) {
    std::vector<Received> objects(1);
    ASSERT_OK(service().create(objects));
    const std::uint64_t id = objects[0].object().id();
    if (i > 0) {
      EXPECT_NE(id, last);
    }
    last = id;
    objects.clear();
    EXPECT_THAT(pass(id, tee::kRefTee), FailsWith(EINVAL)) << "released";
    std::vector<Param> none;
    EXPECT_THAT(device()->invoke(id, 0, none), FailsWith(EINVAL)) << "released";
  }
}

TEST_F(Strict, ReleaseRacesWithUse) {
  // One thread releases ids that others invoke and pass: each use is of the object that was there, or refused.
  std::atomic<std::uint64_t> current = 1'000'000;  // none yet
  std::atomic<bool> over = false;
  std::atomic<unsigned> wrong = 0;
  std::vector<std::jthread> users;
  for (int i = 0; i < 3; i++) {
    users.emplace_back([&, i] {
      while (!over) {
        std::vector<Param> none;
        const Outcome outcome = i == 0 ? pass(current, tee::kRefTee)
                                       : device()->invoke(current, static_cast<std::uint32_t>(Op::null), none);
        if (!outcome.ok() && outcome.error != EINVAL) wrong++;
      }
    });
  }
  for (int i = 0; i < 300; i++) {
    std::vector<Received> objects(1);
    ASSERT_OK(service().create(objects));
    current = objects[0].object().id();
    std::this_thread::yield();
  }
  over = true;
  users.clear();
  EXPECT_EQ(wrong, 0u);
}

TEST_F(Strict, ObjectsWhoseNamesCanNotBeWrittenAreReleased) {
  ReadOnlyCall call;
  Param params[2] = {{kObjrefOutput, 0, 0, 0}, {kObjrefOutput, 0, 0, 0}};
  const tee::InvokeHeader head = {World::get().service.id(), static_cast<std::uint32_t>(Op::create), 0, 2, 0};
  EXPECT_EQ(call.control(*device(), TEE_IOC_OBJECT_INVOKE, head, params), EFAULT);
  // The end of the test sees whether they are there still.
}

TEST_F(Strict, TransportCodesOfTheCalleePass) {
  std::int32_t code = 0;
  const Callee callee(server(), [&](Request&) { return code; });
  for (code = -90; code >= -103; code--) {
    EXPECT_THAT(
        service().run(
            service().call(Op::callback).in_value(vsoc::CallbackRequest{1, 1}).in_callback(server(), callee.id())),
        Answers(code));
  }
}

class StrictServer : public SelfServedTest {
 protected:
  void SetUp() override {
    if (driver_is_mainline()) GTEST_SKIP() << "not asked of mainline";
    SelfServedTest::SetUp();
  }
  void TearDown() override {
    if (!IsSkipped()) SelfServedTest::TearDown();
  }
  // Asks QTEE to call object 7 back, with 100 bytes and room for 8.
  Outcome call_back() {
    const auto in = pattern_bytes(100);
    std::uint64_t out = 0;
    return Service(own_)
        .call(Op::callback)
        .in_value(vsoc::CallbackRequest{9, 1})
        .in(in)
        .in_ref(Ref::user(7))
        .out_value(out)
        .run(own_);
  }
};

TEST_F(StrictServer, SmallAreaIsToldWhatIsNeeded) {
  Outcome outcome;
  std::jthread caller([&] { outcome = call_back(); });
  std::uint32_t func = 0;
  std::vector<Param> params;
  EXPECT_EQ(receive(99, 11, func, params), ENOSPC);
  EXPECT_EQ(area_[0], 100u) << "bytes";
  EXPECT_EQ(area_[1], 3u) << "parameters";
  area_.fill(0);
  EXPECT_EQ(receive(1024, 2, func, params), ENOSPC);
  EXPECT_EQ(area_[1], 3u);
  area_.fill(0);
  EXPECT_EQ(receive(8, 11, func, params), ENOSPC);
  EXPECT_EQ(area_[0], 0u) << "no room even for that";
  ASSERT_EQ(receive(100, 3, func, params), 0);
  EXPECT_EQ(send(3, {{kMetaOutput, params[0].b, 0, 0}}), 0);
  caller.join();
  EXPECT_THAT(outcome, Answers(3));
}

TEST_F(StrictServer, AnAreaThatIsNotThereKeepsTheRequest) {
  Outcome outcome;
  std::jthread caller([&] { outcome = call_back(); });
  std::uint32_t func = 0;
  std::vector<Param> params(11);
  params[0] = {kMetaInout, 4096, 1024, 0};
  EXPECT_EQ(client_.device->receive(func, params), EFAULT);
  ASSERT_EQ(receive(1024, 11, func, params), 0);
  EXPECT_EQ(func, 9u);
  EXPECT_EQ(send(3, {{kMetaOutput, params[0].b, 0, 0}}), 0);
  caller.join();
  EXPECT_THAT(outcome, Answers(3));
}

// An address that no memory of ours can have: what has no bytes is not looked for there, and not for ever.
constexpr std::uint64_t kNowhere = 0xFFFF'8000'0000'0000;

TEST_F(StrictServer, ARequestWithoutBuffersNeedsNoArea) {
  Outcome outcome;
  std::jthread caller([&] {
    outcome = Service(own_).call(Op::callback).in_value(vsoc::CallbackRequest{9, 1}).in_ref(Ref::user(7)).run(own_);
  });
  std::uint32_t func = 0;
  std::vector<Param> params(11);
  params[0] = {kMetaInout, kNowhere, 1024, 0};
  ASSERT_EQ(client_.device->receive(func, params), 0);
  EXPECT_EQ(func, 9u);
  EXPECT_EQ(send(3, {{kMetaOutput, params[0].b, 0, 0}}), 0);
  caller.join();
  EXPECT_THAT(outcome, Answers(3));
}

TEST_F(StrictServer, AnEmptyOutputMayPointAnywhere) {
  Outcome outcome;
  std::jthread caller([&] { outcome = call_back(); });
  std::uint32_t func = 0;
  std::vector<Param> params;
  ASSERT_EQ(receive(1024, 11, func, params), 0);
  EXPECT_EQ(send(0, {{kMetaOutput, params[0].b, 0, 0}, {kUbufInput, 0, 0, 0}, {kUbufOutput, kNowhere, 0, 0}}), 0);
  caller.join();
  EXPECT_THAT(outcome, Answers(0));
}

TEST_F(StrictServer, ARequestThatCanNotBeToldIsKept) {
  Outcome outcome;
  std::jthread caller([&] { outcome = call_back(); });
  {
    ReadOnlyCall call;
    Param params[3] = {{kMetaInout, reinterpret_cast<std::uintptr_t>(area_.data()), 1024, 0}, {}, {}};
    EXPECT_EQ(call.control(*client_.device, TEE_IOC_SUPPL_RECV, tee::ReceiveHeader{0, 3}, params), EFAULT);
  }
  std::uint32_t func = 0;
  std::vector<Param> params;
  ASSERT_EQ(receive(1024, 11, func, params), 0);
  EXPECT_EQ(func, 9u);
  EXPECT_EQ(send(3, {{kMetaOutput, params[0].b, 0, 0}}), 0);
  caller.join();
  EXPECT_THAT(outcome, Answers(3));
}

TEST_F(StrictServer, ARefusedAnswerEndsTheCall) {
  const std::uint64_t word = 0;
  const auto address = reinterpret_cast<std::uintptr_t>(&word);
  // What stands behind the meta parameter, and what comes of it.
  const std::pair<std::vector<Param>, std::int32_t> bad[] = {
      {{}, -96},
      {{{kUbufInput, 0, 0, 0}}, -96},
      {{{kUbufOutput, address, 8, 0}, {kUbufInput, 0, 0, 0}}, -96},
      {{{kUbufInput, 0, 0, 0}, {kUbufOutput, address, 9, 0}}, -96},
      {{{kUbufInput, 0, 0, 0}, {kObjrefOutput, TEE_OBJREF_NULL, 0, 0}}, -96},
      {{{kUbufInput, 0, 0, 0}, {kObjrefOutput, 12345, tee::kRefTee, 0}}, -96},
      {{{kUbufInput, 0, 0, 0}, {TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT, 0, 0, 0}}, -96},
      {std::vector<Param>(16, Param{kUbufOutput, address, 0, 0}), -96},
      {{{kUbufInput, 0, 0, 0}, {kUbufOutput, 4096, 8, 0}}, 1},
  };
  for (std::size_t i = 0; i < std::size(bad); i++) {
    Outcome outcome;
    std::jthread caller([&] { outcome = call_back(); });
    std::uint32_t func = 0;
    std::vector<Param> params;
    do {
      ASSERT_EQ(receive(1024, 11, func, params), 0);
    } while (func == tee::kOpRelease);
    std::vector<Param> answer = bad[i].first;
    answer.insert(answer.begin(), Param{kMetaOutput, params[0].b, 0, 0});
    EXPECT_NE(send(0, answer), 0) << i;
    caller.join();
    EXPECT_THAT(outcome, Answers(bad[i].second)) << i;
    EXPECT_EQ(send(0, answer), EINVAL) << i << ": there is no request any more";
  }
}

TEST_F(StrictServer, AnswersToRequestsThatAreGone) {
  // The invoker is a process that shares the open file, and is killed while its request is served.
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    (void)call_back();
    ::_exit(0);
  }
  std::uint32_t func = 0;
  std::vector<Param> params;
  ASSERT_EQ(receive(1024, 11, func, params), 0);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  const std::uint64_t word = 0;
  EXPECT_EQ(
      send(0,
           {{kMetaOutput, params[0].b, 0, 0}, params[1], {kUbufOutput, reinterpret_cast<std::uintptr_t>(&word), 8, 0}}),
      EINVAL);
  EXPECT_EQ(send(5, {{kMetaOutput, params[0].b, 0, 0}}), EINVAL);
  EXPECT_TRUE(poll([&](const vsoc::Report& now) { return now.calls_in_flight == 0; }));
}

TEST_F(StrictServer, MemoryThatIsClosedFailsItsRequestAlone) {
  SharedMemory memory(*client_.device, 4096);
  Outcome outcome;
  std::jthread caller([&] {
    outcome = Service(own_)
                  .call(Op::callback)
                  .in_value(vsoc::CallbackRequest{9, 1})
                  .in_ref(Ref::user(7))
                  .in_ref(memory.ref())
                  .run(own_);
  });
  // It is in the queue, with memory that has a name; then it has none.
  std::uint32_t func = 0;
  std::vector<Param> params;
  EXPECT_EQ(receive(1024, 1, func, params), ENOSPC);
  memory.close();
  Outcome next;
  std::jthread other([&] { next = call_back(); });
  do {
    ASSERT_EQ(receive(1024, 11, func, params), 0);
  } while (func == tee::kOpRelease);
  EXPECT_EQ(params.size(), 3u) << "of the other call";
  EXPECT_EQ(send(3, {{kMetaOutput, params[0].b, 0, 0}}), 0);
  other.join();
  EXPECT_THAT(next, Answers(3));
  caller.join();
  EXPECT_THAT(outcome, Answers(-96));
}

// A page that is not there until somebody says so.
class AbsentPage {
 public:
  AbsentPage() : size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    fd_ = static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC));
    EXPECT_GE(fd_, 0) << std::strerror(errno);
    struct uffdio_api api = {};
    api.api = UFFD_API;
    EXPECT_EQ(::ioctl(fd_, UFFDIO_API, &api), 0) << std::strerror(errno);
    page_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_register reg = {};
    reg.range = {address(), size_};
    reg.mode = UFFDIO_REGISTER_MODE_MISSING;
    EXPECT_EQ(::ioctl(fd_, UFFDIO_REGISTER, &reg), 0) << std::strerror(errno);
  }
  ~AbsentPage() {
    ::munmap(page_, size_);
    ::close(fd_);
  }
  AbsentPage(const AbsentPage&) = delete;
  AbsentPage& operator=(const AbsentPage&) = delete;

  std::uint64_t address() const { return reinterpret_cast<std::uintptr_t>(page_); }
  // Until somebody needs it. False at the deadline.
  bool wait() const {
    struct pollfd wanted = {fd_, POLLIN, 0};
    return ::poll(&wanted, 1, 30'000) == 1;
  }
  void give() const {
    struct uffdio_zeropage zero = {};
    zero.range = {address(), size_};
    EXPECT_EQ(::ioctl(fd_, UFFDIO_ZEROPAGE, &zero), 0) << std::strerror(errno);
  }

 private:
  std::size_t size_;
  int fd_ = -1;
  void* page_ = nullptr;
};

TEST_F(StrictServer, ASignalDoesNotLoseAnAnswer) {
  struct sigaction handled = {};
  struct sigaction before = {};
  handled.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR1, &handled, &before), 0);
  Outcome outcome;
  std::jthread caller([&] { outcome = call_back(); });
  std::uint32_t func = 0;
  std::vector<Param> params;
  ASSERT_EQ(receive(1024, 11, func, params), 0);
  const AbsentPage page;
  std::jthread pager([&, server = ::pthread_self()] {
    EXPECT_TRUE(page.wait());
    ::pthread_kill(server, SIGUSR1);
    page.give();
  });
  EXPECT_EQ(send(0, {{kMetaOutput, params[0].b, 0, 0}, {kUbufInput, 0, 0, 0}, {kUbufOutput, page.address(), 8, 0}}), 0);
  pager.join();
  caller.join();
  EXPECT_THAT(outcome, Answers(0));
  EXPECT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
}

TEST_F(StrictServer, ThreadsThatWaitServeOneRequestEach) {
  constexpr unsigned kThreads = 4;
  std::atomic<unsigned> served = 0;
  std::latch all(kThreads);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < kThreads; i++) {
    threads.emplace_back([&] {
      std::array<std::uint64_t, 128> area = {};
      for (;;) {
        std::uint32_t func = 0;
        std::vector<Param> params(11, Param{});
        params[0] = {kMetaInout, reinterpret_cast<std::uintptr_t>(area.data()), sizeof(area), 0};
        if (client_.device->receive(func, params) != 0) return;
        if (func == tee::kOpRelease) continue;
        served++;
        // None answers before each has one.
        all.arrive_and_wait();
        EXPECT_EQ(send(4, {{kMetaOutput, params[0].b, 0, 0}}), 0);
        return;
      }
    });
  }
  std::vector<std::jthread> callers;
  for (unsigned i = 0; i < kThreads; i++) {
    callers.emplace_back([&] { EXPECT_THAT(call_back(), Answers(4)); });
  }
  callers.clear();
  threads.clear();
  EXPECT_EQ(served, kThreads);
}

// A dma-buf of so many bytes, one page at most, so that it is contiguous.
class DmaBuf {
 public:
  DmaBuf() : size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    memfd_ = ::memfd_create("judge", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    EXPECT_EQ(::ftruncate(memfd_, static_cast<off_t>(size_)), 0);
    EXPECT_EQ(::fcntl(memfd_, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    data_ = static_cast<std::byte*>(::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, memfd_, 0));
    const int device = ::open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
    struct udmabuf_create create = {};
    create.memfd = static_cast<std::uint32_t>(memfd_);
    create.flags = UDMABUF_FLAGS_CLOEXEC;
    create.size = size_;
    fd_ = ::ioctl(device, UDMABUF_CREATE, &create);
    EXPECT_GE(fd_, 0) << std::strerror(errno);
    ::close(device);
  }
  ~DmaBuf() {
    ::munmap(data_, size_);
    ::close(fd_);
    ::close(memfd_);
  }
  DmaBuf(const DmaBuf&) = delete;
  DmaBuf& operator=(const DmaBuf&) = delete;

  int fd() const { return fd_; }
  std::size_t size() const { return size_; }
  const std::byte* data() const { return data_; }

 private:
  std::size_t size_;
  int memfd_ = -1;
  int fd_ = -1;
  std::byte* data_ = nullptr;
};

class StrictMemory : public Strict {
 protected:
  // The errno that registering gives, or 0 with what came.
  int add(std::int64_t fd, tee::RegisterFd& data, std::uint32_t flags = 0) {
    data = {};
    data.fd = fd;
    data.flags = flags;
    const int ret = device()->control(tee::kIocRegisterFd, &data);
    added_ = ret;
    return ret < 0 ? -ret : 0;
  }
  int added_ = -1;
};

TEST_F(StrictMemory, ADmaBufIsAMemoryObject) {
  const DmaBuf buffer;
  tee::RegisterFd data = {};
  ASSERT_EQ(add(buffer.fd(), data), 0);
  EXPECT_EQ(data.size, buffer.size());
  EXPECT_GE(data.id, 1);
  const Ref ref = Ref::memory(static_cast<std::uint64_t>(data.id));
  EXPECT_OK(service().fill(ref, {0, buffer.size(), 5}));
  const auto expected = pattern_bytes(buffer.size(), 5);
  EXPECT_EQ(std::memcmp(buffer.data(), expected.data(), expected.size()), 0);
  // It comes back under its id, and is mapped by QTEE longer than it has one.
  ASSERT_OK(service().hold(ref));
  std::vector<Received> objects(1);
  ASSERT_OK(service().give(objects));
  EXPECT_TRUE(objects[0].is_memory());
  EXPECT_EQ(objects[0].id(), ref.id);
  Object mapped;
  ASSERT_OK(service().map(ref, {0, buffer.size()}, mapped));
  EXPECT_EQ(::close(added_), 0);
  EXPECT_THAT(service().fill(ref, {0, 8, 1}), FailsWith(EINVAL)) << "its id is gone";
  EXPECT_THAT(service().give(objects), Answers(-96)) << "it has no name here any more";
  std::uint64_t sum = 0;
  EXPECT_OK(Service(mapped).touch({0, buffer.size(), 6}, sum));
  EXPECT_EQ(static_cast<std::uint8_t>(buffer.data()[9]), vsoc::pattern(6, 9));
  EXPECT_OK(service().drop(kDropAll));
}

TEST_F(StrictMemory, RegisteredMemoryOutlivesItsDevice) {
  const DmaBuf buffer;
  tee::RegisterFd data = {};
  int fd = -1;
  {
    const auto other = TeeDevice::open();
    data.fd = buffer.fd();
    fd = other->control(tee::kIocRegisterFd, &data);
    ASSERT_GE(fd, 0);
  }
  EXPECT_THAT(pass(static_cast<std::uint64_t>(data.id), tee::kRefMemory), FailsWith(EINVAL)) << "of another open";
  EXPECT_EQ(::close(fd), 0);
}

TEST_F(StrictMemory, AnIdIsFreeWhenItIsGivenAnew) {
  // The TEE core gives the lowest free id, and frees it before it tells the driver of the end of what had it.
  std::atomic<unsigned> failed = 0;
  std::atomic<unsigned> nameless = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; i++) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; k++) {
        struct tee_ioctl_shm_alloc_data data = {};
        data.size = 4096;
        const int fd = device()->control(TEE_IOC_SHM_ALLOC, &data);
        if (fd < 0) {
          failed++;
          continue;
        }
        if (k % 8 == 0 && !pass(static_cast<std::uint64_t>(data.id), tee::kRefMemory).ok()) nameless++;
        ::close(fd);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(failed, 0u);
  EXPECT_EQ(nameless, 0u);
}

TEST_F(StrictMemory, OtherThingsAreNotRegistered) {
  tee::RegisterFd data = {};
  EXPECT_EQ(add(-1, data), EBADF);
  EXPECT_EQ(add(1'000'000, data), EBADF);
  EXPECT_EQ(add(std::int64_t{1} << 40, data), EBADF);
  EXPECT_EQ(add(STDOUT_FILENO, data), EBADF);
  const DmaBuf buffer;
  EXPECT_EQ(add(buffer.fd(), data, 1), EINVAL);
}

TEST_F(StrictMemory, SharedMemoryHasBounds) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1} << 32, std::size_t{1} << 40, ~std::size_t{0}}) {
    EXPECT_THROW(SharedMemory(*device(), size), std::system_error) << size;
  }
  SharedMemory memory(*device(), 1);
  EXPECT_EQ(memory.size(), static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
  for (const std::byte byte : memory.bytes()) ASSERT_EQ(byte, std::byte{0});
}

}  // namespace
}  // namespace qtee::judge
