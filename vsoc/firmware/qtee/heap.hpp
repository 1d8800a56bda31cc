// SPDX-License-Identifier: BSD-3-Clause
//
// The secure heap. Everything that QTEE makes at run time comes from here; out of memory is an answer, never a crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>

namespace qtee::fw {

// At least `size` bytes, 16-byte aligned, not cleared, or nullptr. Any CPU, any time.
void* heap_alloc(std::size_t size);

// Gives back what heap_alloc gave; nullptr is allowed. A block that is not the heap's, or is given back twice, stops
// the firmware: it is our own bug.
void heap_free(void* block);

// What the heap looks like, in bytes. Exact when nothing runs, a moment's picture otherwise.
struct HeapInfo {
  std::uint64_t total;
  std::uint64_t used;          // asked for and not given back
  std::uint64_t free;          // never used, or given back
  std::uint64_t overhead;      // rounding and headers of what is used
  std::uint64_t largest_free;  // the largest block that would be found
};
HeapInfo heap_info();

// Makes a T, or returns nullptr where there is no memory. T's own operator delete is heap_free's business: use
// heap_delete.
template <class T, class... Args>
T* heap_new(Args&&... args) {
  void* block = heap_alloc(sizeof(T));
  return block == nullptr ? nullptr : ::new (block) T(std::forward<Args>(args)...);
}

template <class T>
void heap_delete(T* object) {
  if (object == nullptr) return;
  object->~T();
  heap_free(object);
}

// An owned run of bytes of the secure heap.
class Buffer {
 public:
  Buffer() = default;
  // `size` bytes, not cleared. Empty where there is no memory: check `ok()`.
  explicit Buffer(std::size_t size) : data_(static_cast<std::byte*>(heap_alloc(size))), size_(data_ ? size : 0) {}
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer() { heap_free(data_); }

  bool ok() const { return data_ != nullptr; }
  std::size_t size() const { return size_; }
  std::byte* data() const { return data_; }
  std::span<std::byte> bytes() const { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// For tests: so many allocations succeed from now on, all later ones fail; negative ends that.
void heap_fail_after(std::int64_t allocations);

// Takes the memory over. Called once, by firmware_start.
void heap_start(std::span<std::byte> memory);

}  // namespace qtee::fw
