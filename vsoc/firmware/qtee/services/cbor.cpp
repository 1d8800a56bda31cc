// SPDX-License-Identifier: BSD-3-Clause
#include "cbor.hpp"

#include <cstring>

namespace qtee::fw {
namespace {

constexpr unsigned kUnsigned = 0, kNegative = 1, kBytes = 2, kText = 3, kArray = 4, kMap = 5, kTag = 6, kSimple = 7;
constexpr int kMaxDepth = 4;
constexpr std::uint64_t kMaxKeys = 64;  // one bit each in the set of keys seen

// Reads items one after another; a failed read fails all that follow.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool at_end() const { return at_ == bytes_.size(); }

  // The head of an item: its major type and its argument. Indefinite lengths and reserved forms are refused.
  bool head(unsigned& major, std::uint64_t& argument) {
    if (at_end()) return false;
    const auto first = static_cast<unsigned>(bytes_[at_++]);
    major = first >> 5;
    const unsigned low = first & 31;
    if (low < 24) {
      argument = low;
      return true;
    }
    if (low > 27) return false;
    const std::size_t size = std::size_t{1} << (low - 24);
    if (size > bytes_.size() - at_) return false;
    argument = 0;
    for (std::size_t i = 0; i < size; ++i) argument = argument << 8 | static_cast<std::uint8_t>(bytes_[at_++]);
    return true;
  }

  bool take(std::uint64_t size, std::span<const std::byte>& out) {
    if (size > bytes_.size() - at_) return false;
    out = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    return true;
  }

  bool number(std::uint64_t& value) {
    unsigned major;
    return head(major, value) && major == kUnsigned;
  }

  bool skip(int depth = 0) {
    unsigned major;
    std::uint64_t argument;
    if (depth > kMaxDepth || !head(major, argument)) return false;
    std::span<const std::byte> ignored;
    switch (major) {
      case kBytes:
      case kText:
        return take(argument, ignored);
      case kArray:
        return skip_many(argument, depth);
      case kMap:
        return argument <= bytes_.size() && skip_many(argument * 2, depth);
      case kTag:
        return skip(depth + 1);
      case kUnsigned:
      case kNegative:
      case kSimple:
      default:
        return true;
    }
  }

 private:
  bool skip_many(std::uint64_t count, int depth) {
    if (count > bytes_.size() - at_) return false;  // an item has at least one byte
    for (; count != 0; --count)
      if (!skip(depth + 1)) return false;
    return true;
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

bool package_name_take(Reader& reader, Credentials& credentials) {
  unsigned major;
  std::uint64_t size;
  std::span<const std::byte> text;
  if (!reader.head(major, size) || major != kText || !reader.take(size, text)) return false;
  const std::size_t kept =
      text.size() < sizeof credentials.package_name ? text.size() : sizeof credentials.package_name - 1;
  if (kept != 0) std::memcpy(credentials.package_name, text.data(), kept);
  return true;
}

bool value_take(Reader& reader, std::uint64_t key, Credentials& credentials) {
  switch (static_cast<CredentialKey>(key)) {
    case CredentialKey::uid:
      credentials.has_uid = true;
      return reader.number(credentials.uid);
    case CredentialKey::system_time:
      return reader.number(credentials.system_time_ms);
    case CredentialKey::package_flags:
      return reader.number(credentials.package_flags);
    case CredentialKey::package_name:
      return package_name_take(reader, credentials);
    case CredentialKey::package_certificate:
    case CredentialKey::permissions:
    default:
      return reader.skip();
  }
}

}  // namespace

bool credentials_parse(std::span<const std::byte> bytes, Credentials& credentials) {
  credentials = Credentials{};
  Reader reader(bytes);
  unsigned major;
  std::uint64_t entries;
  if (!reader.head(major, entries) || major != kMap) return false;
  std::uint64_t seen = 0;
  for (; entries != 0; --entries) {
    std::uint64_t key;
    if (!reader.number(key) || key >= kMaxKeys || (seen >> key & 1) != 0) return false;
    seen |= std::uint64_t{1} << key;
    if (!value_take(reader, key, credentials)) return false;
  }
  return reader.at_end() && credentials.has_uid;
}

}  // namespace qtee::fw
