// SPDX-License-Identifier: BSD-3-Clause
//
// Writes the fuzzer's first corpus: one input for every operation of the private service, every lie and every armed
// answer, as player.cpp reads them, and some that chain them. Usage: qtee-layer-corpus FOLDER.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>
#include <vsoc/service.hpp>

namespace {

using Bytes = std::vector<std::uint8_t>;
using qtee::vsoc::Op;

// Choices that Player::input_id and Player::known_id take.
constexpr std::uint8_t kFresh = 5;
constexpr std::uint8_t kNewest = 0;

template <class T>
Bytes le(T value) {
  Bytes bytes;
  for (std::size_t at = 0; at < sizeof(T); ++at) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * at)));
  return bytes;
}
Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

struct Shape {
  std::vector<Bytes> ins = {};
  std::vector<std::uint8_t> outs = {};
  unsigned objects = 0;
  unsigned wanted = 0;
};

// An invocation of the newest id that is known: the private service, at first.
Bytes invoke(Op op, const Shape& shape, std::uint8_t pages = 0) {
  const auto counts =
      static_cast<std::uint16_t>(shape.ins.size() | shape.outs.size() << 4 | shape.objects << 8 | shape.wanted << 12);
  Bytes bytes{0, pages, kNewest, static_cast<std::uint8_t>(op)};
  bytes = bytes + le(counts) + Bytes{0x80};
  for (const Bytes& in : shape.ins) bytes = bytes + Bytes{static_cast<std::uint8_t>(in.size())} + in;
  bytes = bytes + shape.outs;
  for (unsigned index = 0; index < shape.objects; ++index) bytes.push_back(kFresh);
  bytes.push_back(0);  // unspoilt
  return bytes;
}

// An answer to what waits in outbound page `page`: `outs` sizes of 255ths, fresh objects.
Bytes answer(std::uint8_t page, bool mapping, const Bytes& outs, unsigned objects) {
  Bytes bytes{6, static_cast<std::uint8_t>(page | (mapping ? 16 : 0))};
  for (const std::uint8_t out : outs) {
    bytes.push_back(out);
    if (mapping) bytes = bytes + Bytes{16, 2};
  }
  for (unsigned index = 0; index < objects; ++index) bytes.push_back(kFresh);
  return bytes;
}

std::vector<Bytes> inputs() {
  const Bytes word = le(std::uint32_t{3});
  const Bytes range = le(std::uint64_t{8}) + le(std::uint64_t{100});
  const Bytes mapped = answer(0, true, {0}, 1);
  std::vector<Bytes> all;
  all.push_back(invoke(Op::null, {}));
  all.push_back(invoke(Op::echo, {.ins = {word}, .outs = {8}}));
  all.push_back(invoke(Op::mirror, {.ins = {word, {}}, .outs = {8, 8}, .objects = 2, .wanted = 3}));
  all.push_back(invoke(Op::fail, {.ins = {word}}));
  all.push_back(invoke(Op::work, {.ins = {range}}) + invoke(Op::work, {.ins = {le(std::uint64_t{5000})}}));
  all.push_back(invoke(Op::fill, {.ins = {range + le(std::uint64_t{1})}, .objects = 1}) + mapped);
  all.push_back(invoke(Op::checksum, {.ins = {range}, .outs = {8}, .objects = 1}) + mapped);
  all.push_back(invoke(Op::nest, {.ins = {word}, .outs = {4}, .objects = 1}) + answer(0, false, {0}, 0));
  all.push_back(invoke(Op::callback, {.ins = {word + word, word}, .outs = {8}, .objects = 3, .wanted = 2}) +
                answer(0, false, {0}, 2) + answer(0, false, {100}, 2) + answer(0, false, {0}, 2));
  all.push_back(invoke(Op::hold, {.objects = 3}) + invoke(Op::give, {.wanted = 3}) + invoke(Op::drop, {.ins = {word}}));
  all.push_back(invoke(Op::create, {.wanted = 3}) + invoke(Op::create, {.wanted = 1}));
  all.push_back(invoke(Op::report, {.outs = {200}}) + invoke(Op::counters, {.outs = {200}}));
  all.push_back(invoke(Op::map, {.ins = {range}, .objects = 1, .wanted = 1}) + mapped +
                invoke(Op::touch, {.ins = {range + le(std::uint64_t{1})}, .outs = {8}}));
  for (std::uint32_t key = 0; key < 3; ++key) {
    for (const std::uint64_t value : {0ull, 1ull, 0x10001ull}) {
      all.push_back(invoke(Op::configure, {.ins = {le(key) + le(std::uint32_t{0}) + le(value)}}) +
                    invoke(Op::hold, {.objects = 2}) + invoke(Op::drop, {.ins = {word}}) + answer(0, false, {}, 0));
    }
  }
  for (std::uint32_t kind = 1; kind <= 5; ++kind) {
    all.push_back(invoke(Op::arm, {.ins = {le(kind) + le(std::uint32_t{2}) + le(std::uint64_t{0})}}) +
                  invoke(Op::null, {}, 1) + invoke(Op::null, {}, 9) + Bytes{13, 0, 14, 14, 13, 0, 13, 0, 11, 1, 16, 1} +
                  invoke(Op::null, {}, 18));
  }
  for (std::uint32_t kind = 0; kind < 60; ++kind) {
    for (const std::uint64_t value : {0ull, 3ull, 0x1234ull, 0xFFFFFFFFull}) {
      const Bytes request = le(kind) + le(std::uint32_t{7}) + le(value);
      all.push_back(invoke(Op::lie, {.ins = {request, word}, .outs = {8}, .objects = 2, .wanted = 2}) +
                    answer(0, false, {0}, 2) + answer(0, false, {0}, 2));
    }
  }
  const std::size_t plain = all.size();
  std::mt19937 random(20261123);
  for (int chain = 0; chain < 60; ++chain) {
    Bytes bytes = chain % 3 == 0 ? Bytes{11, 8, 11, 1, 0, 23} : Bytes{};  // bridges on, and one over all pages
    for (int each = 0; each < 12; ++each) bytes = bytes + all[random() % plain];
    for (int each = 0; each < chain % 6; ++each) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    all.push_back(bytes);
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: qtee-layer-corpus FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const Bytes& bytes : inputs()) {
    std::ofstream file(folder / ("seed-" + std::to_string(number++)), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file) return 1;
  }
  std::printf("%d inputs\n", number);
  return 0;
}
