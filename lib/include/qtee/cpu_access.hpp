// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace qtee {

/// A stretch of time in which the CPU uses a dma-buf's memory; ends with the object. For one thread.
class CpuAccess final {
 public:
  enum class Mode : std::uint8_t { read = 1, write = 2, read_write = 3 };

  /// Begins access to `memory`, a mapping of `dma_buf`; both must outlive this. Throws std::system_error.
  CpuAccess(int dma_buf, std::span<std::byte> memory, Mode mode);
  CpuAccess(CpuAccess&& other) noexcept
      : dma_buf_(std::exchange(other.dma_buf_, -1)), memory_(other.memory_), mode_(other.mode_) {}
  CpuAccess& operator=(CpuAccess&&) = delete;
  ~CpuAccess() { end(); }

  std::span<std::byte> bytes() const noexcept { return memory_; }

  /// The value at `offset` bytes. Throws std::out_of_range.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  T load(std::size_t offset) const {
    T value;
    std::memcpy(&value, at(offset, sizeof(T)), sizeof(T));
    return value;
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void store(std::size_t offset, const T& value) const {
    std::memcpy(at(offset, sizeof(T)), &value, sizeof(T));
  }

  /// Ends the access early; bytes() must not be used any more.
  void end() noexcept;

 private:
  std::byte* at(std::size_t offset, std::size_t size) const {
    if (offset > memory_.size() || size > memory_.size() - offset) throw std::out_of_range("offset in a memory object");
    return memory_.data() + offset;
  }

  int dma_buf_;
  std::span<std::byte> memory_;
  Mode mode_;
};

}  // namespace qtee
