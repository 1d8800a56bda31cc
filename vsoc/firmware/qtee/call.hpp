// SPDX-License-Identifier: BSD-3-Clause
//
// One invocation by Linux, as the operation that serves it sees it.
//
//   Task<Result> Adder::invoke(Call& call, std::uint32_t op) {
//     std::uint32_t in[2];
//     if (op != 0 || !call.shape(1, 1, 0, 0) || !call.in_value(0, in)) co_return kInvalid;
//     co_return call.out_value(0, in[0] + in[1]);
//   }
//
//   Task<Result> Caller::invoke(Call& call, std::uint32_t op) {     // (1,1,1,1): passes it all on
//     if (!call.shape(1, 1, 1, 1)) co_return kInvalid;
//     CallbackArgs args;
//     args.add_in(call.in(0));
//     args.add_out(call.out(0));
//     args.want_objects(1);
//     const Result result = co_await call.callback(call.object_in(0).ns(), 7, args);
//     if (result != kOk) co_return result;
//     call.out_size(0, args.out_size(0));
//     call.object_out(0, args.take(0));
//     co_return kOk;
//   }
//
// An operation that never suspends need not be a coroutine: it may return Task<Result>::ready(result).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "object.hpp"
#include "result.hpp"
#include "task.hpp"

namespace qtee::fw {

inline constexpr unsigned kArgsOfAKind = 15;
inline constexpr std::uint32_t kOpMask = 0xFFFF;
inline constexpr std::uint32_t kOpRelease = 0xFFFF;
inline constexpr std::uint32_t kOpRetain = 0xFFFE;

class Mapping;
class CallbackAwaiter;
struct MapResult;
struct CallState;

// Arguments of one callback to Linux: filled, awaited, read. Lives in the operation's frame while Linux works. Adding
// more than 15 of a kind is remembered, and the callback answers kMaxArgs.
class CallbackArgs {
 public:
  // The bytes are copied into the request when the callback is made.
  void add_in(std::span<const std::byte> bytes);
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void add_in_value(const T& value) {  // the value must outlive the co_await
    add_in(std::as_bytes(std::span(&value, 1)));
  }
  // Where the answer's bytes are copied; the size offered to Linux is the span's.
  void add_out(std::span<std::byte> destination);
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void add_out_value(T& value) {  // check out_size() == sizeof(T) afterwards
    add_out(std::as_writable_bytes(std::span(&value, 1)));
  }
  // Passes an object; the reference is kept until the answer, at least.
  void add_object(ObjectRef object);
  // How many objects the answer is to bring.
  void want_objects(unsigned count);

  // After a callback that answered kOk: how many bytes Linux wrote, 0 to the size offered.
  std::size_t out_size(unsigned index) const { return index < outs_count_ ? outs_written_[index] : 0; }
  // After a callback that answered kOk: the object that Linux gave, or null. The reference is the caller's. What is not
  // taken is let go with the CallbackArgs.
  ObjectRef take(unsigned index);

 private:
  friend struct CallState;
  std::array<std::span<const std::byte>, kArgsOfAKind> ins_;
  std::array<std::span<std::byte>, kArgsOfAKind> outs_;
  std::array<std::size_t, kArgsOfAKind> outs_written_{};
  std::array<ObjectRef, kArgsOfAKind> objects_;
  std::array<ObjectRef, kArgsOfAKind> answers_;
  std::uint8_t ins_count_ = 0;
  std::uint8_t outs_count_ = 0;
  std::uint8_t objects_count_ = 0;
  std::uint8_t answers_count_ = 0;
  bool overflow_ = false;
};

// An invocation. Sizes, offsets and objects were checked when it came in; the contents of buffers were not, and Linux
// may change them while the operation looks: copy, then check the copy.
class Call {
 public:
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Whether the invocation has exactly so many arguments of each kind.
  bool shape(unsigned ins, unsigned outs, unsigned objects_in, unsigned objects_out) const {
    return ins_count_ == ins && outs_count_ == outs && objects_in_count_ == objects_in &&
           objects_out_count_ == objects_out;
  }
  unsigned ins() const { return ins_count_; }
  unsigned outs() const { return outs_count_; }
  unsigned objects_in() const { return objects_in_count_; }
  unsigned objects_out() const { return objects_out_count_; }

  // Input buffer, in memory that Linux shares. Empty where there is none of that index.
  std::span<const std::byte> in(unsigned index) const;
  // Copies input buffer `index`; false unless its size is exactly T's.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  bool in_value(unsigned index, T& value) const {
    const auto bytes = in(index);
    if (bytes.size() != sizeof(T)) return false;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return true;
  }

  // Output buffer as offered, in memory that Linux shares. What the operation writes counts only with out_size.
  std::span<std::byte> out(unsigned index) const;
  // States how much of an output buffer is filled; 0 if never stated. More than was offered is cut.
  void out_size(unsigned index, std::size_t size);
  // Fills an output buffer. kSizeOut where it is too small, kInvalid where there is none.
  Result out_bytes(unsigned index, std::span<const std::byte> bytes);
  template <class T>
    requires std::is_trivially_copyable_v<T>
  Result out_value(unsigned index, const T& value) {
    return out_bytes(index, std::as_bytes(std::span(&value, 1)));
  }

  // Input object; null where Linux passed none or there is none of that index. The call holds it until the operation
  // ends, then lets it go: copy the reference to keep it.
  const ObjectRef& object_in(unsigned index) const;
  // Takes the input object out of the call.
  ObjectRef take(unsigned index);
  // Gives an object back. Counts, and reaches Linux, only if the operation's result is kOk.
  void object_out(unsigned index, ObjectRef object);

  // co_await call.callback(...): calls operation `op` (0 to 0xFFFF) on an object in Linux and yields its Result.
  // kBadObject for a null reference, kMaxArgs and kMaxData where it does not fit the outbound buffer, kKmem out of
  // memory, kRemote where the answer is malformed. Both `object` and `args` must outlive the wait.
  CallbackAwaiter callback(const NsRef& object, std::uint32_t op, CallbackArgs& args);

  // co_await call.map(object): has Linux map a memory object. See mapping.hpp.
  Task<MapResult> map(NsRef memory_object);

  // The object that is invoked.
  const TeeRef& target() const { return target_; }

 protected:
  // An argument as checked.
  struct BufferArg {
    std::byte* data;
    std::uint32_t size;
    std::uint32_t used;  // of an output buffer
  };

  Call() {}
  ~Call() {}

  TeeRef target_;
  std::uint8_t ins_count_ = 0;
  std::uint8_t outs_count_ = 0;
  std::uint8_t objects_in_count_ = 0;
  std::uint8_t objects_out_count_ = 0;
  // Only the first `count` of each are set up: an invocation without arguments touches none of them.
  BufferArg ins_[kArgsOfAKind];
  BufferArg outs_[kArgsOfAKind];
  union {
    ObjectRef objects_in_[kArgsOfAKind];
  };
  union {
    ObjectRef objects_out_[kArgsOfAKind];
  };
};

// What Call::callback returns. The request is made when it is awaited.
class CallbackAwaiter {
 public:
  bool await_ready() const noexcept { return false; }
  // Goes on at once, without suspending, where no request could be made.
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> operation) {
    return suspend(operation);
  }
  Result await_resume() const { return result_; }

 private:
  friend class Call;
  friend struct CallState;
  CallbackAwaiter(Call& call, const NsRef& object, std::uint32_t op, CallbackArgs& args)
      : call_(call), object_(object), op_(op), args_(args) {}
  bool suspend(std::coroutine_handle<> operation);

  Call& call_;
  const NsRef& object_;
  std::uint32_t op_;
  CallbackArgs& args_;
  Result result_ = kError;
};

}  // namespace qtee::fw
