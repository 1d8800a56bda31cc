// SPDX-License-Identifier: BSD-3-Clause
//
// A Linux for tests of the QTEE layer: builds messages, makes SMCs, serves callbacks, takes asynchronous messages and
// counts ids, on as many threads as a test likes. It knows the wire format by itself, from the protocol and not from
// the firmware's headers, and notes everything in it that is not as it must be.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>
#include <vsoc/service.hpp>

#include "fake_machine.hpp"

namespace qtee::fw::test {

using Bytes = std::vector<std::byte>;
using Id = std::uint32_t;

template <class T>
Bytes bytes_of(const T& value) {
  const auto view = std::as_bytes(std::span(&value, 1));
  return {view.begin(), view.end()};
}
inline Bytes bytes_of_text(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}
// The value in the bytes; zeros where the size is another, which is noted by the test that compares it.
template <class T>
T value_of(const Bytes& bytes) {
  T value{};
  if (bytes.size() == sizeof(value)) std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

// Whole pages of shared memory.
struct Memory {
  std::uint64_t paddr = 0;
  std::span<std::byte> bytes;
  std::uint32_t perms = 6;
};

// What a callback object is asked, and what it answers.
struct Request {
  Id object = 0;
  std::uint32_t op = 0;
  std::vector<Bytes> ins;
  std::vector<std::uint32_t> outs;  // sizes offered
  std::vector<Id> objects;          // TEE ids are the handler's to release
  unsigned wanted = 0;
};
struct Reply {
  std::int32_t result = 0;
  std::vector<Bytes> outs = {};
  std::vector<Id> objects = {};
};
using Handler = std::function<Reply(const Request&)>;

// What an invocation asks, and how it ended.
struct Arguments {
  std::vector<Bytes> ins = {};
  std::vector<std::uint32_t> outs = {};
  std::vector<Id> objects = {};
  unsigned wanted = 0;
};
struct Answer {
  std::int64_t status = 0;  // x0
  std::uint64_t type = 0;   // x1
  std::int32_t result = 0;
  std::vector<Bytes> outs;
  std::vector<Id> objects;
  std::vector<std::string> broken;  // what in the answer Linux had to refuse
  bool ok() const { return status == 0 && type == 0 && result == 0 && broken.empty(); }
};

class FakeLinux {
 public:
  static constexpr std::uint32_t kInvoke = 0x72000602;
  static constexpr std::uint32_t kCallbackResponse = 0x72000601;
  static constexpr Id kRoot = 1;
  static constexpr Id kPrimordial = 0x80000000;

  explicit FakeLinux(FakeMachine& machine) : machine_(machine) {}

  FakeMachine& machine() { return machine_; }

  // One SMC, and its answer.
  SmcFrame smc(std::uint64_t x0, std::uint64_t x1 = 0, std::uint64_t x2 = 0, std::uint64_t x3 = 0, std::uint64_t x4 = 0,
               std::uint64_t x5 = 0, std::uint64_t x6 = 0);

  // Pages; zeroed, bridged where bridges are on.
  Memory memory(std::uint64_t size);
  void memory_free(const Memory& memory);

  // Invokes, serves callbacks on this thread and returns when the final answer is in.
  Answer invoke(Id target, std::uint32_t op, const Arguments& arguments = {});
  Answer invoke(Id target, vsoc::Op op, const Arguments& arguments = {}) {
    return invoke(target, static_cast<std::uint32_t>(op), arguments);
  }

  // A new id for an object with this behaviour, to be passed to QTEE once.
  Id object(Handler handler);
  // The same for a memory object. The memory must outlive QTEE's interest in it.
  Id memory_object(const Memory& memory);

  // Gives one reference on a TEE object back.
  Answer release(Id id);
  // Releases what the answer's objects hold.
  void release_all(const Answer& answer);

  // An environment as the kernel gets it, and the private service, opened. The environment is released.
  Id open(std::uint32_t uid);
  Id open_service() { return open(vsoc::kServiceUid); }
  vsoc::Report report(Id service);
  vsoc::Counters counters(Id service);

  // Turns bridges on: from now on every buffer gets its own.
  void bridges_enable();
  std::uint64_t bridge_create(const Memory& memory, std::uint64_t perms = 6);
  SmcFrame bridge_delete(std::uint64_t handle) { return smc(0x42000C1D, 1, handle); }

  // Ids that were given to QTEE and not released by it.
  std::vector<Id> alive();
  // Releases that QTEE sent for ids that it does not hold, and other breaches seen, since the last call.
  std::vector<std::string> take_breaches();
  // TEE references held.
  std::size_t references();

  // Whether invocations tell ahead where the memory of the memory objects is that they pass.
  bool ahead = false;
  // Called with the outbound buffer of every invocation before it is sent; may write there.
  std::function<void(std::span<std::byte>)> on_send;
  // Called with every callback request before it is served; a result other than 0 is answered in its place.
  std::function<std::int32_t(const Request&)> on_request;
  // Called with the answer to a request that was served, before it goes out; may change it.
  std::function<void(const Request&, Reply&)> on_reply;
  // Called with each id that QTEE lets go.
  std::function<void(Id)> on_release;
  std::atomic<unsigned> busy_seen{0};
  std::atomic<unsigned> interrupted_seen{0};
  std::atomic<unsigned> slept_seen{0};

 private:
  struct Entry {
    Handler handler;
    Memory memory;
  };
  struct Buffers {
    Memory in;
    Memory out;
  };

  SmcFrame call(std::uint64_t fid, std::uint64_t x1, std::uint64_t x2, std::uint64_t x3, std::uint64_t x4,
                std::uint64_t x5);
  void wait_queue_sleep(std::uint64_t queue);
  void breach(std::string what);
  void serve(const Memory& out);
  std::int32_t serve_request(const Memory& out);
  Reply dispatch(const Request& request);
  Reply primordial(const Request& request);
  void take_async(const Memory& out, std::uint64_t at);
  void released(Id id);
  Answer read_answer(const Memory& in, const Arguments& arguments);
  void tell_ahead(std::span<std::byte> out, const std::vector<Id>& objects, std::vector<Id>& map_objects);
  void give(Id id);
  void got(Id id);

  FakeMachine& machine_;
  std::mutex mutex_;                                                // guards all that follows
  std::map<std::uint64_t, std::vector<std::uint64_t>> free_pages_;  // by size
  std::uint64_t next_page_ = FakeMachine::kRamBase;
  std::map<Id, Entry> fresh_;  // made and not yet given
  std::map<Id, Entry> given_;
  std::map<Id, unsigned> held_;                            // TEE ids
  std::map<std::uint64_t, std::uint64_t> bridge_handles_;  // by address
  std::map<std::uint64_t, unsigned> woken_;                // by wait queue
  Id next_id_ = 0x80000001;
  std::vector<std::string> breaches_;
  std::atomic<bool> bridging_{false};
};

}  // namespace qtee::fw::test
