// SPDX-License-Identifier: BSD-3-Clause
//
// What the compiler expects of a C++ run-time library where there is none. Built without loop-idiom recognition: these
// loops must not become calls of themselves.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "panic.hpp"
#include "sysreg.hpp"

extern "C" {

void* __dso_handle;

void* memcpy(void* __restrict destination, const void* __restrict source, std::size_t size) {
  auto* to = static_cast<unsigned char*>(destination);
  auto* from = static_cast<const unsigned char*>(source);
  struct Block {
    std::uint64_t word[4];
  };
  for (; size >= sizeof(Block); size -= sizeof(Block), to += sizeof(Block), from += sizeof(Block)) {
    // All loads before the stores: memmove relies on it.
    std::uint64_t a, b, c, d;
    asm volatile(
        "ldp %0, %1, [%4]\n\tldp %2, %3, [%4, #16]\n\t"
        "stp %0, %1, [%5]\n\tstp %2, %3, [%5, #16]"
        : "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d)
        : "r"(from), "r"(to)
        : "memory");
  }
  for (; size > 0; --size) *to++ = *from++;
  return destination;
}

void* memmove(void* destination, const void* source, std::size_t size) {
  auto* to = static_cast<unsigned char*>(destination);
  auto* from = static_cast<const unsigned char*>(source);
  if (reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from) >= size) {
    return memcpy(destination, source, size);  // upwards is right: the start of `to` is not in `from`
  }
  while (size > 0) {
    --size;
    to[size] = from[size];
  }
  return destination;
}

void* memset(void* destination, int value, std::size_t size) {
  auto* to = static_cast<unsigned char*>(destination);
  const std::uint64_t word = (value & 0xff) * 0x0101010101010101u;
  for (; size >= 16; size -= 16, to += 16) asm volatile("stp %0, %0, [%1]" ::"r"(word), "r"(to) : "memory");
  for (; size > 0; --size) *to++ = static_cast<unsigned char>(value);
  return destination;
}

int memcmp(const void* left, const void* right, std::size_t size) {
  auto* a = static_cast<const unsigned char*>(left);
  auto* b = static_cast<const unsigned char*>(right);
  for (; size > 0; --size, ++a, ++b) {
    if (*a != *b) return *a < *b ? -1 : 1;
  }
  return 0;
}

void* memchr(const void* memory, int value, std::size_t size) {
  auto* at = static_cast<const unsigned char*>(memory);
  for (; size > 0; --size, ++at) {
    if (*at == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(at);
  }
  return nullptr;
}

std::size_t strlen(const char* text) {
  std::size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

[[noreturn]] void abort() { qtee::machine::panic("abort"); }
[[noreturn]] void __cxa_pure_virtual() { qtee::machine::panic("pure virtual call"); }
[[noreturn]] void __stack_chk_fail() { qtee::machine::panic("stack overwritten"); }

// Nothing is destroyed at exit.
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }

// Guards of function-local statics: byte 0 says done (the ABI's), byte 1 that a CPU is at it.
int __cxa_guard_acquire(std::uint64_t* guard) {
  auto* bytes = reinterpret_cast<unsigned char*>(guard);
  std::atomic_ref<unsigned char> done(bytes[0]);
  std::atomic_ref<unsigned char> busy(bytes[1]);
  while (busy.exchange(1, std::memory_order_acquire) != 0) {
    if (done.load(std::memory_order_acquire) != 0) return 0;
    qtee::machine::cpu_yield();
  }
  if (done.load(std::memory_order_acquire) == 0) return 1;
  busy.store(0, std::memory_order_release);
  return 0;
}
void __cxa_guard_release(std::uint64_t* guard) {
  auto* bytes = reinterpret_cast<unsigned char*>(guard);
  std::atomic_ref<unsigned char>(bytes[0]).store(1, std::memory_order_release);
  std::atomic_ref<unsigned char>(bytes[1]).store(0, std::memory_order_release);
}

}  // extern "C"

// Virtual destructors refer to these; the firmware's objects are never in this heap.
void operator delete(void*) noexcept { qtee::machine::panic("operator delete"); }
void operator delete(void*, std::size_t) noexcept { qtee::machine::panic("operator delete"); }
void operator delete(void*, std::align_val_t) noexcept { qtee::machine::panic("operator delete"); }
void operator delete(void*, std::size_t, std::align_val_t) noexcept { qtee::machine::panic("operator delete"); }
