// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <ranges>
#include <span>
#include <type_traits>

#include "qtee/any_object.hpp"

namespace qtee {

/// An output buffer of an invocation, in memory of the caller's, which must outlive the invocation. For one call at a
/// time.
class Output final {
 public:
  explicit Output(std::span<std::byte> memory) noexcept : memory_(memory) {}

  /// Over the elements of an array, vector or span of something trivially copyable.
  template <std::ranges::contiguous_range Range>
    requires(std::is_trivially_copyable_v<std::ranges::range_value_t<Range>> && std::ranges::sized_range<Range> &&
             !std::is_same_v<std::remove_cvref_t<Range>, std::span<std::byte>>)
  explicit Output(Range&& range) noexcept
      : memory_(std::as_writable_bytes(std::span(std::ranges::data(range), std::ranges::size(range)))) {}

  std::span<std::byte> memory() const noexcept { return memory_; }
  /// What the last successful call wrote: the memory's beginning.
  std::span<std::byte> bytes() const noexcept { return memory_.first(written_); }
  std::size_t size() const noexcept { return written_; }

  /// Says that `size` bytes are written, at most memory().size(). For what implements an invocation.
  void set_size(std::size_t size) noexcept { written_ = size < memory_.size() ? size : memory_.size(); }

 private:
  std::span<std::byte> memory_;
  std::size_t written_ = 0;
};

/// An output object of an invocation, of whatever kind.
class OutputObject final {
 public:
  /// What the last successful call gave.
  AnyObject value;
};

}  // namespace qtee
