// SPDX-License-Identifier: BSD-3-Clause

#include "bridge_table.hpp"

#include <cstring>

#include "heap.hpp"
#include "state.hpp"

namespace qtee::fw {
namespace {

// A handle is the bridge's first page in its low bits, so that deletion finds it by address, and a generation above.
constexpr unsigned kHandlePageBits = 36;
constexpr std::uint64_t kHandlePageMask = (std::uint64_t{1} << kHandlePageBits) - 1;

}  // namespace

bool BridgeTable::start() {
  bridges_ = static_cast<Bridge*>(heap_alloc(sizeof(Bridge) * kCapacity));
  return bridges_ != nullptr;
}

std::uint32_t BridgeTable::first_ending_behind(std::uint64_t paddr) const {
  std::uint32_t low = 0;
  std::uint32_t high = count_;
  while (low < high) {
    const std::uint32_t middle = (low + high) / 2;
    if (bridges_[middle].end <= paddr) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

BridgeTable::Status BridgeTable::create(std::uint64_t paddr, std::uint64_t size, std::uint32_t perms,
                                        std::uint64_t& handle) {
  SpinGuard guard(lock_);
  if (count_ == kCapacity) return Status::full;
  const std::uint32_t at = first_ending_behind(paddr);
  if (at < count_ && bridges_[at].start < paddr + size) return Status::overlap;
  std::memmove(bridges_ + at + 1, bridges_ + at, sizeof(Bridge) * (count_ - at));
  ++count_;
  handle = ++generation_ << kHandlePageBits | (paddr >> 12 & kHandlePageMask);
  bridges_[at] = {paddr, paddr + size, handle, perms, 0};
  state().stats.bridges.add();
  state().stats.bridge_creates.add();
  return Status::ok;
}

BridgeTable::Status BridgeTable::remove(std::uint64_t handle) {
  SpinGuard guard(lock_);
  const std::uint32_t at = first_ending_behind((handle & kHandlePageMask) << 12);
  if (at == count_ || bridges_[at].handle != handle) return Status::unknown;
  if (bridges_[at].holders != 0) return Status::busy;
  --count_;
  std::memmove(bridges_ + at, bridges_ + at + 1, sizeof(Bridge) * (count_ - at));
  state().stats.bridges.sub();
  state().stats.bridge_deletes.add();
  return Status::ok;
}

bool BridgeTable::hold(std::uint64_t paddr, std::uint64_t size, std::uint32_t perms) {
  const std::uint64_t end = paddr + size;
  SpinGuard guard(lock_);
  const std::uint32_t first = first_ending_behind(paddr);
  std::uint64_t covered = paddr;
  std::uint32_t at = first;
  for (; covered < end; ++at) {
    if (at == count_ || bridges_[at].start > covered || (bridges_[at].perms & perms) != perms) return false;
    covered = bridges_[at].end;
  }
  while (at > first) ++bridges_[--at].holders;
  return true;
}

std::uint64_t BridgeTable::count(std::uint64_t& holders) {
  SpinGuard guard(lock_);
  holders = 0;
  for (std::uint32_t at = 0; at < count_; ++at) holders += bridges_[at].holders;
  return count_;
}

void BridgeTable::let_go(std::uint64_t paddr, std::uint64_t size) {
  SpinGuard guard(lock_);
  for (std::uint32_t at = first_ending_behind(paddr); at < count_ && bridges_[at].start < paddr + size; ++at) {
    --bridges_[at].holders;
  }
}

}  // namespace qtee::fw
