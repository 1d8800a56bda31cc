// SPDX-License-Identifier: BSD-3-Clause
//
// One invocation, built parameter by parameter in any order of kinds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <type_traits>
#include <vector>

#include "memory.hpp"
#include "object.hpp"
#include "server.hpp"

namespace qtee::tee {

class Invocation final {
 public:
  explicit Invocation(std::uint32_t op) : op_(op) {}
  // Not copied: parameters point into the copies that it owns.
  Invocation(Invocation&&) = default;
  Invocation& operator=(Invocation&&) = default;

  // Input buffers: memory of the caller's, which must outlive run(), or a copy of a value.
  Invocation& in(const void* data, std::size_t size);
  Invocation& in(std::span<const std::byte> data) { return in(data.data(), data.size()); }
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  Invocation& in_value(const T& value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    return in(copies_.emplace_back(bytes, bytes + sizeof(T)));
  }

  // Output buffers. `actual`, if given, gets the size that came back.
  Invocation& out(void* data, std::size_t size, std::size_t* actual = nullptr);
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  Invocation& out_value(T& value) {
    return out(&value, sizeof(T));
  }

  // Input objects. A callback is counted as sent if the kernel takes it.
  Invocation& in_object(const Object& object) { return in_ref(object.ref()); }
  Invocation& in_memory(const SharedMemory& memory) { return in_ref(memory.ref()); }
  Invocation& in_callback(Server& server, std::uint64_t id);
  Invocation& in_null() { return in_ref(Ref::null()); }
  Invocation& in_ref(Ref ref);

  // Output objects; `object` is filled by a run that succeeds and must outlive it.
  Invocation& out_object(Received& object);

  // A parameter as it stands, for tests of what the kernel refuses.
  Invocation& raw(const Param& param);

  // Invokes. Each run starts from the parameters as they were built.
  Outcome run(const Object& object);
  Outcome run_on(const std::shared_ptr<TeeDevice>& device, std::uint64_t id);

 private:
  struct Out {
    std::size_t index;
    std::size_t* actual;
  };
  struct OutObject {
    std::size_t index;
    Received* object;
  };
  struct Callback {
    Server* server;
    std::uint64_t id;
  };

  std::uint32_t op_;
  std::vector<Param> params_;
  std::deque<std::vector<std::byte>> copies_;
  std::vector<Out> outs_;
  std::vector<OutObject> out_objects_;
  std::vector<Callback> callbacks_;
};

}  // namespace qtee::tee
