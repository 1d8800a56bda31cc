// SPDX-License-Identifier: BSD-3-Clause
#include "garbage.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace qtee::hostile {
namespace {

// Page 0 to 15 good, 16 to 19 read-only, 20 to 23 no access, 24 to 27 come and go, behind that nothing.
constexpr std::size_t kPage = 65536;  // of any page size that arm64 has
constexpr std::size_t kGood = 16, kReadOnly = 20, kNone = 24, kMoving = 28;

}  // namespace

Pages::Pages() {
  void* base = mmap(nullptr, (kMoving + 1) * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  base_ = static_cast<std::byte*>(base);
  mprotect(base_ + kGood * kPage, (kReadOnly - kGood) * kPage, PROT_READ);
  mprotect(base_ + kReadOnly * kPage, (kNone - kReadOnly) * kPage, PROT_NONE);
  munmap(base_ + kMoving * kPage, kPage);
}

Pages::~Pages() { munmap(base_, kMoving * kPage); }

std::span<std::byte> Pages::good() const { return {base_, kGood * kPage}; }

std::uint64_t Pages::address(Random& random) const {
  const auto base = reinterpret_cast<std::uintptr_t>(base_);
  switch (random() % 16) {
    case 0:
      return 0;
    case 1:
      return ~0ull - random() % 64;
    case 2:
      return 0xFFFF000000000000ull + random() % 0x100000000ull;  // the kernel's own
    case 3:
      return base + kGood * kPage + random() % kPage;
    case 4:
      return base + kReadOnly * kPage + random() % kPage;
    case 5:
      return base + kNone * kPage - random() % 32;
    case 6:
    case 7:
    case 8:
      return base + kNone * kPage + random() % ((kMoving - kNone) * kPage);
    case 9:
      return base + kGood * kPage - random() % 64;  // runs from good to read-only
    default:
      return base + random() % (kGood * kPage - 8192);
  }
}

void Pages::disturb(Random& random) {
  std::byte* at = base_ + (kNone + random() % (kMoving - kNone)) * kPage;
  switch (random() % 4) {
    case 0:
      mprotect(at, kPage, PROT_NONE);
      break;
    case 1:
      mprotect(at, kPage, PROT_READ | PROT_WRITE);
      break;
    case 2:
      madvise(at, kPage, MADV_DONTNEED);
      break;
    default:
      mmap(at, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      break;
  }
}

Descriptors::Descriptors(std::span<const int> ours) : ours_(ours.begin(), ours.end()) {
  Random random(1);
  for (int& slot : slots_) slot = make(random);
}

Descriptors::~Descriptors() {
  for (const int slot : slots_) close(slot);
}

int Descriptors::make(Random& random) const {
  switch (random() % 6) {
    case 0:
      return static_cast<int>(memfd_create("hostile", MFD_CLOEXEC));
    case 1:
      return eventfd(0, EFD_CLOEXEC);
    case 2:
      return open("/dev/null", O_RDWR | O_CLOEXEC);
    case 3:
      return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    default:
      return fcntl(ours_[random() % ours_.size()], F_DUPFD_CLOEXEC, 0);
  }
}

void Descriptors::disturb(Random& random) {
  const int slot = slots_[random() % kCount];
  const int other = make(random);
  if (other < 0) return;
  dup3(other, slot, O_CLOEXEC);
  close(other);
}

std::uint64_t garbage_length(Random& random) {
  switch (random() % 12) {
    case 0:
      return 0;
    case 1:
      return 4096;
    case 2:
      return 65536 + random() % 65536;
    case 3:
      return 0x400000 - random() % 64;
    case 4:
      return 0x400001;
    case 5:
      return ~0ull - random() % 16;
    case 6:
      return 0x100000000ull + random() % 4096;
    default:
      return random() % 300;
  }
}

qcom_tee_param garbage_param(const World& world, Random& random) {
  constexpr std::uint32_t attrs[] = {QCOM_TEE_BUFFER, QCOM_TEE_BUFFER, QCOM_TEE_BUFFER,      QCOM_TEE_BUFFER_PLACED,
                                     QCOM_TEE_OBJECT, QCOM_TEE_OBJECT, QCOM_TEE_OBJECT_NULL, QCOM_TEE_OBJECT};
  qcom_tee_param param{};
  param.attr = random() % 64 == 0 ? static_cast<std::uint32_t>(random()) : attrs[random() % std::size(attrs)];
  param.direction = static_cast<std::uint32_t>(random() % 2 ? random() % 2 : random());
  if (param.attr == QCOM_TEE_BUFFER) {
    param.buffer.addr = world.pages.address(random);
    param.buffer.len = garbage_length(random);
    return param;
  }
  if (param.attr == QCOM_TEE_BUFFER_PLACED) {
    param.placed.fd = random() % 16 == 0 ? world.descriptors.any(random) : world.buffers[random() % 4 == 0];
    param.placed.offset = static_cast<std::uint32_t>(random() % 16 == 0 ? random() : random() % 12'000 * 8);
    param.placed.len = garbage_length(random);
    return param;
  }
  switch (random() % 8) {
    case 0:
      param.object.host_id = static_cast<std::int32_t>(random());
      break;
    case 1:
      param.object.host_id = world.descriptors.any(random);
      break;
    case 2:
    case 3:
      param.object.host_id = world.servers[random() % world.servers.size()];
      break;
    case 4:
      param.object.host_id = QCOM_TEE_MEMORY_OBJECT;
      break;
    case 5:
      param.object.host_id = QCOM_TEE_MEMORY_OBJECT - 1;
      break;
    default:
      param.object.host_id = QCOM_TEE_OBJECT_SECURE;
      break;
  }
  param.object.id = random() % 16 == 0 ? random() : static_cast<std::uint64_t>(world.descriptors.any(random));
  return param;
}

}  // namespace qtee::hostile
