// SPDX-License-Identifier: BSD-3-Clause
#include "now.hpp"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace qtee::bpf {
namespace {

using PoolName = std::array<char, TOP_POOL_SIZE>;

std::string text_of(const char* name) { return {name, ::strnlen(name, TOP_POOL_SIZE)}; }

/// What is in a hash; of keys that come or go meanwhile some may be missing, or be there twice.
template <class Key, class Value, class Work>
void each(int map, const Work& work) {
  Key key{}, next{};
  Value value{};
  // One that goes while it is looked at makes the kernel begin again: no more than there is room for is looked at.
  std::size_t left = 8192;
  for (const Key* last = nullptr; left && bpf_map_get_next_key(map, last, &next) == 0; --left) {
    key = next;
    last = &key;
    if (bpf_map_lookup_elem(map, &key, &value) == 0) work(key, value);
  }
}

}  // namespace

std::vector<std::pair<std::uint64_t, top_callback>> callbacks_read(int map) {
  std::vector<std::pair<std::uint64_t, top_callback>> callbacks;
  each<std::uint64_t, top_callback>(map, [&](std::uint64_t invocation, const top_callback& callback) {
    callbacks.emplace_back(invocation, callback);
  });
  std::ranges::sort(callbacks, {}, [](const auto& one) { return std::pair(one.second.since, one.first); });
  const auto again = std::ranges::unique(callbacks, {}, [](const auto& one) { return one.first; });
  callbacks.erase(again.begin(), again.end());
  return callbacks;
}

void pools_add_waits(Pools& pools, int waits, int done, std::uint64_t now) {
  each<std::uint32_t, top_wait>(waits, [&](std::uint32_t, const top_wait& wait) {
    const auto pool = pools.find(text_of(wait.pool));
    if (pool == pools.end()) return;
    ++pool->second.waiting;
    pool->second.longest_ns = std::max<std::uint64_t>(pool->second.longest_ns, now > wait.since ? now - wait.since : 0);
  });
  each<PoolName, top_pool>(done, [&](const PoolName& name, const top_pool& over) {
    if (const auto pool = pools.find(text_of(name.data())); pool != pools.end()) pool->second.waited_ns = over.ns;
  });
}

}  // namespace qtee::bpf
