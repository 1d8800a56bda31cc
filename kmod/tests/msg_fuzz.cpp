// SPDX-License-Identifier: BSD-3-Clause
//
// Whatever QTEE writes, what the driver takes from it stays inside the buffer.
#include "msg.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

void take_request(std::vector<std::uint64_t>& words) {
  const auto size = static_cast<std::uint32_t>(words.size() * 8);
  qtee_arg arg[QTEE_ARGS_MAX];
  qtee_args args{};
  args.arg = arg;
  qtee_msg_request request;
  const int ret = qtee_msg_request_read(words.data(), size, &request, &args);
  require(args.count <= QTEE_ARGS_MAX, "count");
  require(request.tail <= size, "tail inside");
  std::uint32_t last = 16;
  for (unsigned i = 0; i < args.count; i++) {
    require(arg[i].slot == i && arg[i].kind < QTEE_ARG_KINDS, "slots");
    if (ret != 0 || arg[i].kind > QTEE_ARG_OB) continue;
    require(arg[i].wire >= last && arg[i].buffer.size <= size && arg[i].wire <= size - arg[i].buffer.size, "payload");
    last = arg[i].wire + static_cast<std::uint32_t>(arg[i].buffer.size);
  }
  if (ret == 0) require(request.tail >= last, "tail behind payloads");
  for (unsigned i = 0; i < args.count; i++)
    if (arg[i].kind == QTEE_ARG_OO) arg[i].wire = 1;
  qtee_msg_response_write(words.data(), 0, &args);
}

void take_async(std::vector<std::uint64_t>& words) {
  const auto size = static_cast<std::uint32_t>(words.size() * 8);
  std::uint32_t at = 0;
  qtee_msg_async async;
  while (qtee_msg_async_read(words.data(), size, at, &async) > 0) {
    require(async.ids <= size && async.count <= (size - async.ids) / 4, "ids inside");
    for (std::uint32_t i = 0; i < async.count; i++) qtee_msg_word(words.data(), async.ids + 4 * i);
    require(async.next > at, "goes on");
    at = async.next;
  }
}

// Mapping information, as much as fits from wherever QTEE's bytes say, in a buffer whose end they say too.
void tell_mappings(std::vector<std::uint64_t>& words) {
  const qtee_msg_mapping mapping{static_cast<std::uint32_t>(words[1]), static_cast<std::uint32_t>(words[2]), words[3],
                                 words[4], static_cast<std::uint32_t>(words[5])};
  const auto size = static_cast<std::uint32_t>(words[6] % (words.size() * 8 + 1)) & ~7u;
  auto at = static_cast<std::uint32_t>(words[7]) & ~7u;
  for (;;) {
    const int next = qtee_msg_mapping_write(words.data(), size, at, &mapping);
    if (next < 0) break;
    require(static_cast<std::uint32_t>(next) <= size && static_cast<std::uint32_t>(next) > at, "mapping inside");
    qtee_msg_async async;
    require(qtee_msg_async_read(words.data(), size, at, &async) == 1 && async.op == QTEE_ASYNC_OP_MAPPING &&
                async.version == QTEE_ASYNC_VERSION_MAPPING,
            "mapping is a message");
    at = static_cast<std::uint32_t>(next);
  }
}

// An invocation whose shape is in the first bytes, answered with the rest.
void take_answer(const std::uint8_t* data, std::size_t size, std::vector<std::uint64_t>& words) {
  if (size < 4) return;
  std::vector<qtee_arg> arg(data[0] % 16);
  for (std::size_t i = 0; i < arg.size(); i++) {
    arg[i] = {};
    arg[i].kind = data[(1 + i) % size] % QTEE_ARG_KINDS;
    arg[i].buffer.size = data[(2 + i) % size];
  }
  qtee_args args{};
  args.count = static_cast<unsigned>(arg.size());
  args.arg = arg.data();
  std::uint32_t counts;
  qtee_msg_places places;
  const int length = qtee_msg_measure(&args, static_cast<std::uint32_t>(words.size() * 8), &counts, &places);
  if (length < 0) return;
  // QTEE's bytes are what the answer is read from, so the places are written elsewhere.
  std::vector<std::uint64_t> message(static_cast<std::size_t>(length + 7) / 8);
  for (qtee_arg& one : arg) qtee_msg_arg_place(message.data(), &places, &one);
  const std::vector<qtee_arg> sent = arg;
  for (qtee_arg& one : arg) qtee_msg_arg_answer(words.data(), &one);
  for (std::size_t i = 0; i < arg.size(); i++)
    if (arg[i].kind == QTEE_ARG_OB) require(arg[i].buffer.size <= sent[i].buffer.size, "only shrinks");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Buffers are whole pages in the driver; a page is enough here. Exactly so much, for the sanitizer to see the end.
  std::vector<std::uint64_t> words(512);
  const std::size_t used = size < 4096 ? size : 4096;
  const auto fill = [&] {
    std::memset(words.data(), 0, 4096);
    if (used != 0) std::memcpy(words.data(), data, used);
  };
  fill();
  take_request(words);
  fill();
  take_async(words);
  fill();
  tell_mappings(words);
  fill();
  take_answer(data, size, words);
  return 0;
}
