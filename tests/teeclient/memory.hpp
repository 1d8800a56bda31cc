// SPDX-License-Identifier: BSD-3-Clause
//
// Memory of the TEE device that can be mapped here and passed to QTEE as a memory object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "object.hpp"

namespace qtee::tee {

class SharedMemory final {
 public:
  // Allocates and maps; throws std::system_error. The kernel may round the size up.
  SharedMemory(const TeeDevice& device, std::size_t size);
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&&) = delete;
  ~SharedMemory();

  Ref ref() const { return Ref::memory(id_); }
  std::uint64_t id() const { return id_; }
  std::size_t size() const { return size_; }
  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  std::span<std::byte> bytes() { return {data_, size_}; }

  // Unmaps and closes; QTEE's references keep the memory itself alive.
  void close();

 private:
  int fd_ = -1;
  std::uint64_t id_ = 0;
  std::size_t size_ = 0;
  std::byte* data_ = nullptr;
};

}  // namespace qtee::tee
