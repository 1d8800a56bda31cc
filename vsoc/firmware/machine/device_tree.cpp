// SPDX-License-Identifier: BSD-3-Clause
//
// Just enough of the flattened device tree: every offset is checked against the blob before it is followed.
#include "device_tree.hpp"

#include <optional>
#include <string_view>

#include "vsoc/memory_map.hpp"

namespace qtee::machine {
namespace {

constexpr std::uint32_t kMagic = 0xd00dfeed;
constexpr std::uint32_t kBeginNode = 1;
constexpr std::uint32_t kEndNode = 2;
constexpr std::uint32_t kProperty = 3;
constexpr std::uint32_t kNop = 4;

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::optional<std::uint32_t> word(std::size_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes_[offset + i]);
    return value;
  }

  // A string with its terminator inside the blob.
  std::optional<std::string_view> string(std::size_t offset) const {
    for (std::size_t end = offset; end < bytes_.size(); ++end) {
      if (bytes_[end] == std::byte{0}) {
        return std::string_view{reinterpret_cast<const char*>(bytes_.data()) + offset, end - offset};
      }
    }
    return std::nullopt;
  }

 private:
  std::span<const std::byte> bytes_;
};

constexpr std::size_t align4(std::size_t offset) { return (offset + 3) & ~std::size_t{3}; }

}  // namespace

std::uint64_t device_tree_ram_size(std::span<const std::byte> blob) {
  const Reader header(blob);
  const auto total = header.word(4);
  if (header.word(0) != kMagic || !total || *total > blob.size()) return 0;
  const Reader tree(blob.first(*total));
  const auto structs = tree.word(8);
  const auto strings = tree.word(12);
  if (!structs || !strings) return 0;

  std::size_t at = *structs;
  unsigned depth = 0;
  bool in_memory = false;
  for (;;) {
    const auto token = tree.word(at);
    if (!token) return 0;
    at += 4;
    if (*token == kBeginNode) {
      const auto name = tree.string(at);
      if (!name) return 0;
      ++depth;
      in_memory = depth == 2 && (*name == "memory" || name->substr(0, 7) == "memory@");
      at = align4(at + name->size() + 1);
    } else if (*token == kEndNode) {
      if (depth-- == 0) return 0;
      in_memory = false;
    } else if (*token == kProperty) {
      const auto length = tree.word(at);
      const auto name_offset = tree.word(at + 4);
      if (!length || !name_offset) return 0;
      const auto name = tree.string(std::size_t{*strings} + *name_offset);
      if (!name) return 0;
      const std::size_t value = at + 8;
      // Two cells each: what QEMU's board writes.
      if (in_memory && *name == "reg" && *length >= 16) {
        std::uint64_t cells[2];
        for (std::size_t i = 0; i < 2; ++i) {
          const auto high = tree.word(value + i * 8);
          const auto low = tree.word(value + i * 8 + 4);
          if (!high || !low) return 0;
          cells[i] = std::uint64_t{*high} << 32 | *low;
        }
        if (cells[0] == vsoc::kRamBase) return cells[1];
      }
      at = align4(value + *length);
    } else if (*token != kNop) {
      return 0;  // the end, or rubbish
    }
  }
}

}  // namespace qtee::machine
