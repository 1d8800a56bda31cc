// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace qtee {

namespace detail {
class CallbackEntry;
class CallbackTransfer;
}  // namespace detail

/// Handle of an object that a CallbackServer of this process hosts. Passed to an invocation it gives QTEE a reference.
/// The object's handler lives while a handle or a reference of QTEE's exists, and no longer than the server.
///
/// Handles are per thread; duplicates of one handle may be used by different threads.
class CallbackObject final {
 public:
  CallbackObject() noexcept;
  CallbackObject(CallbackObject&&) noexcept;
  CallbackObject& operator=(CallbackObject&&) noexcept;
  ~CallbackObject();

  explicit operator bool() const noexcept { return entry_ != nullptr; }

  /// A second handle of the same object.
  CallbackObject duplicate() const;

  /// How many references QTEE holds, as far as its releases have been heard of. QTEE tells of them in the answer to
  /// whatever is invoked next.
  std::size_t references() const;
  /// Waits until there are none; false when that took longer than `timeout`.
  bool wait_released(std::chrono::milliseconds timeout) const;

  /// True when both are handles of one object.
  friend bool operator==(const CallbackObject& a, const CallbackObject& b) noexcept { return a.entry_ == b.entry_; }

 private:
  friend class CallbackServer;
  friend class detail::CallbackTransfer;

  explicit CallbackObject(std::shared_ptr<detail::CallbackEntry> entry) noexcept;

  std::shared_ptr<detail::CallbackEntry> entry_;
};

}  // namespace qtee
