// SPDX-License-Identifier: BSD-3-Clause

#include "mapping.hpp"

#include "call.hpp"
#include "log.hpp"
#include "message.hpp"
#include "state.hpp"

namespace qtee::fw {
namespace {

constexpr std::uint32_t kOpMapRegion = 0;

// For MAP_REGION's answer, a MapInfo. Linux may leave the size as it is.
constexpr std::size_t kMapInfoOffered = 24;

std::uint64_t pages(std::uint64_t size) { return (size + kMessagePage - 1) & ~std::uint64_t{kMessagePage - 1}; }

}  // namespace

struct MappingMaker {
  static MapResult make(const MapInfo& info, NsRef map_object) {
    Mapping mapping;
    const std::uint64_t size = info.size;
    if (!map_object || map_object->id() == kIdPrimordial || info.paddr % kMessagePage != 0 || size == 0 ||
        size > pages(size) || info.perms > 7 || (info.perms & kPermReadWrite) == 0) {
      FaultLine() << "Linux maps at " << Hex{info.paddr} << "+" << Hex{size} << " perms " << info.perms;
      return kInvalid;
    }
    std::byte* memory = state().machine->ns_memory(info.paddr, pages(size));
    if (memory == nullptr) {
      FaultLine() << "Linux maps at " << Hex{info.paddr} << "+" << Hex{size} << ", which is not RAM";
      return kInvalid;
    }
    if (state().bridges.enabled()) {
      if (!state().bridges.hold(info.paddr, pages(size), info.perms & kPermReadWrite)) {
        FaultLine() << "mapping " << Hex{info.paddr} << "+" << Hex{size} << " is not bridged";
        return kRemote;
      }
      mapping.bridged_ = true;
    }
    mapping.bytes_ = {memory, size};
    mapping.paddr_ = info.paddr;
    mapping.perms_ = info.perms;
    mapping.map_object_ = std::move(map_object);
    state().stats.mappings.add();
    return mapping;
  }
};

Mapping::Mapping(Mapping&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})),
      paddr_(other.paddr_),
      perms_(other.perms_),
      bridged_(std::exchange(other.bridged_, false)),
      map_object_(std::move(other.map_object_)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(paddr_, other.paddr_);
  std::swap(perms_, other.perms_);
  std::swap(bridged_, other.bridged_);
  std::swap(map_object_, other.map_object_);
  return *this;
}

Mapping::~Mapping() {
  if (!map_object_) return;
  // The bridges first: as soon as the map object is released, Linux may delete them.
  if (bridged_) state().bridges.let_go(paddr_, pages(bytes_.size()));
  state().stats.mappings.sub();
}

Task<MapResult> Call::map(NsRef memory_object) {
  if (!memory_object) co_return kBadObject;
  if (memory_object->map_object() != nullptr) {
    state().stats.maps_ahead.add();
    co_return MappingMaker::make(memory_object->map_info(), NsRef::share(memory_object->map_object()));
  }
  std::byte answer[kMapInfoOffered];
  CallbackArgs args;
  args.add_out(answer);
  args.add_object(std::move(memory_object));
  args.want_objects(1);
  const NsRef primordial = object_primordial();
  state().stats.map_regions.add();
  const Result result = co_await callback(primordial, kOpMapRegion, args);
  if (result != kOk) co_return result;
  MapInfo info{};
  if (args.out_size(0) < sizeof(info)) {
    FaultLine() << "MAP_REGION answers with " << args.out_size(0) << " bytes";
    co_return kInvalid;
  }
  std::memcpy(&info, answer, sizeof(info));
  co_return MappingMaker::make(info, NsRef(args.take(0).ns()));
}

}  // namespace qtee::fw
