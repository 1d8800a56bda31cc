// SPDX-License-Identifier: BSD-3-Clause
#include "memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace qtee::tee {

SharedMemory::SharedMemory(const TeeDevice& device, std::size_t size) {
  struct tee_ioctl_shm_alloc_data data = {};
  data.size = size;
  fd_ = device.control(TEE_IOC_SHM_ALLOC, &data);
  if (fd_ < 0) throw std::system_error(-fd_, std::generic_category(), "TEE_IOC_SHM_ALLOC");
  id_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(data.id));
  size_ = data.size;
  void* at = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (at == MAP_FAILED) {
    const int error = errno;
    ::close(fd_);
    throw std::system_error(error, std::generic_category(), "mmap of shared memory");
  }
  data_ = static_cast<std::byte*>(at);
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      id_(other.id_),
      size_(other.size_),
      data_(std::exchange(other.data_, nullptr)) {}

SharedMemory::~SharedMemory() { close(); }

void SharedMemory::close() {
  if (data_ != nullptr) ::munmap(std::exchange(data_, nullptr), size_);
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace qtee::tee
