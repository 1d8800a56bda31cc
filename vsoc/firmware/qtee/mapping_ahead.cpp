// SPDX-License-Identifier: BSD-3-Clause

#include "mapping_ahead.hpp"

#include "call_state.hpp"
#include "heap.hpp"
#include "log.hpp"
#include "message.hpp"
#include "state.hpp"

namespace qtee::fw {
namespace {

constexpr std::size_t kHeader = 16;
constexpr std::size_t kEntry = 32;

std::uint64_t get_long(std::span<const std::byte> out, std::size_t at) {
  return message_get_word(out, at) | std::uint64_t{message_get_word(out, at + 4)} << 32;
}

}  // namespace

MappingsAhead::~MappingsAhead() {
  for (unsigned index = 0; index < count_; ++index) heap_delete(entries_[index].node);
}

bool MappingsAhead::read_message(std::span<const std::byte> out, std::size_t& at) {
  const std::uint32_t version = message_get_word(out, at);
  if (version == 0) return false;
  const std::size_t left = out.size() - at;
  const std::uint32_t count = left < kHeader ? 0 : message_get_word(out, at + 8);
  if (version >> 16 != 1 || left < kHeader || message_get_word(out, at + 4) != kAsyncOpMemoryObject ||
      count > (left - kHeader) / kEntry || count > kArgsOfAKind - count_) {
    FaultLine() << "asynchronous message of Linux at " << at << ": version " << Hex{version} << " count " << count;
    return false;
  }
  at += kHeader;
  for (std::uint32_t index = 0; index < count; ++index, at += kEntry) {
    entries_[count_++] = {message_get_word(out, at),
                          message_get_word(out, at + 4),
                          {get_long(out, at + 8), get_long(out, at + 16), message_get_word(out, at + 24)},
                          nullptr};
  }
  return true;
}

bool MappingsAhead::read(std::span<const std::byte> out) {
  std::size_t at = 0;
  while (at + sizeof(std::uint32_t) <= out.size() && read_message(out, at)) {
  }
  for (unsigned index = 0; index < count_; ++index) {
    entries_[index].node = heap_new<NsObject>(entries_[index].map_object);
    if (entries_[index].node == nullptr) return false;
  }
  return true;
}

void MappingsAhead::take(CallState& call) {
  for (unsigned index = 0; index < count_; ++index) {
    Entry& entry = entries_[index];
    if (!object_id_is_ns(entry.map_object) || entry.map_object == kIdPrimordial ||
        !state().ns_objects.insert(entry.node)) {
      FaultLine() << "map object " << Hex{entry.map_object} << " sent ahead is none, or an id that QTEE holds";
      continue;
    }
    state().stats.ns_ids.add();
    NsRef map_object = NsRef::adopt(std::exchange(entry.node, nullptr));
    NsObject* object = nullptr;
    for (unsigned in = 0; in < call.objects_in_count_ && object == nullptr; ++in) {
      const ObjectRef& passed = call.objects_in_[in];
      if (passed.is_ns() && passed.ns()->id() == entry.object) object = passed.ns().get();
    }
    if (object == nullptr || object->id() == kIdPrimordial || object->map_object() != nullptr) {
      FaultLine() << "mapping information for " << Hex{entry.object} << ", which is not passed, or twice";
      continue;
    }
    object->map_tell(entry.info, map_object.leak());
  }
}

}  // namespace qtee::fw
