// SPDX-License-Identifier: BSD-3-Clause
#include "tee.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "qtee/memory_object.hpp"
#include "teeclient/device.hpp"
#include "vsoc/service.hpp"

namespace qtee::hostile {
namespace {

using std::chrono::milliseconds;
using tee::InvokeHeader;
using tee::Param;
using vsoc::Op;

constexpr std::uint64_t kMetaReceive = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INOUT | TEE_IOCTL_PARAM_ATTR_META;
constexpr std::uint64_t kMetaSend = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT | TEE_IOCTL_PARAM_ATTR_META;

// A header and parameters in one piece, with room to lie about how many there are.
template <class Header>
struct Packed {
  explicit Packed(std::size_t count) : words((sizeof(Header) + count * sizeof(Param)) / 8) {}
  Header& head() { return *reinterpret_cast<Header*>(words.data()); }
  Param* params() { return reinterpret_cast<Param*>(words.data() + sizeof(Header) / 8); }
  std::size_t count() const { return (words.size() * 8 - sizeof(Header)) / sizeof(Param); }

  int control(int fd, unsigned long request) {
    struct tee_ioctl_buf_data data = {reinterpret_cast<std::uintptr_t>(words.data()), words.size() * 8};
    return ::ioctl(fd, request, &data) < 0 ? errno : 0;
  }
  // The same from anywhere, of any length. Whether the caller's own memory was used.
  std::pair<int, bool> control_badly(TeeWorld& world, Random& random, int fd, unsigned long request) {
    struct tee_ioctl_buf_data data = {reinterpret_cast<std::uintptr_t>(words.data()), words.size() * 8};
    if (random() % 16 == 0) data.buf_ptr = world.pages().address(random);
    if (random() % 16 == 0) data.buf_len = garbage_length(random);
    const bool own = data.buf_ptr == reinterpret_cast<std::uintptr_t>(words.data());
    if (own) data.buf_len = std::min<std::uint64_t>(data.buf_len, words.size() * 8);
    world.calls.fetch_add(1, std::memory_order_relaxed);
    const int ret = ::ioctl(fd, request, random() % 64 == 0 ? nullptr : &data);
    return {ret < 0 ? errno : 0, own};
  }

  std::vector<std::uint64_t> words;
};
using Invoke = Packed<InvokeHeader>;
using Receive = Packed<tee::ReceiveHeader>;
using Send = Packed<tee::SendHeader>;

// Any id: good, once good, another file's, or none.
std::uint64_t any_id(TeeWorld& world, Random& random) {
  switch (random() % 8) {
    case 0:
      return TEE_OBJREF_NULL;
    case 1:
      return random();
    case 2:
      return (std::uint64_t{1} << 30) + random() % 8;
    case 3:
      return random() % 20;
    default:
      return world.ids[random() % world.ids.size()];
  }
}

void remember(TeeWorld& world, Random& random, std::uint64_t id) { world.ids[random() % world.ids.size()] = id; }

Param any_param(TeeWorld& world, Random& random, bool input) {
  using enum tee::RefFlag;
  constexpr std::uint64_t flags[] = {kRefTee, kRefTee, kRefUser, kRefUser, kRefMemory, kRefMemory, 0, 3, 8};
  Param param = {};
  if (random() % 2) {
    param.attr = input ? TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT : TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT;
    param.a = world.pages().address(random);
    param.b = garbage_length(random);
  } else {
    param.attr = input ? TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT : TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT;
    param.a = any_id(world, random);
    param.b = flags[random() % std::size(flags)];
    if (random() % 64 == 0) param.b = random();
  }
  if (random() % 64 == 0) param.attr = random() % 32 == 0 ? random() : random() % 16;
  return param;
}

// A buffer of good memory.
Param good_buffer(TeeWorld& world, Random& random, const void* data, std::size_t size, bool input) {
  const auto place = world.pages().good().subspan(random() % 64 * 64, size);
  if (data != nullptr) std::memcpy(place.data(), data, size);
  return {input ? TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT : std::uint64_t{TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT},
          reinterpret_cast<std::uintptr_t>(place.data()), size, 0};
}

// What is structured has to look right to get anywhere: a callback, lies around one, nesting.
void make_callback(TeeWorld& world, Random& random, Op op, Invoke& call) {
  const vsoc::LieRequest lie{static_cast<std::uint32_t>(random() % 60), static_cast<std::uint32_t>(random() % 8),
                             random() % 4 ? random() % 8192 : random()};
  const vsoc::CallbackRequest callback{static_cast<std::uint32_t>(random() % 8), 1};
  const auto depth = static_cast<std::uint32_t>(random() % 4);
  Param* params = call.params();
  params[0] = op == Op::lie        ? good_buffer(world, random, &lie, sizeof lie, true)
              : op == Op::callback ? good_buffer(world, random, &callback, sizeof callback, true)
                                   : good_buffer(world, random, &depth, sizeof depth, true);
  params[1] = {TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT, random() % 100, tee::kRefUser, 0};
  params[2] = good_buffer(world, random, nullptr, 4, false);
}

void act_as_client(TeeWorld& world, std::uint64_t seed) {
  constexpr Op ops[] = {Op::null, Op::echo, Op::mirror, Op::mirror, Op::mirror,   Op::fail,   Op::nest, Op::callback,
                        Op::hold, Op::give, Op::drop,   Op::create, Op::checksum, Op::create, Op::map,  Op::lie};
  Random random(seed);
  while (!world.stop) {
    const std::size_t index = world.any_device(random);
    const Op op = ops[random() % std::size(ops)];
    const bool structured = op == Op::callback || op == Op::lie || op == Op::nest;
    Invoke call(random() % 16 == 0 ? random() % 70 + 3 : random() % 8 + (structured ? 3 : 0));
    for (std::size_t i = 0; i < call.count(); i++) call.params()[i] = any_param(world, random, random() % 2);
    if (structured) make_callback(world, random, op, call);
    call.head() = {world.service(index), static_cast<std::uint32_t>(op), 0,
                   static_cast<std::uint32_t>(random() % 16 == 0 ? random() : call.count()), 0};
    if (random() % 16 == 0) call.head().id = any_id(world, random);
    if (random() % 8 == 0) call.head().op = tee::kOpRelease, call.head().id = any_id(world, random);
    if (random() % 64 == 0) call.head().op = static_cast<std::uint32_t>(random()) | 0xFFFC;
    // Nobody releases what the others live on.
    if (call.head().op == tee::kOpRelease && call.head().id == world.service(index)) continue;
    const auto [error, own] = call.control_badly(world, random, world.device(index), TEE_IOC_OBJECT_INVOKE);
    if (error != 0 || !own || call.head().ret != 0) continue;
    world.successes++;
    for (std::size_t i = 0; i < call.count(); i++) {
      const Param& param = call.params()[i];
      if (param.attr == TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT && param.b == tee::kRefTee)
        remember(world, random, param.a);
    }
  }
}

// Shared memory of both kinds, which is passed by its id by everybody, mapped, and closed in any order.
void act_as_owner(TeeWorld& world, std::uint64_t seed) {
  Random random(seed);
  std::array<int, 8> held;
  held.fill(-1);
  const auto memory = MemoryObject::allocate(8192);
  while (!world.stop) {
    const std::size_t index = world.any_device(random);
    int& slot = held[random() % held.size()];
    if (slot >= 0) ::close(slot);
    world.calls++;
    if (random() % 2) {
      struct tee_ioctl_shm_alloc_data data = {};
      data.size = random() % 4 ? random() % 100'000 : garbage_length(random);
      data.flags = random() % 16 == 0 ? static_cast<std::uint32_t>(random()) : 0;
      slot = ::ioctl(world.device(index), TEE_IOC_SHM_ALLOC, &data);
      if (slot >= 0) remember(world, random, static_cast<std::uint64_t>(data.id));
    } else {
      tee::RegisterFd data = {};
      data.fd = random() % 4   ? memory.fd()
                : random() % 8 ? world.descriptors().any(random)
                               : static_cast<int>(random());
      data.flags = random() % 16 == 0 ? static_cast<std::uint32_t>(random()) : 0;
      void* at = random() % 32 == 0 ? reinterpret_cast<void*>(world.pages().address(random)) : &data;
      slot = ::ioctl(world.device(index), tee::kIocRegisterFd, at);
      if (slot >= 0) remember(world, random, static_cast<std::uint64_t>(data.id));
    }
    if (slot < 0) continue;
    const std::size_t size = 4096 * (1 + random() % 8);
    void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, slot, 0);
    if (mapped != MAP_FAILED) ::munmap(mapped, size);
  }
  for (const int fd : held)
    if (fd >= 0) ::close(fd);
}

// Opens a device, leaves objects of all kinds in QTEE, and closes it with all of that in use.
void act_as_leaver(TeeWorld& world, std::uint64_t seed) {
  Random random(seed);
  while (!world.stop) {
    const int fd = tee_open();
    const std::uint32_t uid = vsoc::kServiceUid;
    Invoke open(2);
    open.params()[0] = good_buffer(world, random, &uid, sizeof uid, true);
    open.params()[1] = {TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT, 0, 0, 0};
    open.head() = {TEE_OBJREF_NULL, 0, 0, 2, 0};
    if (open.control(fd, TEE_IOC_OBJECT_INVOKE) == 0 && open.head().ret == 0) {
      const std::uint64_t service = open.params()[1].a;
      Invoke hold(10);
      for (std::size_t i = 0; i < hold.count(); i++)
        hold.params()[i] = {TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT, random() % 20, tee::kRefUser, 0};
      hold.head() = {service, static_cast<std::uint32_t>(Op::hold), 0, 10, 0};
      hold.control(fd, TEE_IOC_OBJECT_INVOKE);
      Invoke create(12);
      for (std::size_t i = 0; i < create.count(); i++)
        create.params()[i] = {TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT, 0, 0, 0};
      create.head() = {service, static_cast<std::uint32_t>(Op::create), 0, 12, 0};
      create.control(fd, TEE_IOC_OBJECT_INVOKE);
      world.calls += 3;
    }
    ::close(fd);
    const std::uint32_t all = 0xFFFFFFFF;
    Invoke drop(1);
    drop.params()[0] = good_buffer(world, random, &all, sizeof all, true);
    drop.head() = {world.service(0), static_cast<std::uint32_t>(Op::drop), 0, 1, 0};
    drop.control(world.device(0), TEE_IOC_OBJECT_INVOKE);
  }
}

// Answers a request: mostly right, often short, wrong, or with objects that are none. Then once more, so that it ends.
void answer(TeeWorld& world, Random& random, std::size_t index, Receive& request) {
  Send send(request.head().num_params);
  send.head() = {static_cast<std::uint32_t>(random() % 4 ? 0 : random()), request.head().num_params};
  for (std::uint32_t i = 0; i < request.head().num_params; i++) {
    Param& param = send.params()[i];
    param = request.params()[i];
    if (param.attr == TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT) {
      param.a =
          random() % 4 ? reinterpret_cast<std::uintptr_t>(world.pages().good().data()) : world.pages().address(random);
      if (random() % 8 == 0) param.b = garbage_length(random);
    } else if (random() % 4 == 0) {
      param = any_param(world, random, false);
    }
  }
  const std::uint64_t id = request.params()[0].b;
  send.params()[0] = {kMetaSend, random() % 16 ? id : random() % 1000, 0, 0};
  if (random() % 16 == 0) send.head().num_params = static_cast<std::uint32_t>(random());
  if (random() % 32 == 0) send.params()[0].attr = random() % 300;
  send.control_badly(world, random, world.device(index), TEE_IOC_SUPPL_SEND);
  if (random() % 8 == 0) return;  // the janitor's
  send.head() = {1, 1};
  send.params()[0] = {kMetaSend, id, 0, 0};
  send.control(world.device(index), TEE_IOC_SUPPL_SEND);
}

void act_as_server(TeeWorld& world, std::uint64_t seed, std::size_t index) {
  Random random(seed);
  std::vector<std::uint64_t> area(2048);
  while (!world.served) {
    Receive request(random() % 8 == 0 ? random() % 80 : 61);
    request.head() = {0, static_cast<std::uint32_t>(random() % 32 == 0 ? random() : request.count())};
    if (request.count() != 0) {
      request.params()[0] = {kMetaReceive, reinterpret_cast<std::uintptr_t>(area.data()), area.size() * 8, 0};
      if (random() % 8 == 0) request.params()[0].a = world.pages().address(random);
      if (random() % 8 == 0) request.params()[0].b = random() % area.size();
      if (random() % 32 == 0) request.params()[random() % request.count()].attr = random() % 300;
    }
    const auto [error, own] = request.control_badly(world, random, world.device(index), TEE_IOC_SUPPL_RECV);
    if (error != 0 || !own || request.head().func == tee::kOpRelease) continue;
    world.request[index] = request.params()[0].b;
    answer(world, random, index, request);
  }
}

// Ends requests of which nobody knows any more: their numbers are near those that somebody does know. The driver has no
// timeout here, as mainline's has none.
void act_as_janitor(TeeWorld& world) {
  while (!world.served) {
    std::this_thread::sleep_for(milliseconds(20));
    for (std::size_t index = 0; index < TeeWorld::kDevices; index++) {
      const std::uint64_t newest = world.request[index];
      for (std::uint64_t id = newest > 100 ? newest - 100 : 1; id < newest + 100; id++) {
        Send send(1);
        send.head() = {1, 1};
        send.params()[0] = {kMetaSend, id, 0, 0};
        send.control(world.device(index), TEE_IOC_SUPPL_SEND);
      }
    }
  }
}

std::uint64_t service_open(int device) {
  std::uint32_t uid = vsoc::kServiceUid;
  Invoke call(2);
  call.params()[0] = {TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT, reinterpret_cast<std::uintptr_t>(&uid), sizeof uid, 0};
  call.params()[1] = {TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT, 0, 0, 0};
  call.head() = {TEE_OBJREF_NULL, 0, 0, 2, 0};
  // Message buffers may all be in use for a moment.
  for (int tries = 0; tries < 1000; tries++) {
    const int error = call.control(device, TEE_IOC_OBJECT_INVOKE);
    if (error == 0 && call.head().ret == 0) return call.params()[1].a;
    std::this_thread::sleep_for(milliseconds(5));
  }
  throw std::runtime_error("the private service can't be opened through the TEE device");
}

}  // namespace

int tee_open() {
  const std::string path = tee::TeeDevice::default_path();
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), path);
  return fd;
}

TeeWorld::TeeWorld(int shared) : shared_(shared), devices_{shared, tee_open(), tee_open()}, descriptors_(devices_) {
  for (std::size_t i = 0; i < kDevices; i++) services_[i] = service_open(devices_[i]);
}

TeeWorld::~TeeWorld() {
  // The other process has it still.
  Invoke release(0);
  release.head() = {services_[0], tee::kOpRelease, 0, 0, 0};
  release.control(shared_, TEE_IOC_OBJECT_INVOKE);
  for (std::size_t i = 1; i < kDevices; i++) ::close(devices_[i]);
}

std::pair<std::uint64_t, std::uint64_t> tee_harm(int shared, std::uint64_t seed, int clients,
                                                 std::chrono::seconds time) {
  // Receiving ends by a signal only.
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &action, nullptr);

  TeeWorld world(shared);
  std::vector<std::thread> servers, others;
  std::atomic<unsigned> serving = 0;
  for (std::size_t i = 0; i < TeeWorld::kDevices + 1; i++) {
    serving++;
    servers.emplace_back([&, i] {
      act_as_server(world, seed * 131 + i, i % TeeWorld::kDevices);
      serving--;
    });
  }
  std::thread janitor([&] { act_as_janitor(world); });
  for (int i = 0; i < clients; i++)
    others.emplace_back([&, i] { act_as_client(world, seed * 977 + static_cast<std::uint64_t>(i)); });
  others.emplace_back([&] { act_as_owner(world, seed * 53); });
  others.emplace_back([&] { act_as_leaver(world, seed * 59); });

  Random random(seed);
  for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
    world.pages().disturb(random);
    world.descriptors().disturb(random);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
  }
  world.stop = true;
  for (std::thread& thread : others) thread.join();
  world.served = true;
  janitor.join();
  // A thread may look at the flag and then receive.
  while (serving != 0) {
    for (std::thread& thread : servers) ::pthread_kill(thread.native_handle(), SIGUSR1);
    std::this_thread::sleep_for(milliseconds(5));
  }
  for (std::thread& thread : servers) thread.join();
  return {world.calls.load(), world.successes.load()};
}

}  // namespace qtee::hostile
