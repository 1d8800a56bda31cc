// SPDX-License-Identifier: BSD-3-Clause
//
// A Linux for the services' tests: invokes, serves callbacks, shares memory, and counts every id that it hands out.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "vsoc/interfaces.hpp"
#include "vsoc/service.hpp"

namespace qtee::fw::services_test {

using Bytes = std::vector<std::byte>;
using Id = std::uint32_t;

template <class T>
Bytes bytes_of(const T& value) {
  const auto view = std::as_bytes(std::span(&value, 1));
  return {view.begin(), view.end()};
}
// Text, without a terminating NUL.
inline Bytes bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}
template <std::size_t kSize>
Bytes bytes_of(const char (&text)[kSize]) {
  return bytes_of(std::string_view(text));
}
template <class T>
T value_of(const Bytes& bytes) {
  T value{};
  EXPECT_EQ(bytes.size(), sizeof value);
  if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// What QTEE asks of a callback object, and what the object answers. An output longer than was offered is cut;
// `raw_size` makes its size a lie. Objects that the request brings are Linux's to release.
struct Request {
  std::uint32_t op = 0;
  std::vector<Bytes> ins;
  std::vector<std::size_t> outs;  // bytes offered
  std::vector<Id> objects;
  std::size_t wanted = 0;  // output objects
};
struct Reply {
  std::int32_t result = 0;
  std::vector<Bytes> outs = {};
  std::vector<Id> objects = {};
  std::size_t raw_size = 0;  // of output 0, where it is not 0
};
using Handler = std::function<Reply(const Request&)>;

// Memory that is shared, as whole pages.
struct Memory {
  std::uint64_t paddr = 0;
  std::span<std::byte> bytes;
  std::uint32_t perms = 6;

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

struct Answer {
  std::int32_t result = 0;
  std::vector<Bytes> outs;
  std::vector<Id> objects;
};

class Rig;

// One invocation, built up and run.
class Invoke {
 public:
  Invoke(Rig& rig, std::uint32_t op) : rig_(&rig), op_(op) {}
  Invoke in(Bytes bytes) && { return ins_.push_back(std::move(bytes)), std::move(*this); }
  template <class T>
  Invoke in_value(const T& value) && {
    return ins_.push_back(bytes_of(value)), std::move(*this);
  }
  Invoke out(std::size_t size) && { return outs_.push_back(size), std::move(*this); }
  Invoke object(Id id) && { return objects_.push_back(id), std::move(*this); }
  Invoke wants(unsigned count) && { return wanted_ = count, std::move(*this); }
  Answer run(Id target) &&;

 private:
  friend class Rig;
  Rig* rig_;
  std::uint32_t op_;
  std::vector<Bytes> ins_;
  std::vector<std::size_t> outs_;
  std::vector<Id> objects_;
  unsigned wanted_ = 0;
};

// The firmware and the memory it runs on, fresh for each Rig. Only one at a time.
class Rig {
 public:
  explicit Rig(std::size_t heap_size = 8u << 20);
  ~Rig();
  Rig(const Rig&) = delete;

  Invoke op(std::uint32_t number) { return Invoke(*this, number); }

  // A fresh id for a callback object, as a transfer makes one.
  Id callback(Handler handler);
  // A fresh id for a memory object.
  Id memory_object(const Memory& memory);
  Memory memory(std::size_t size, std::uint32_t perms = 6);

  // Gives a TEE object back.
  void release(Id id);

  // Asked instead of answering MAP_REGION as Linux does. The argument is the honest answer.
  std::function<MapAnswer(MapAnswer)> on_map;
  // Called when an id that was handed out is released by QTEE.
  std::function<void(Id)> on_release;

  // Handed out and not yet released by QTEE.
  std::size_t ids_alive() const { return ids_.size(); }
  unsigned map_requests() const { return map_requests_; }
  unsigned yields() const { return yields_; }

  // The private service's report; nothing of the rig's own is in it.
  vsoc::Report report();
  // Expects that nothing is left alive and no fault was counted.
  void expect_clean();

  // Registers as the kernel does and opens a service. 0 where that fails.
  Id open(std::uint32_t uid);
  // Loads an image and gives its app object, its controller released.
  Id load_app(const Bytes& image);

 private:
  friend class Invoke;
  struct Entry {
    Handler handler;  // empty for a memory object and for a map object
    Memory memory;
    bool mapping = false;
  };

  Answer invoke(Id target, Invoke& call);
  void callback_serve();
  Reply primordial(const Request& request);
  void async_take(std::size_t offset);
  void id_released(Id id);
  Id fresh(Entry entry);

  struct Box;
  std::unique_ptr<Box> box_;
  std::map<Id, Entry> ids_;
  Id next_ = 0x80000001;
  unsigned map_requests_ = 0;
  unsigned yields_ = 0;
};

}  // namespace qtee::fw::services_test
