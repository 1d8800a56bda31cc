// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/message_buffer.hpp"

#include <sys/mman.h>

#include <cerrno>

#include "allocation.hpp"
#include "qtee/detail/uapi.hpp"
#include "system_error.hpp"

namespace qtee {

MessageBuffer MessageBuffer::allocate(std::size_t size) {
  Allocation made = allocate_for_tee(QCOM_TEE_MESSAGE_BUFFER, size, 0, "allocate a message buffer");
  void* memory = ::mmap(nullptr, made.size, PROT_READ | PROT_WRITE, MAP_SHARED, made.fd.get(), 0);
  if (memory == MAP_FAILED) throw_errno(errno, "map a message buffer");
  MessageBuffer buffer;
  buffer.fd_ = std::move(made.fd);
  buffer.memory_ = std::span(static_cast<std::byte*>(memory), made.size);
  return buffer;
}

MessageBuffer& MessageBuffer::operator=(MessageBuffer&& other) noexcept {
  // Whatever was mapped goes with the temporary.
  MessageBuffer taken(std::move(other));
  std::swap(fd_, taken.fd_);
  std::swap(memory_, taken.memory_);
  return *this;
}

MessageBuffer::~MessageBuffer() {
  if (!memory_.empty()) ::munmap(memory_.data(), memory_.size());
}

}  // namespace qtee
