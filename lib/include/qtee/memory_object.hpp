// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <utility>

#include "qtee/file_descriptor.hpp"
#include "qtee/memory_mapping.hpp"

namespace qtee {

/// Owner of a dma-buf, which can be passed to QTEE as a memory object: QTEE then maps the memory itself, nothing is
/// copied. The memory must be contiguous for QTEE to map it. Passing does not give this owner up.
///
/// Thread-safe for everything but move, assignment and reset().
class MemoryObject final {
 public:
  MemoryObject() noexcept = default;
  /// Adopts a dma-buf, wherever it is from; size() is asked of it. Throws std::system_error.
  explicit MemoryObject(FileDescriptor dma_buf);

  /// What QTEE may do with memory that allocate() made. The process itself may read and write.
  enum class Access { read_write, read_only };

  /// Contiguous, cleared memory of the driver's own: `size` is rounded up to whole pages, and may be as large as the
  /// kernel has contiguous memory (some MiB; more where it has a CMA area). QTEE's sight of it is set up once, here, so
  /// that passing it costs nothing more. Throws std::system_error: ENOMEM where there is no such memory, EDQUOT beyond
  /// the driver's limit for all of it, EOPNOTSUPP or ENOTTY where the driver gives none.
  static MemoryObject allocate(std::size_t size, Access tee = Access::read_write);
  /// Contiguous memory out of a huge page, through /dev/udmabuf: `size` is rounded up to whole pages and goes up to
  /// one huge page (2 MiB). Needs a free huge page (/proc/sys/vm/nr_hugepages) and access to /dev/udmabuf. Throws
  /// std::system_error that says which step failed.
  static MemoryObject from_huge_page(std::size_t size);
  /// Memory of scattered pages, through /dev/udmabuf: what QTEE can't map. For tests of just that.
  static MemoryObject from_pages(std::size_t size);

  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

  std::size_t size() const noexcept { return size_; }
  int fd() const noexcept { return fd_.get(); }

  /// Makes the memory visible to this process, for reading and writing. The mapping stands on its own: it may outlive
  /// this owner. Throws std::system_error.
  MemoryMapping map() const { return MemoryMapping(fd_.duplicate(), size_); }

  MemoryObject duplicate() const { return MemoryObject(fd_.duplicate(), size_); }

  /// Shares it over a UNIX socket, as Object::send() does an object.
  void send(int socket) const { fd_.send(socket); }
  static MemoryObject receive(int socket) { return MemoryObject(FileDescriptor::receive(socket)); }

  void reset() noexcept { *this = MemoryObject(); }

 private:
  MemoryObject(FileDescriptor fd, std::size_t size) noexcept : fd_(std::move(fd)), size_(size) {}
  static MemoryObject from_memfd(std::size_t size, unsigned memfd_flags, std::size_t page_size);

  FileDescriptor fd_;
  std::size_t size_ = 0;
};

}  // namespace qtee
