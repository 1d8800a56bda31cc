// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "allocation.hpp"
#include "qtee/detail/uapi.hpp"
#include "qtee/memory_object.hpp"
#include "qtee/transport.hpp"
#include "system_error.hpp"

namespace qtee {
namespace {

// Of the kernel: 4, 16 or 64 KiB.
std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }
constexpr std::size_t kHugePageSize = std::size_t{2} << 20;
#ifndef MFD_HUGE_2MB
constexpr unsigned MFD_HUGE_2MB = 21u << 26;
#endif

int sync_access(int dma_buf, std::uint64_t flags) noexcept {
  dma_buf_sync sync{};
  sync.flags = flags;
  int status;
  // Also for EAGAIN: the ioctl can be interrupted while it waits for a device, and is made to be repeated.
  do status = Transport::current().ioctl(dma_buf, DMA_BUF_IOCTL_SYNC, &sync);
  while (status == -EINTR || status == -EAGAIN);
  return status;
}

}  // namespace

CpuAccess::CpuAccess(int dma_buf, std::span<std::byte> memory, Mode mode)
    : dma_buf_(dma_buf), memory_(memory), mode_(mode) {
  if (const int status = sync_access(dma_buf, DMA_BUF_SYNC_START | static_cast<std::uint64_t>(mode)); status < 0) {
    throw_errno(-status, "begin CPU access to a dma-buf");
  }
}

void CpuAccess::end() noexcept {
  if (dma_buf_ < 0) return;
  sync_access(std::exchange(dma_buf_, -1), DMA_BUF_SYNC_END | static_cast<std::uint64_t>(mode_));
}

MemoryMapping::MemoryMapping(FileDescriptor dma_buf, std::size_t size) : dma_buf_(std::move(dma_buf)) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, dma_buf_.get(), 0);
  if (memory == MAP_FAILED) throw_errno(errno, "map a dma-buf");
  memory_ = std::span(static_cast<std::byte*>(memory), size);
}

MemoryMapping& MemoryMapping::operator=(MemoryMapping&& other) noexcept {
  // Whatever was mapped goes with the temporary.
  MemoryMapping taken(std::move(other));
  std::swap(dma_buf_, taken.dma_buf_);
  std::swap(memory_, taken.memory_);
  return *this;
}

MemoryMapping::~MemoryMapping() {
  if (!memory_.empty()) ::munmap(memory_.data(), memory_.size());
}

MemoryObject::MemoryObject(FileDescriptor dma_buf) : fd_(std::move(dma_buf)) {
  const off_t end = ::lseek(fd_.get(), 0, SEEK_END);
  if (end < 0) throw_errno(errno, "ask the size of a dma-buf");
  if (!std::in_range<std::size_t>(end))
    throw_errno(EOVERFLOW, "take a dma-buf that is larger than this process's memory");
  ::lseek(fd_.get(), 0, SEEK_SET);
  size_ = static_cast<std::size_t>(end);
}

MemoryObject MemoryObject::allocate(std::size_t size, Access tee) {
  Allocation memory =
      allocate_for_tee(QCOM_TEE_MEMORY_OBJECT, size, tee == Access::read_only ? QCOM_TEE_ALLOC_READ_ONLY : 0,
                       "allocate contiguous memory");
  return MemoryObject(std::move(memory.fd), memory.size);
}

MemoryObject MemoryObject::from_memfd(std::size_t size, unsigned memfd_flags, std::size_t page_size) {
  if (size == 0) throw_errno(EINVAL, "make a memory object of no bytes");
  const std::size_t page = page_bytes(), length = (size + page - 1) / page * page;
  const std::size_t backing = (length + page_size - 1) / page_size * page_size;

  const FileDescriptor memory(::memfd_create("qtee", MFD_CLOEXEC | MFD_ALLOW_SEALING | memfd_flags));
  if (!memory) throw_errno(errno, "create a memfd");
  if (::ftruncate(memory.get(), static_cast<off_t>(backing)) != 0) throw_errno(errno, "size a memfd");
  if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) throw_errno(errno, "seal a memfd");

  Transport& transport = Transport::current();
  const int device_fd = transport.open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
  if (device_fd < 0) throw_errno(-device_fd, "open /dev/udmabuf");
  const FileDescriptor device(device_fd);

  udmabuf_create create{};
  create.memfd = static_cast<std::uint32_t>(memory.get());
  create.flags = UDMABUF_FLAGS_CLOEXEC;
  create.size = length;
  const int fd = transport.ioctl(device.get(), UDMABUF_CREATE, &create);
  if (fd < 0) {
    throw_errno(-fd, fd == -ENOMEM && page_size != page
                         ? "make a dma-buf of a huge page (is one free? see /proc/sys/vm/nr_hugepages)"
                         : "make a dma-buf of a memfd");
  }
  return MemoryObject(FileDescriptor(fd), length);
}

MemoryObject MemoryObject::from_huge_page(std::size_t size) {
  if (size > kHugePageSize) throw_errno(EINVAL, "make a memory object of more than one huge page");
  return from_memfd(size, MFD_HUGETLB | MFD_HUGE_2MB, kHugePageSize);
}

MemoryObject MemoryObject::from_pages(std::size_t size) { return from_memfd(size, 0, page_bytes()); }

}  // namespace qtee
