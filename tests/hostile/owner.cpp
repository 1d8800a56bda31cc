// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "actors.hpp"
#include "vsoc/service.hpp"

namespace qtee::hostile {
namespace {

// Memory of ALLOC, of either kind or none, with arguments of which anything may be wrong. -1 where it is refused.
int alloc(const World& world, Random& random, std::int32_t kind) {
  constexpr std::uint64_t sizes[] = {1, 4096, 4097, 65536, 100'000, 262'144, 0x3FF000, 0x400000};
  qcom_tee_alloc_arg arg{};
  arg.size = random() % 16 == 0 ? random() : random() % 8 == 0 ? garbage_length(random) : sizes[random() % 6];
  if (random() % 32 == 0) arg.size = sizes[6 + random() % 2];
  arg.host_id = random() % 16 == 0 ? static_cast<std::int32_t>(random()) : kind;
  arg.flags = random() % 16 == 0 ? static_cast<std::uint32_t>(random()) : random() % 8 == 0;
  arg.fd_flags = random() % 16 == 0 ? static_cast<std::uint32_t>(random()) : O_RDWR | O_CLOEXEC;
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(&arg), sizeof arg};
  if (random() % 32 == 0) data.buf_ptr = world.pages.address(random);
  if (random() % 32 == 0) data.buf_len = garbage_length(random);
  const bool told = data.buf_ptr == reinterpret_cast<std::uintptr_t>(&arg);
  return ioctl(world.root, QCOM_TEE_IOCTL_ALLOC, &data) == 0 && told ? arg.fd : -1;
}

// Some of it, from some page on, with some rights.
class Mapping {
 public:
  Mapping(int fd, Random& random) : size_(4096 * (1 + random() % 40)) {
    const int rights = random() % 4 ? PROT_READ | PROT_WRITE : PROT_READ;
    const auto offset = static_cast<off_t>(random() % 4 ? 0 : 4096 * (random() % 40));
    at_ = mmap(nullptr, size_, rights, random() % 8 ? MAP_SHARED : MAP_PRIVATE, fd, offset);
    if (at_ != MAP_FAILED && (rights & PROT_WRITE) != 0) std::memset(at_, static_cast<int>(random()), size_);
  }
  ~Mapping() {
    if (at_ != MAP_FAILED) munmap(at_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

 private:
  std::size_t size_;
  void* at_;
};

qcom_tee_param param(int fd, bool placed, bool input, Random& random) {
  qcom_tee_param made{};
  made.direction = input;
  made.attr = placed ? QCOM_TEE_BUFFER_PLACED : QCOM_TEE_OBJECT;
  if (placed) {
    made.placed.fd = fd;
    made.placed.offset = static_cast<std::uint32_t>(random() % 512 * 8);
    made.placed.len = random() % 64;
  } else if (input) {
    made.object.id = fd;
    made.object.host_id = QCOM_TEE_MEMORY_OBJECT;
  }
  return made;
}

// Passes it, in and out.
void pass(World& world, int fd, bool placed, Random& random) {
  constexpr std::size_t kHead = sizeof(qcom_tee_object_invoke_arg);
  std::array<qcom_tee_param, 2> params{param(fd, placed, true, random), param(fd, placed, false, random)};
  std::array<std::uint64_t, (kHead + sizeof params) / 8> call{};
  auto& head = *reinterpret_cast<qcom_tee_object_invoke_arg*>(call.data());
  head.op = static_cast<std::uint32_t>(vsoc::Op::mirror);
  head.num_params = params.size();
  std::memcpy(head.params, params.data(), sizeof params);
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(call.data()), sizeof call};
  world.calls.fetch_add(1, std::memory_order_relaxed);
  if (ioctl(world.service, QCOM_TEE_IOCTL_INVOKE, &data) != 0 || head.result != 0) return;
  world.successes.fetch_add(1, std::memory_order_relaxed);
  const qcom_tee_param& out = head.params[1];
  if (!placed && out.attr == QCOM_TEE_OBJECT) close(static_cast<int>(out.object.id));
}

}  // namespace

void act_as_owner(World& world, std::uint64_t seed) {
  Random random(seed);
  while (!world.stop.load(std::memory_order_relaxed)) {
    const bool placed = random() % 2 != 0;
    const int fd = alloc(world, random, placed ? QCOM_TEE_MESSAGE_BUFFER : QCOM_TEE_MEMORY_OBJECT);
    if (fd < 0) continue;
    const Mapping first(fd, random), second(fd, random);
    for (std::uint64_t times = random() % 4; times != 0; --times) pass(world, fd, placed, random);
    // The mappings outlive it.
    close(fd);
  }
}

}  // namespace qtee::hostile
