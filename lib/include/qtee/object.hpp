// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include "qtee/file_descriptor.hpp"
#include "qtee/op_code.hpp"
#include "qtee/outcome.hpp"

namespace qtee {

class Invocation;

namespace detail {
template <class... Outs>
struct Values;
}

/// Owner of one reference to an object in QTEE: an open file of the driver, whose last close releases the object.
/// Holding it is the permission to invoke it and to pass it on. Empty by default and after a move.
///
/// Any number of threads may invoke one Object at once; moving, assigning and resetting it are for one thread alone.
/// Invoking an empty Object fails with EBADF. call() and try_call() are defined in qtee/invocation.hpp.
class Object final {
 public:
  Object() noexcept = default;
  /// Adopts an object's descriptor. What it refers to is checked when it is first used.
  explicit Object(FileDescriptor fd) noexcept : fd_(std::move(fd)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

  /// Invokes the object. Each argument is one parameter, in this order:
  ///   - an Object, MemoryObject, CallbackObject or AnyObject, or nullptr for no object: an input object;
  ///   - an Output: an output buffer in the caller's memory;
  ///   - an OutputObject: an output object of any kind;
  ///   - anything trivially copyable, or a contiguous range of such (span, array, vector, string_view): its bytes are
  ///     an input buffer;
  /// then each type in Outs is one more: an Object, MemoryObject, CallbackObject or AnyObject is an output object, and
  /// anything else an output buffer that must come back with exactly its size. Returns nothing, the one value, or a
  /// tuple of them:
  ///
  ///     const auto sum = adder.call<std::uint32_t>(OpCode(0), std::array{40u, 2u});
  ///     auto [controller, size] = loader.call<qtee::Object, std::uint64_t>(Op::load, image);
  ///
  /// Nothing is allocated but for input callback objects. Throws Error when the answer was not success, and
  /// std::system_error when there was none: the driver's errors (see misc/qcom_tee.h), EBADF for a callback object
  /// whose server has stopped, and EBADMSG for an answer that does not fit Outs; EAGAIN says that the call can be made
  /// again.
  template <class... Outs, class... Args>
  typename detail::Values<Outs...>::type call(OpCode op, Args&&... args) const;

  /// call() that throws none of these.
  template <class... Outs, class... Args>
  Outcome<typename detail::Values<Outs...>::type> try_call(OpCode op, Args&&... args) const;

  /// A second reference, independent of this one. Throws std::system_error.
  Object duplicate() const { return Object(fd_.duplicate()); }

  /// Shares the object with the process at the other end of a UNIX socket; this reference stays. Throws
  /// std::system_error.
  void send(int socket) const { fd_.send(socket); }
  /// Waits for an object that send() sends. Throws std::system_error: ECONNRESET when the peer has closed.
  static Object receive(int socket) { return Object(FileDescriptor::receive(socket)); }

  /// Gives the reference up now.
  void reset() noexcept { fd_.reset(); }

  int fd() const noexcept { return fd_.get(); }
  /// Gives the descriptor to the caller.
  int release() noexcept { return fd_.release(); }

 private:
  FileDescriptor fd_;
};

}  // namespace qtee
