// SPDX-License-Identifier: BSD-3-Clause
//
// Names of objects, and owners of those that QTEE hosts.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "device.hpp"

namespace qtee::tee {

// An object parameter as it travels: a name, which owns nothing.
struct Ref {
  enum class Kind { null, tee, user, memory, other };

  Kind kind = Kind::null;
  std::uint64_t id = TEE_OBJREF_NULL;

  static Ref null() { return {}; }
  static Ref tee(std::uint64_t id) { return {Kind::tee, id}; }
  static Ref user(std::uint64_t id) { return {Kind::user, id}; }
  static Ref memory(std::uint64_t id) { return {Kind::memory, id}; }

  // Writes and reads words a and b of a parameter. A combination that no kernel should make reads as `other`.
  void store(Param& param) const;
  static Ref load(const Param& param);

  bool operator==(const Ref&) const = default;
};

// Owns one reference on an object in QTEE; the destructor releases it. Empty after a move.
class Object final {
 public:
  Object() = default;
  // Takes over the reference that `id` stands for on this device.
  Object(std::shared_ptr<TeeDevice> device, std::uint64_t id) : device_(std::move(device)), id_(id) {}
  // The root object; it is never released.
  static Object root(std::shared_ptr<TeeDevice> device) { return {std::move(device), TEE_OBJREF_NULL}; }

  Object(Object&& other) noexcept : device_(std::move(other.device_)), id_(other.id_) { other.device_.reset(); }
  Object& operator=(Object&& other) noexcept;
  ~Object() { release(); }

  explicit operator bool() const { return device_ != nullptr; }
  std::uint64_t id() const { return id_; }
  Ref ref() const;
  const std::shared_ptr<TeeDevice>& device() const { return device_; }

  // Releases now, by op 65535. An empty object and the root answer success; after device close there is nothing left
  // to release.
  Outcome release();

 private:
  std::shared_ptr<TeeDevice> device_;
  std::uint64_t id_ = TEE_OBJREF_NULL;
};

// An object that came from the kernel: as an output, or as an input of a callback. Owns it if QTEE hosts it.
class Received final {
 public:
  Received() = default;
  Received(const std::shared_ptr<TeeDevice>& device, const Param& param);

  Ref ref() const { return ref_; }
  bool is_null() const { return ref_.kind == Ref::Kind::null; }
  bool is_tee() const { return ref_.kind == Ref::Kind::tee; }
  bool is_user() const { return ref_.kind == Ref::Kind::user; }
  bool is_memory() const { return ref_.kind == Ref::Kind::memory; }
  std::uint64_t id() const { return ref_.id; }

  // The owner, empty if QTEE does not host the object.
  const Object& object() const { return object_; }
  Object take() { return std::move(object_); }

 private:
  Ref ref_;
  Object object_;
};

}  // namespace qtee::tee
