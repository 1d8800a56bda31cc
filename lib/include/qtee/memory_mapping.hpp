// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "qtee/cpu_access.hpp"
#include "qtee/file_descriptor.hpp"

namespace qtee {

/// A dma-buf mapped into this process, unmapped on destruction. access() brackets every use of the memory.
///
/// Several threads may hold accesses at once; moving and destroying is for one thread alone.
class MemoryMapping final {
 public:
  MemoryMapping() noexcept = default;
  /// Maps all of `dma_buf`, whose size is `size`, shared, for reading and writing. Throws std::system_error.
  MemoryMapping(FileDescriptor dma_buf, std::size_t size);
  MemoryMapping(MemoryMapping&& other) noexcept
      : dma_buf_(std::move(other.dma_buf_)), memory_(std::exchange(other.memory_, {})) {}
  MemoryMapping& operator=(MemoryMapping&& other) noexcept;
  ~MemoryMapping();

  explicit operator bool() const noexcept { return !memory_.empty(); }
  std::size_t size() const noexcept { return memory_.size(); }

  /// Begins to use the memory: what QTEE and devices wrote before is seen, what is written meanwhile is seen by them
  /// once the access has ended. The mapping must outlive it. Throws std::system_error.
  CpuAccess access(CpuAccess::Mode mode = CpuAccess::Mode::read_write) const {
    return CpuAccess(dma_buf_.get(), memory_, mode);
  }

 private:
  FileDescriptor dma_buf_;
  std::span<std::byte> memory_;
};

}  // namespace qtee
