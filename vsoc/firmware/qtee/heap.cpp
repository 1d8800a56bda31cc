// SPDX-License-Identifier: BSD-3-Clause
//
// Small blocks come from lists of one size each, large ones from runs of pages. Every block has a header of 16 bytes.
// Pages that were cut into small blocks stay so: the heap is for a firmware whose load repeats.
//
// Locking: one lock per size class, one for the pages; the page lock is taken inside a class lock, never the reverse.

#include "heap.hpp"

#include <atomic>
#include <cstring>

#include "spinlock.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define QTEE_FW_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QTEE_FW_ASAN 1
#endif
#endif
#ifdef QTEE_FW_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

namespace qtee::fw {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSlab = 4 * kPage;
constexpr std::uint32_t kUsed = 0x55534544;
constexpr std::uint32_t kFree = 0x46524545;
constexpr std::uint32_t kPages = 0x80000000;  // in Header::kind: a run of so many pages

// Block sizes, header included.
constexpr std::size_t kClasses[] = {48, 80, 112, 144, 208, 272, 400, 528, 784, 1040, 1552, 2064, 3088, 4112, 8208};
constexpr std::size_t kClassCount = sizeof(kClasses) / sizeof(kClasses[0]);

struct Header {
  std::uint32_t state;  // kUsed or kFree
  std::uint32_t kind;   // index of the class, or kPages | count
  union {
    std::uint64_t size;  // as asked for, while used
    Header* next;        // while free
  };
};
static_assert(sizeof(Header) == 16);

struct SizeClass {
  Spinlock lock;
  Header* free;
  std::uint64_t free_blocks;
  std::uint64_t used;  // bytes asked for
  std::uint64_t used_blocks;
};

struct Heap {
  std::byte* base;
  std::size_t pages;
  std::uint8_t* page_used;  // one byte a page, in the first pages of the heap
  Spinlock lock;            // guards page_used and what follows
  std::size_t hint;         // no free page below it
  std::size_t pages_free;
  std::uint64_t large_used;
  std::uint64_t large_pages;
  SizeClass classes[kClassCount];
};

constinit Heap g_heap{};
constinit std::atomic<std::int64_t> g_fail_after{-1};

// A run of `count` pages, or nullptr. The page lock is held.
std::byte* pages_take(std::size_t count) {
  Heap& heap = g_heap;
  if (count > heap.pages_free) return nullptr;
  std::size_t run = 0;
  for (std::size_t page = heap.hint; page < heap.pages; ++page) {
    run = heap.page_used[page] ? 0 : run + 1;
    if (run < count) continue;
    const std::size_t first = page + 1 - count;
    std::memset(heap.page_used + first, 1, count);
    if (first == heap.hint) heap.hint = page + 1;
    heap.pages_free -= count;
    return heap.base + first * kPage;
  }
  return nullptr;
}

void* large_alloc(std::size_t size) {
  if (size > g_heap.pages * kPage) return nullptr;
  const std::size_t count = (size + sizeof(Header) + kPage - 1) / kPage;
  std::byte* block;
  {
    SpinGuard guard(g_heap.lock);
    block = pages_take(count);
    if (block == nullptr) return nullptr;
    g_heap.large_used += size;
    g_heap.large_pages += count;
  }
  ASAN_UNPOISON_MEMORY_REGION(block, sizeof(Header) + size);
  auto* header = reinterpret_cast<Header*>(block);
  header->state = kUsed;
  header->kind = kPages | static_cast<std::uint32_t>(count);
  header->size = size;
  return header + 1;
}

void large_free(Header* header) {
  const std::size_t count = header->kind & ~kPages;
  const std::size_t first = static_cast<std::size_t>(reinterpret_cast<std::byte*>(header) - g_heap.base) / kPage;
  const std::uint64_t size = header->size;
  header->state = kFree;
  ASAN_POISON_MEMORY_REGION(header, count * kPage);
  SpinGuard guard(g_heap.lock);
  std::memset(g_heap.page_used + first, 0, count);
  if (first < g_heap.hint) g_heap.hint = first;
  g_heap.pages_free += count;
  g_heap.large_used -= size;
  g_heap.large_pages -= count;
}

// Cuts pages into free blocks of the class, whose lock is held.
bool class_refill(SizeClass& sizes, std::size_t index) {
  std::byte* slab;
  {
    SpinGuard guard(g_heap.lock);
    slab = pages_take(kSlab / kPage);
  }
  if (slab == nullptr) return false;
  const std::size_t size = kClasses[index];
  for (std::size_t at = 0; at + size <= kSlab; at += size) {
    ASAN_UNPOISON_MEMORY_REGION(slab + at, sizeof(Header));
    auto* header = reinterpret_cast<Header*>(slab + at);
    header->state = kFree;
    header->kind = static_cast<std::uint32_t>(index);
    header->next = sizes.free;
    sizes.free = header;
    ++sizes.free_blocks;
  }
  return true;
}

}  // namespace

void heap_start(std::span<std::byte> memory) {
  auto* first =
      reinterpret_cast<std::byte*>((reinterpret_cast<std::uintptr_t>(memory.data()) + kPage - 1) & ~(kPage - 1));
  const std::size_t lost = static_cast<std::size_t>(first - memory.data());
  g_heap.~Heap();
  ::new (&g_heap) Heap{};
  g_fail_after.store(-1, std::memory_order_relaxed);
  if (memory.size() < lost + kPage) return;
  g_heap.base = first;
  g_heap.pages = (memory.size() - lost) / kPage;
  g_heap.page_used = reinterpret_cast<std::uint8_t*>(first);
  ASAN_UNPOISON_MEMORY_REGION(first, g_heap.pages * kPage);
  const std::size_t map = (g_heap.pages + kPage - 1) / kPage;
  std::memset(g_heap.page_used, 0, g_heap.pages);
  std::memset(g_heap.page_used, 1, map);
  g_heap.hint = map;
  g_heap.pages_free = g_heap.pages - map;
  ASAN_POISON_MEMORY_REGION(first + map * kPage, g_heap.pages_free * kPage);
}

void heap_fail_after(std::int64_t allocations) { g_fail_after.store(allocations, std::memory_order_relaxed); }

void* heap_alloc(std::size_t size) {
  if (g_fail_after.load(std::memory_order_relaxed) >= 0 && g_fail_after.fetch_sub(1, std::memory_order_relaxed) <= 0) {
    g_fail_after.store(0, std::memory_order_relaxed);
    return nullptr;
  }
  std::size_t index = 0;
  while (index < kClassCount && size > kClasses[index] - sizeof(Header)) ++index;
  if (index == kClassCount) return large_alloc(size);
  SizeClass& sizes = g_heap.classes[index];
  Header* header;
  {
    SpinGuard guard(sizes.lock);
    if (sizes.free == nullptr && !class_refill(sizes, index)) return nullptr;
    header = sizes.free;
    sizes.free = header->next;
    --sizes.free_blocks;
    ++sizes.used_blocks;
    sizes.used += size;
    header->state = kUsed;
    header->size = size;
  }
  ASAN_UNPOISON_MEMORY_REGION(header + 1, size);
  return header + 1;
}

void heap_free(void* block) {
  if (block == nullptr) return;
  Header* header = static_cast<Header*>(block) - 1;
  if (header->state != kUsed) __builtin_trap();
  if (header->kind & kPages) return large_free(header);
  SizeClass& sizes = g_heap.classes[header->kind];
  ASAN_POISON_MEMORY_REGION(block, kClasses[header->kind] - sizeof(Header));
  SpinGuard guard(sizes.lock);
  header->state = kFree;
  sizes.used -= header->size;
  --sizes.used_blocks;
  header->next = sizes.free;
  sizes.free = header;
  ++sizes.free_blocks;
}

HeapInfo heap_info() {
  HeapInfo info{};
  info.total = g_heap.pages * kPage;
  std::uint64_t taken = 0;  // by used blocks, headers and rounding included
  for (std::size_t index = 0; index < kClassCount; ++index) {
    SizeClass& sizes = g_heap.classes[index];
    SpinGuard guard(sizes.lock);
    info.used += sizes.used;
    taken += sizes.used_blocks * kClasses[index];
    if (sizes.free_blocks != 0) info.largest_free = kClasses[index] - sizeof(Header);
  }
  std::size_t run = 0;
  std::size_t longest = 0;
  {
    SpinGuard guard(g_heap.lock);
    info.used += g_heap.large_used;
    taken += g_heap.large_pages * kPage;
    for (std::size_t page = g_heap.hint; page < g_heap.pages; ++page) {
      run = g_heap.page_used[page] ? 0 : run + 1;
      if (run > longest) longest = run;
    }
  }
  info.overhead = taken - info.used;
  info.free = info.total - taken;
  if (longest * kPage > info.largest_free + sizeof(Header)) info.largest_free = longest * kPage - sizeof(Header);
  return info;
}

}  // namespace qtee::fw
