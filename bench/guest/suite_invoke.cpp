// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include "buffers.hpp"
#include "suite.hpp"

namespace qtee::bench {

std::string size_name(std::size_t size) {
  if (size >= std::size_t{1} << 20) return fmt::format("{}MiB", size >> 20);
  if (size >= 1024) return fmt::format("{}KiB", size >> 10);
  return fmt::format("{}B", size);
}

namespace {

Path in_place(Front& front, const std::string& name, std::size_t in, std::size_t out,
              std::span<const std::byte> source = {}) {
  // The message buffer is there as long as the path is measured.
  const auto call = std::make_shared<std::function<void()>>();
  return {.name = name,
          .work = [call] { (*call)(); },
          .setup = [&front, call, in, out, source] { *call = front.in_place(in, out, source); },
          .teardown = [call] { *call = {}; }};
}

}  // namespace

Paths suite_invoke(Bench& bench) {
  Front& front = *bench.front;
  const auto buffers = std::make_shared<Buffers>();
  Paths paths;
  paths.push_back({.name = "invoke/none", .work = [&front] { front.null(); }});
  for (const std::size_t size : {std::size_t{64}, std::size_t{1} << 10, std::size_t{4} << 10, std::size_t{16} << 10,
                                 std::size_t{64} << 10, std::size_t{1} << 20})
    paths.push_back({.name = "invoke/" + size_name(size),
                     .work = [&front, buffers, size] { front.echo(buffers->in(size), buffers->out(size)); }});
  paths.push_back({.name = "invoke/1MiB_in", .work = [&front, buffers] { front.send(buffers->in(Buffers::kSize)); }});
  // With the copy that a program makes whose input lies elsewhere.
  auto placed = in_place(front, "invoke/1MiB_in_placed", Buffers::kSize, 0, buffers->in(Buffers::kSize));
  placed.teardown = [buffers, drop = placed.teardown] { drop(); };
  paths.push_back(placed);
  paths.push_back(in_place(front, "invoke/64KiB_placed", 64 << 10, 0));
  paths.push_back(in_place(front, "invoke/64KiB_placed_both", 64 << 10, 64 << 10));

  using Kind = Front::Kind;
  const std::pair<Kind, const char*> kKinds[] = {{Kind::input, "inputs"},
                                                 {Kind::output, "outputs"},
                                                 {Kind::input_object, "input_objects"},
                                                 {Kind::output_object, "output_objects"}};
  for (const auto& [kind, name] : kKinds)
    for (const unsigned count : {1u, 15u})
      paths.push_back({.name = fmt::format("invoke/{}_{}", count, name),
                       .work = [&front, kind, count] { front.arguments(kind, count); },
                       .before = kind == Kind::output_object ? [&front] { front.drop(); } : std::function<void()>{},
                       .teardown = [&front] { front.drop(); },
                       .slow = kind == Kind::output_object});
  return paths;
}

}  // namespace qtee::bench
