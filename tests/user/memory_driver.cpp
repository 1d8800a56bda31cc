// SPDX-License-Identifier: BSD-3-Clause
#include "memory_driver.hpp"

#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "alive.hpp"
#include "quiet.hpp"

namespace qtee::test {

long memory_stat(const std::string& name) { return static_cast<long>(driver_number("memory/" + name)); }

long memory_stat_until(const std::string& name, long value) {
  soon([&] { return memory_stat(name) == value; });
  return memory_stat(name);
}

long memory_stat_after_calls(const vsoc::Service& service, const std::string& name, long value) {
  soon([&] {
    service.null();
    return memory_stat(name) == value;
  });
  return memory_stat(name);
}

FileDescriptor huge_page() {
  constexpr unsigned kHuge2Mib = 21u << 26;
  FileDescriptor memory(::memfd_create("shared", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | kHuge2Mib));
  if (!memory || ::ftruncate(memory.get(), 2 << 20) != 0 || ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0)
    throw std::system_error(errno, std::generic_category(), "make a memfd of a huge page");
  return memory;
}

MemoryObject dma_buf_over(const FileDescriptor& memory, std::size_t size) {
  const FileDescriptor device(::open("/dev/udmabuf", O_RDWR | O_CLOEXEC));
  udmabuf_create create{static_cast<std::uint32_t>(memory.get()), UDMABUF_FLAGS_CLOEXEC, 0, size};
  FileDescriptor made(::ioctl(device.get(), UDMABUF_CREATE, &create));
  if (!made) throw std::system_error(errno, std::generic_category(), "make a dma-buf of a memfd");
  return MemoryObject(std::move(made));
}

}  // namespace qtee::test
