// SPDX-License-Identifier: BSD-3-Clause

#include "message.hpp"

namespace qtee::fw {

const char* message_parse_invoke(std::span<const std::byte> message, MessageInvoke& invoke) {
  if (message.size() < kInvokeArgs) return "shorter than its header";
  invoke.target = message_get_word(message, 0);
  invoke.op = message_get_word(message, 4);
  const std::uint32_t counts = message_get_word(message, 8);
  if (counts > 0xFFFF) return "unknown bits in counts";
  invoke.counts = MessageCounts::from_word(counts);
  const unsigned total = invoke.counts.total();
  const unsigned buffers = invoke.counts.ins + invoke.counts.outs;
  const std::uint64_t payload = message_align(kInvokeArgs + std::uint64_t{8} * total);
  if (payload > message.size()) return "arguments past the end";
  for (unsigned index = 0; index < total; ++index) {
    const MessageArg arg = message_get_arg(message, kInvokeArgs, index);
    invoke.args[index] = arg;
    if (index >= buffers || arg.b == 0) continue;
    if (arg.a % message_align(1) != 0) return "a payload that is not aligned";
    if (arg.a < payload) return "a payload on the arguments";
    if (arg.a > message.size() || arg.b > message.size() - arg.a) return "a payload past the end";
    for (unsigned other = 0; other < index; ++other) {
      const MessageArg& before = invoke.args[other];
      if (before.b != 0 && arg.a < before.a + std::uint64_t{before.b} && before.a < arg.a + std::uint64_t{arg.b})
        return "payloads on each other";
    }
  }
  return nullptr;
}

std::size_t message_put_async(std::span<std::byte> room, std::size_t at, std::uint32_t version, std::uint32_t op,
                              std::uint32_t counts, std::span<const ObjectId> ids) {
  message_put_word(room, at, version);
  message_put_word(room, at + 4, op);
  message_put_word(room, at + 8, counts);
  std::size_t end = at + kAsyncIds;
  for (const ObjectId id : ids) {
    message_put_word(room, end, id);
    end += sizeof(id);
  }
  return message_align(end);
}

}  // namespace qtee::fw
