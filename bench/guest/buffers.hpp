// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace qtee::bench {

/// A buffer to send and one to receive into. Each begins with a page, so that copies of them always cost the same.
class Buffers final {
 public:
  static constexpr std::size_t kSize = std::size_t{1} << 20;

  Buffers() : in_(make(7)), out_(make(1)) {}

  std::span<const std::byte> in(std::size_t size) const { return {in_.get(), size}; }
  std::span<std::byte> out(std::size_t size) const { return {out_.get(), size}; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  using Memory = std::unique_ptr<std::byte, Free>;

  static Memory make(int value) {
    auto* const memory = static_cast<std::byte*>(std::aligned_alloc(std::size_t{64} << 10, kSize));
    if (memory == nullptr) throw std::bad_alloc();
    std::memset(memory, value, kSize);
    return Memory(memory);
  }

  const Memory in_, out_;
};

}  // namespace qtee::bench
