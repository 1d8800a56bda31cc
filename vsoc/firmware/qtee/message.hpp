// SPDX-License-Identifier: BSD-3-Clause
//
// The wire formats, and nothing else: words in shared memory, little endian. Every word that Linux wrote is read once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "object.hpp"

namespace qtee::fw {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

inline constexpr std::size_t kMessagePage = 4096;
inline constexpr std::size_t kInboundMax = 4u << 20;
inline constexpr std::size_t kOutboundMax = 16 * kMessagePage;

constexpr std::uint64_t message_align(std::uint64_t size) { return (size + 7) & ~std::uint64_t{7}; }

// How many arguments of each kind. On the wire a word of four nibbles.
struct MessageCounts {
  std::uint8_t ins = 0;
  std::uint8_t outs = 0;
  std::uint8_t objects_in = 0;
  std::uint8_t objects_out = 0;

  unsigned total() const { return ins + outs + objects_in + objects_out; }
  std::uint32_t word() const {
    return std::uint32_t{ins} | std::uint32_t{outs} << 4 | std::uint32_t{objects_in} << 8 |
           std::uint32_t{objects_out} << 12;
  }
  static MessageCounts from_word(std::uint32_t word) {
    return {static_cast<std::uint8_t>(word & 15), static_cast<std::uint8_t>(word >> 4 & 15),
            static_cast<std::uint8_t>(word >> 8 & 15), static_cast<std::uint8_t>(word >> 12 & 15)};
  }
};

// One argument: a buffer's offset and size, or an object's id and nothing.
struct MessageArg {
  std::uint32_t a;
  std::uint32_t b;
};

// Direct invocation, in the inbound buffer: cxt, op, counts, args.
inline constexpr std::size_t kInvokeArgs = 12;
// Callback request, in the outbound buffer: result, cxt, op, counts, args.
inline constexpr std::size_t kCallbackArgs = 16;
// Asynchronous message: version, op, counts, ids.
inline constexpr std::size_t kAsyncIds = 12;

constexpr std::size_t message_async_size(std::size_t ids) { return kAsyncIds + ids * sizeof(ObjectId); }

// Bounds are the caller's business.
inline std::uint32_t message_get_word(std::span<const std::byte> message, std::size_t at) {
  std::uint32_t word;
  std::memcpy(&word, message.data() + at, sizeof(word));
  asm volatile("" : "+r"(word));  // one read: the compiler may not look again
  return word;
}
inline void message_put_word(std::span<std::byte> message, std::size_t at, std::uint32_t word) {
  std::memcpy(message.data() + at, &word, sizeof(word));
}
inline MessageArg message_get_arg(std::span<const std::byte> message, std::size_t args, unsigned index) {
  const std::size_t at = args + std::size_t{8} * index;
  return {message_get_word(message, at), message_get_word(message, at + 4)};
}
inline void message_put_arg(std::span<std::byte> message, std::size_t args, unsigned index, MessageArg arg) {
  const std::size_t at = args + std::size_t{8} * index;
  message_put_word(message, at, arg.a);
  message_put_word(message, at + 4, arg.b);
}

// A direct invocation, its words copied and checked.
struct MessageInvoke {
  ObjectId target;
  std::uint32_t op;
  MessageCounts counts;
  MessageArg args[4 * 15];
};

// Copies and checks. Returns nullptr where all is well, otherwise what is wrong, for the log: counts with unknown bits,
// arguments or payloads past the end, payloads that are not aligned, or lie on each other or on the arguments. An empty
// buffer's offset means nothing and is not looked at.
const char* message_parse_invoke(std::span<const std::byte> message, MessageInvoke& invoke);

// Writes one asynchronous message at `at`, with as many ids as given whatever `counts` says, and returns where the next
// one goes. The caller has checked that it fits.
std::size_t message_put_async(std::span<std::byte> room, std::size_t at, std::uint32_t version, std::uint32_t op,
                              std::uint32_t counts, std::span<const ObjectId> ids);

}  // namespace qtee::fw
