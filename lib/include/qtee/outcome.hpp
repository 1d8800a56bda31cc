// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <system_error>
#include <utility>

#include "qtee/error.hpp"

namespace qtee {

/// What a call that does not throw came to: a value, or the reason why there is none. A reason in result_category() is
/// the word of QTEE or of the object, any other is the system's. Not for use by two threads at once.
template <class T>
class [[nodiscard]] Outcome final {
 public:
  Outcome(T value) : value_(std::move(value)) {}              // NOLINT: implicit by design
  Outcome(std::error_code error) noexcept : error_(error) {}  // NOLINT: implicit by design

  explicit operator bool() const noexcept { return value_.has_value(); }
  const std::error_code& error() const noexcept { return error_; }

  /// Only when there is a value.
  T& operator*() & noexcept { return *value_; }
  const T& operator*() const& noexcept { return *value_; }
  T&& operator*() && noexcept { return *std::move(value_); }
  T* operator->() noexcept { return &*value_; }
  const T* operator->() const noexcept { return &*value_; }

  /// The value, or an exception that says that it failed while `doing`.
  T value(const char* doing) && {
    if (!value_) throw_error(error_, doing);
    return *std::move(value_);
  }

 private:
  std::optional<T> value_;
  std::error_code error_;
};

template <>
class [[nodiscard]] Outcome<void> final {
 public:
  Outcome() noexcept = default;
  Outcome(std::error_code error) noexcept : error_(error) {}  // NOLINT: implicit by design

  explicit operator bool() const noexcept { return !error_; }
  const std::error_code& error() const noexcept { return error_; }

  void value(const char* doing) && {
    if (error_) throw_error(error_, doing);
  }

 private:
  std::error_code error_;
};

}  // namespace qtee
