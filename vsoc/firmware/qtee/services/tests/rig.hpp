// SPDX-License-Identifier: BSD-3-Clause
//
// What the services' tests start from: the core's Linux, invocations in the words of a table, and lies to MAP_REGION.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "tests/fake_linux.hpp"
#include "vsoc/interfaces.hpp"
#include "vsoc/service.hpp"

namespace qtee::fw::services_test {

using test::Answer;
using test::Bytes;
using test::Handler;
using test::Id;
using test::Reply;
using test::Request;

template <class T>
Bytes bytes_of(const T& value) {
  return test::bytes_of(value);
}
// Text, without a terminating NUL.
inline Bytes bytes_of(std::string_view text) { return test::bytes_of_text(text); }
template <std::size_t kSize>
Bytes bytes_of(const char (&text)[kSize]) {
  return test::bytes_of_text(text);
}
template <class T>
T value_of(const Bytes& bytes) {
  EXPECT_EQ(bytes.size(), sizeof(T));
  return test::value_of<T>(bytes);
}

// Shared memory whose first word the TAs look at.
struct Memory : test::Memory {
  std::uint64_t word() const {
    std::uint64_t value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  void set_word(std::uint64_t value) { std::memcpy(bytes.data(), &value, sizeof value); }
};

// What MAP_REGION answers, for tests that make it a lie.
struct MapAnswer {
  std::int32_t result = 0;
  std::uint64_t paddr = 0;
  std::uint64_t size = 0;
  std::uint32_t perms = 0;
  bool map_object = true;
  std::size_t info_size = 20;
};

class Rig;

// One invocation, built up and run.
class Invoke {
 public:
  Invoke(Rig& rig, std::uint32_t op) : rig_(&rig), op_(op) {}
  Invoke in(Bytes bytes) && { return arguments_.ins.push_back(std::move(bytes)), std::move(*this); }
  template <class T>
  Invoke in_value(const T& value) && {
    return arguments_.ins.push_back(bytes_of(value)), std::move(*this);
  }
  Invoke out(std::uint32_t size) && { return arguments_.outs.push_back(size), std::move(*this); }
  Invoke object(Id id) && { return arguments_.objects.push_back(id), std::move(*this); }
  Invoke wants(unsigned count) && { return arguments_.wanted = count, std::move(*this); }
  // Expects an answer in which Linux finds nothing to refuse; its result is the test's business.
  Answer run(Id target) &&;

 private:
  Rig* rig_;
  std::uint32_t op_;
  test::Arguments arguments_;
};

// The firmware on a machine of its own, fresh for each Rig. Only one at a time.
class Rig {
 public:
  Rig();
  Rig(const Rig&) = delete;

  Invoke op(std::uint32_t number) { return Invoke(*this, number); }

  // A fresh id for a callback object, as a transfer makes one.
  Id callback(Handler handler) { return linux_.object(std::move(handler)); }
  // A fresh id for a memory object.
  Id memory_object(const Memory& memory) { return linux_.memory_object(memory); }
  Memory memory(std::size_t size, std::uint32_t perms = 6);

  // Gives a TEE object back.
  void release(Id id) { EXPECT_EQ(linux_.release(id).result, 0); }

  // Turns Linux's honest answer to MAP_REGION into another one.
  std::function<MapAnswer(MapAnswer)> on_map;
  // Called with each id that QTEE lets go.
  std::function<void(Id)> on_release;

  // Ids handed out and not yet released by QTEE.
  std::size_t ids_alive() { return linux_.alive().size(); }
  unsigned map_requests() const { return map_requests_; }
  unsigned yields() const { return yields_; }

  // The private service's report, after an invocation that took what was queued.
  vsoc::Report report();
  // Expects that nothing is left alive, that no fault was counted and that nobody broke the protocol.
  void expect_clean();

  Id open(std::uint32_t uid);
  // Loads an image and gives its app object, its controller released.
  Id load_app(const Bytes& image);

 private:
  friend class Invoke;
  void reply_change(const Request& request, Reply& reply);

  test::FakeMachine machine_;
  test::FakeLinux linux_{machine_};
  Id service_ = 0;
  vsoc::Report before_{};
  unsigned map_requests_ = 0;
  unsigned yields_ = 0;
};

}  // namespace qtee::fw::services_test
