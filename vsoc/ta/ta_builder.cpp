// SPDX-License-Identifier: BSD-3-Clause
#include "ta_builder.hpp"

#include <elf.h>

#include <cstring>
#include <stdexcept>

#include "vsoc/interfaces.hpp"

namespace qtee::vsoc {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kDataSize = 512;  // of the second loadable segment in the file
constexpr std::uint64_t kBssSize = 8192;  // behind it, in memory only

struct Elf32 {
  using Ehdr = Elf32_Ehdr;
  using Phdr = Elf32_Phdr;
  static constexpr unsigned char kClass = ELFCLASS32;
  static constexpr std::uint16_t kMachine = EM_ARM;
  static constexpr std::uint32_t kBase = 0x8000;
};

struct Elf64 {
  using Ehdr = Elf64_Ehdr;
  using Phdr = Elf64_Phdr;
  static constexpr unsigned char kClass = ELFCLASS64;
  static constexpr std::uint16_t kMachine = EM_AARCH64;
  static constexpr std::uint64_t kBase = 0x400000;
};

template <typename T>
void append(std::vector<std::byte>& out, const T& value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

std::vector<std::byte> note_build(const TaSpec& spec) {
  std::vector<std::byte> note;
  if (spec.name.empty()) return note;
  const std::size_t desc_size = sizeof(TaNote) + spec.name.size() + 1;
  append(note, Elf32_Nhdr{sizeof kTaNoteOwner, static_cast<Elf32_Word>(desc_size), kTaNoteType});
  append(note, kTaNoteOwner);
  append(note, TaNote{kTaNoteVersion, spec.flags});
  for (const char c : spec.name) note.push_back(static_cast<std::byte>(c));
  note.push_back(std::byte{0});
  while (note.size() % 4 != 0) note.push_back(std::byte{0});
  return note;
}

template <typename Elf>
std::vector<std::byte> build(const TaSpec& spec) {
  const auto note = note_build(spec);
  const std::uint16_t segments = note.empty() ? 2 : 3;
  const std::size_t note_at = sizeof(typename Elf::Ehdr) + segments * sizeof(typename Elf::Phdr);
  const std::size_t text_at = (note_at + note.size() + 15) & ~std::size_t{15};
  if (spec.size < text_at + 64 + kDataSize) throw std::invalid_argument("a TA image of this size has no room");
  const std::size_t text_size = spec.size - kDataSize;  // the first segment holds the headers, too

  typename Elf::Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = Elf::kClass;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = Elf::kMachine;
  header.e_version = EV_CURRENT;
  header.e_entry = Elf::kBase + static_cast<std::uint32_t>(text_at);
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(typename Elf::Phdr);
  header.e_phnum = segments;

  // Each in-file offset is congruent to its address modulo the page, as a loader that maps files wants it.
  typename Elf::Phdr text{};
  text.p_type = PT_LOAD;
  text.p_flags = PF_R | PF_X;
  text.p_vaddr = text.p_paddr = Elf::kBase;
  text.p_filesz = text.p_memsz = static_cast<decltype(text.p_filesz)>(text_size);
  text.p_align = kPage;

  typename Elf::Phdr data = text;
  data.p_flags = PF_R | PF_W;
  data.p_offset = static_cast<decltype(data.p_offset)>(text_size);
  data.p_vaddr = data.p_paddr =
      static_cast<decltype(data.p_vaddr)>(Elf::kBase + ((text_size + kPage - 1) & ~(kPage - 1)) + text_size % kPage);
  data.p_filesz = kDataSize;
  data.p_memsz = kDataSize + kBssSize;

  std::vector<std::byte> image;
  image.reserve(spec.size);
  append(image, header);
  append(image, text);
  append(image, data);
  if (!note.empty()) {
    typename Elf::Phdr entry{};
    entry.p_type = PT_NOTE;
    entry.p_flags = PF_R;
    entry.p_offset = static_cast<decltype(entry.p_offset)>(note_at);
    entry.p_vaddr = entry.p_paddr = static_cast<decltype(entry.p_vaddr)>(Elf::kBase + note_at);
    entry.p_filesz = entry.p_memsz = static_cast<decltype(entry.p_filesz)>(note.size());
    entry.p_align = 4;
    append(image, entry);
    image.insert(image.end(), note.begin(), note.end());
  }
  // Anything that varies will do for contents; a constant would hide a message that was shifted or cut.
  std::uint64_t state = spec.seed * 0x9E3779B97F4A7C15u + 1;
  while (image.size() < spec.size) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    image.push_back(static_cast<std::byte>(state));
  }
  return image;
}

}  // namespace

std::vector<std::byte> ta_build(const TaSpec& spec) {
  if (spec.name.size() >= diagnostics::kAppNameMax)
    throw std::invalid_argument("a TA's name has at most 63 characters");
  if (spec.elf_class == 32) return build<Elf32>(spec);
  if (spec.elf_class == 64) return build<Elf64>(spec);
  throw std::invalid_argument("an ELF class is 32 or 64");
}

}  // namespace qtee::vsoc
