// SPDX-License-Identifier: BSD-3-Clause
//
// Objects and references to them. An object is hosted in QTEE (Object, held by TeeRef) or in Linux (NsObject, held by
// NsRef); an argument is an ObjectRef: null, the one or the other.
//
// References are owners: copying one takes another reference, destroying one lets it go. The last TeeRef to go (those
// of Linux, counted in the object table, included) destroys the object. The last NsRef to an id to go queues that id's
// release to Linux, exactly once. All of it is safe on any CPU.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "heap.hpp"
#include "result.hpp"
#include "task.hpp"

namespace qtee::fw {

class Call;

using ObjectId = std::uint32_t;
inline constexpr ObjectId kIdNull = 0;
inline constexpr ObjectId kIdRoot = 1;
inline constexpr ObjectId kIdPrimordial = 0x80000000;

constexpr bool object_id_is_ns(ObjectId id) { return (id & 0x80000000) != 0; }

// An object hosted in QTEE. Make one with object_new; derive, and override invoke.
class Object {
 public:
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  // One invocation: `op` is 0 to 0xFFFD, RELEASE and RETAIN never come here. The object and `call` live until the task
  // ends. Several invocations of one object may run at the same time, on different CPUs.
  virtual Task<Result> invoke(Call& call, std::uint32_t op) = 0;

  // For Ref. Never call these.
  void ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void unref() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }
  static void operator delete(void* object, std::size_t) noexcept { heap_free(object); }

 protected:
  // Fixed objects (root, singletons made at start) are in no count of the report; everything else is `counted`.
  enum class Lifetime { counted, fixed };
  explicit Object(Lifetime lifetime = Lifetime::counted);
  virtual ~Object();

 private:
  friend class ObjectTable;
  void destroy();

  std::atomic<std::uint32_t> refs_{1};
  std::atomic<ObjectId> id_{kIdNull};  // the id that Linux knows it by while it holds references; see ObjectTable
  const Lifetime lifetime_;
};

// Where a memory object's memory is, as it is on the wire: 20 bytes, packed.
struct [[gnu::packed]] MapInfo {
  std::uint64_t paddr;
  std::uint64_t size;
  std::uint32_t perms;
};

// A callback object of Linux, by the id that Linux gave. Lives while QTEE holds the id and until its release is told.
class NsObject {
 public:
  explicit constexpr NsObject(ObjectId id = kIdNull) : id_(id) {}
  ObjectId id() const { return id_; }
  void ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void unref() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) let_go();
  }
  // Where the memory of this object is, as Linux has told ahead; `size` 0: it has not. See mapping_ahead.hpp.
  const MapInfo& map_info() const { return map_info_; }
  // The map object that Linux gave with it; the reference stays this object's.
  NsObject* map_object() const { return map_object_; }
  // Takes the information, and the caller's reference to the map object. Once, before the object is shared.
  void map_tell(const MapInfo& info, NsObject* map_object) {
    map_info_ = info;
    map_object_ = map_object;
  }
  // For lies: Linux has been told of the release while QTEE still has references. The id is no longer held.
  void lie_told();

 private:
  friend class NsTable;
  friend class AsyncQueue;
  friend struct CallState;
  void let_go();

  ObjectId id_;        // set before the object is shared, then never again
  bool told_ = false;  // nothing is left to queue when the last reference goes
  std::atomic<std::uint32_t> refs_{1};
  NsObject* chain_ = nullptr;        // NS table bucket
  NsObject* queue_ = nullptr;        // asynchronous queue
  std::uint64_t out_paddr_ = 0;      // where its id was last handed back in a final answer, see AsyncQueue
  std::uint64_t not_before_ns_ = 0;  // and how long its release waits for Linux to have read that answer
  MapInfo map_info_{};               // of a memory object, told ahead
  NsObject* map_object_ = nullptr;
};

// An owning, nullable reference.
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  // Takes over the reference that a new object is born with, or that somebody took with ref().
  static Ref adopt(T* object) {
    Ref result;
    result.object_ = object;
    return result;
  }
  // Takes a reference of its own.
  static Ref share(T* object) {
    if (object != nullptr) object->ref();
    return adopt(object);
  }
  Ref(const Ref& other) : object_(other.object_) {
    if (object_ != nullptr) object_->ref();
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
    requires std::convertible_to<U*, T*>
  Ref(Ref<U> other) : object_(other.leak()) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->unref();
  }

  explicit operator bool() const { return object_ != nullptr; }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  // Gives the reference up without letting it go.
  T* leak() { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

using TeeRef = Ref<Object>;
using NsRef = Ref<NsObject>;

// A new object of class T, or null where there is no memory.
template <class T, class... Args>
Ref<T> object_new(Args&&... args) {
  return Ref<T>::adopt(heap_new<T>(std::forward<Args>(args)...));
}

// Linux's primordial callback object: no reference to it is counted or released.
NsRef object_primordial();

// An object as an argument.
class ObjectRef {
 public:
  ObjectRef() = default;
  ObjectRef(std::nullptr_t) {}
  ObjectRef(TeeRef tee) : tee_(std::move(tee)) {}
  template <class T>
    requires std::derived_from<T, Object>
  ObjectRef(Ref<T> tee) : tee_(std::move(tee)) {}
  ObjectRef(NsRef ns) : ns_(std::move(ns)) {}

  bool is_null() const { return !tee_ && !ns_; }
  bool is_tee() const { return static_cast<bool>(tee_); }
  bool is_ns() const { return static_cast<bool>(ns_); }
  // Null unless it is one of that kind.
  const TeeRef& tee() const { return tee_; }
  const NsRef& ns() const { return ns_; }

 private:
  TeeRef tee_;  // at most one of the two is set
  NsRef ns_;
};

}  // namespace qtee::fw
