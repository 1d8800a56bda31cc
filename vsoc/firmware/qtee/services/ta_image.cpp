// SPDX-License-Identifier: BSD-3-Clause
#include "ta_image.hpp"

#include <cstring>

namespace qtee::fw {
namespace {

namespace loader = vsoc::app_loader;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMaxMemory = 64u << 20;  // no TA is larger; keeps all sums far from overflow
constexpr std::size_t kMaxSegments = 64;

constexpr std::uint16_t kTypeExec = 2, kTypeDyn = 3;
constexpr std::uint16_t kMachineArm = 40, kMachineAarch64 = 183;
constexpr std::uint32_t kSegmentNull = 0, kSegmentLoad = 1, kSegmentNote = 4;

// The fields of both classes, widened.
struct Header {
  std::uint64_t entry, phoff;
  std::uint16_t type, machine, ehsize, phentsize, phnum;
  std::uint32_t version;
};

struct Segment {
  std::uint64_t offset, vaddr, filesz, memsz, align;
  std::uint32_t type;
};

template <typename T>
T read_at(std::span<const std::byte> bytes, std::uint64_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

bool in_bounds(std::uint64_t offset, std::uint64_t size, std::uint64_t total) {
  return offset <= total && size <= total - offset;
}

// Room for the header has been checked.
Header header_read(std::span<const std::byte> b, bool wide) {
  Header h{};
  h.type = read_at<std::uint16_t>(b, 16);
  h.machine = read_at<std::uint16_t>(b, 18);
  h.version = read_at<std::uint32_t>(b, 20);
  h.entry = wide ? read_at<std::uint64_t>(b, 24) : read_at<std::uint32_t>(b, 24);
  h.phoff = wide ? read_at<std::uint64_t>(b, 32) : read_at<std::uint32_t>(b, 28);
  const std::uint64_t tail = wide ? 52 : 40;
  h.ehsize = read_at<std::uint16_t>(b, tail);
  h.phentsize = read_at<std::uint16_t>(b, tail + 2);
  h.phnum = read_at<std::uint16_t>(b, tail + 4);
  return h;
}

Segment segment_read(std::span<const std::byte> b, std::uint64_t at, bool wide) {
  if (wide) {
    return {read_at<std::uint64_t>(b, at + 8),  read_at<std::uint64_t>(b, at + 16), read_at<std::uint64_t>(b, at + 32),
            read_at<std::uint64_t>(b, at + 40), read_at<std::uint64_t>(b, at + 48), read_at<std::uint32_t>(b, at)};
  }
  return {read_at<std::uint32_t>(b, at + 4),  read_at<std::uint32_t>(b, at + 8),  read_at<std::uint32_t>(b, at + 16),
          read_at<std::uint32_t>(b, at + 20), read_at<std::uint32_t>(b, at + 28), read_at<std::uint32_t>(b, at)};
}

// A segment of a class-32 image must stay inside 32 bits; one of a class-64 image must not wrap.
bool segment_is_loadable(const Segment& s, bool wide) {
  if (s.filesz > s.memsz || s.memsz > kMaxMemory) return false;
  if (s.align > 1 && (s.align & (s.align - 1)) != 0) return false;
  const std::uint64_t limit = wide ? ~std::uint64_t{0} : 0xFFFFFFFFu;
  return s.vaddr <= limit && s.memsz <= limit - s.vaddr;
}

bool name_char_ok(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::int32_t ta_note_take(std::span<const std::byte> desc, TaImage& image) {
  if (desc.size() < sizeof(vsoc::TaNote)) return loader::kErrorMetadataInvalid;
  const auto note = read_at<vsoc::TaNote>(desc, 0);
  if (note.version != vsoc::kTaNoteVersion || (note.flags & ~vsoc::kTaSingleInstance) != 0)
    return loader::kErrorMetadataInvalid;
  const auto name = desc.subspan(sizeof note);
  if (name.empty() || name[0] == std::byte{0}) return loader::kErrorNoNameInMetadata;
  if (name.size() > sizeof image.name || name.back() != std::byte{0}) return loader::kErrorMetadataInvalid;
  for (std::size_t i = 0; i + 1 < name.size(); ++i)
    if (!name_char_ok(static_cast<char>(name[i]))) return loader::kErrorMetadataInvalid;
  std::memcpy(image.name, name.data(), name.size());
  image.flags = note.flags;
  return vsoc::kOk;
}

// Finds our note among the notes of one segment. Other owners' notes are none of our business, but all must be whole.
std::int32_t notes_scan(std::span<const std::byte> notes, TaImage& image) {
  const auto padded = [](std::uint64_t n) { return (n + 3) & ~std::uint64_t{3}; };
  std::uint64_t at = 0;
  while (at < notes.size()) {
    if (!in_bounds(at, 12, notes.size())) return loader::kErrorMetadataInvalid;
    const std::uint64_t name_size = read_at<std::uint32_t>(notes, at);
    const std::uint64_t desc_size = read_at<std::uint32_t>(notes, at + 4);
    const auto type = read_at<std::uint32_t>(notes, at + 8);
    const std::uint64_t name_at = at + 12, desc_at = name_at + padded(name_size);
    if (!in_bounds(desc_at, desc_size, notes.size())) return loader::kErrorMetadataInvalid;
    if (type == vsoc::kTaNoteType && name_size == sizeof vsoc::kTaNoteOwner &&
        std::memcmp(notes.data() + name_at, vsoc::kTaNoteOwner, sizeof vsoc::kTaNoteOwner) == 0) {
      if (image.name[0] != '\0') return loader::kErrorMetadataInvalid;  // two identities
      if (const auto error = ta_note_take(notes.subspan(desc_at, desc_size), image)) return error;
    }
    at = desc_at + padded(desc_size);
  }
  return vsoc::kOk;
}

void name_from_hash(TaImage& image) {
  constexpr char digits[] = "0123456789abcdef";
  std::memcpy(image.name, "ta-", 3);
  for (int i = 0; i < 16; ++i) image.name[3 + i] = digits[(image.hash >> (60 - 4 * i)) & 15];
  image.name[19] = '\0';
}

// Loadable segments must not share memory. There are few of them, so every pair is looked at.
bool segments_overlap(const Segment* segments, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = i + 1; j < count; ++j)
      if (segments[i].vaddr < segments[j].vaddr + segments[j].memsz &&
          segments[j].vaddr < segments[i].vaddr + segments[i].memsz)
        return true;
  return false;
}

}  // namespace

std::uint64_t ta_image_hash(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const auto b : bytes) hash = (hash ^ static_cast<std::uint8_t>(b)) * 0x100000001B3u;
  return hash;
}

std::int32_t ta_image_check(std::span<const std::byte> bytes, TaImage& image) {
  constexpr unsigned char magic[] = {0x7F, 'E', 'L', 'F'};
  if (bytes.size() < 16 || bytes.size() > 0xFFFFFFFFu || std::memcmp(bytes.data(), magic, sizeof magic) != 0)
    return loader::kErrorInvalidBuffer;
  const auto ident_class = static_cast<std::uint8_t>(bytes[4]);
  if (ident_class != 1 && ident_class != 2) return loader::kErrorElfLoading;
  if (bytes[5] != std::byte{1} || bytes[6] != std::byte{1}) return loader::kErrorElfLoading;  // LSB, version 1
  const bool wide = ident_class == 2;
  const std::uint16_t header_size = wide ? 64 : 52, segment_size = wide ? 56 : 32;
  if (bytes.size() < header_size) return loader::kErrorElfLoading;

  const Header h = header_read(bytes, wide);
  if (h.type != kTypeExec && h.type != kTypeDyn) return loader::kErrorElfLoading;
  if (h.machine != (wide ? kMachineAarch64 : kMachineArm) || h.version != 1) return loader::kErrorElfLoading;
  if (h.ehsize != header_size || h.phentsize != segment_size) return loader::kErrorElfLoading;
  if (h.phnum == 0 || h.phnum > kMaxSegments) return loader::kErrorElfLoading;
  if (!in_bounds(h.phoff, std::uint64_t{h.phnum} * segment_size, bytes.size())) return loader::kErrorElfLoading;

  image = TaImage{};
  Segment loads[kMaxSegments];
  std::size_t load_count = 0;
  bool entry_found = h.entry == 0;
  for (std::uint16_t i = 0; i < h.phnum; ++i) {
    const Segment s = segment_read(bytes, h.phoff + std::uint64_t{i} * segment_size, wide);
    // The fields of a PT_NULL entry (signed images keep their hash table in one) are undefined, and an offset is
    // where there are no bytes. What an entry says of the file must be true otherwise.
    if (s.type == kSegmentNull) continue;
    if (s.filesz != 0 && !in_bounds(s.offset, s.filesz, bytes.size())) return loader::kErrorElfLoading;
    if (s.type == kSegmentNote && s.filesz != 0) {
      if (const auto error = notes_scan(bytes.subspan(s.offset, s.filesz), image)) return error;
    }
    if (s.type != kSegmentLoad) continue;
    if (!segment_is_loadable(s, wide)) return loader::kErrorElfLoading;
    if (s.memsz == 0) continue;
    entry_found = entry_found || (h.entry >= s.vaddr && h.entry - s.vaddr < s.memsz);
    image.memory_size += (s.memsz + kPage - 1) & ~(kPage - 1);
    loads[load_count++] = s;
  }
  if (load_count == 0 || !entry_found || image.memory_size > kMaxMemory) return loader::kErrorElfLoading;
  if (segments_overlap(loads, load_count)) return loader::kErrorElfLoading;

  image.size = static_cast<std::uint32_t>(bytes.size());
  image.elf_class = wide ? 64 : 32;
  image.hash = ta_image_hash(bytes);
  if (image.name[0] == '\0') name_from_hash(image);
  return vsoc::kOk;
}

}  // namespace qtee::fw
