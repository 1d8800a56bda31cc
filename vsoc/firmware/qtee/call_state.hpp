// SPDX-License-Identifier: BSD-3-Clause
//
// An invocation as the core sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "call.hpp"
#include "call_table.hpp"
#include "firmware.hpp"
#include "lie.hpp"
#include "message.hpp"

namespace qtee::fw {

// Owned by the CPU that runs it; while it waits for Linux, by the call table, whose lock hands it over.
struct CallState : Call {
  CallState() = default;

  // Takes an invocation apart and its objects in. On false nothing was taken, and `status` is what x0 is to be.
  bool begin(const MessageInvoke& message, std::int64_t& status);
  // Starts the operation, or works off what needs none (RELEASE, an unknown target).
  void start(const MessageInvoke& message);
  // Runs until the operation waits or has ended, and fills the frame with the answer. Deletes the call in the latter
  // case; in either the caller may not touch it any more.
  void run(SmcFrame& frame);
  // Takes Linux's answer to the callback request; the operation can run on.
  void take_answer();

  // The request's layout in the outbound buffer, for the answer and for what lies change.
  struct Request {
    MessageCounts counts;
    std::size_t end;           // where asynchronous messages go
    bool counts_bent = false;  // a lie: `counts` are not the arguments'
    std::uint32_t out_offsets[kArgsOfAKind];
  };

  using Call::BufferArg;
  using Call::ins_;
  using Call::ins_count_;
  using Call::objects_in_;
  using Call::objects_in_count_;
  using Call::objects_out_;
  using Call::objects_out_count_;
  using Call::outs_;
  using Call::outs_count_;
  using Call::target_;

  std::uint64_t in_paddr = 0;
  std::uint64_t out_paddr = 0;
  std::span<std::byte> in_message;
  std::span<std::byte> out;
  bool bridged = false;  // holds the bridges over both buffers
  bool waiting = false;  // guarded by the call table
  CallLink links[2];

  std::optional<Task<Result>> task;
  TaskContext context;
  Result early = kOk;                        // not kOk: what answers in place of an operation
  Result result = kOk;                       // the operation's, once it is settled
  bool settled = false;                      // the operation has ended, its outputs are written, its inputs let go
  std::coroutine_handle<> suspended;         // who goes on when Linux answers
  CallbackAwaiter* callback_made = nullptr;  // the callback that Linux works on; in the frame of `suspended`
  Request request;
  NsObject* spare[kArgsOfAKind] = {};  // for the ids that the callback's answer may bring
  NsObject* releasing = nullptr;       // the release that Linux works on, where releases go by callback
  Lie lie;
  NsRef lie_object;  // OI[0] of a call that lies, between settle and finish

  // Marshals a callback request; kOk, or why it could not be made, with nothing handed over.
  Result request_make(const NsRef& object, std::uint32_t op, CallbackArgs& args);
  // Takes the call out of the table and deletes it.
  void end();

 private:
  template <class T>
  friend void heap_delete(T*);
  ~CallState() = default;

  bool take_objects(const MessageInvoke& message, std::int64_t& status);
  Result answer_read(CallbackArgs& args);
  ObjectRef answer_object(ObjectId id, NsObject*& node, bool& sound);
  void answer_spare_free();
  Result outputs_write();
  void settle();
  bool release_next();
  void finish(SmcFrame& frame);
};

}  // namespace qtee::fw
