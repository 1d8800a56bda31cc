// SPDX-License-Identifier: BSD-3-Clause
#include "kernel_log.hpp"

namespace qtee::vsoc {
namespace {

// Every text that the kernel uses for what is a defect. Debug kernels have more of them than Debian's.
constexpr std::string_view kComplaints[] = {
    "WARNING:",  // WARN(), and lockdep
    "BUG:",
    "BUG at ",
    "BUG ",  // SLUB: "BUG kmalloc-64 (Not tainted)"
    "cut here",
    "Oops",
    "Internal error",
    "Kernel panic",
    "Unable to handle kernel",
    "Call trace:",
    "SError",
    "KASAN:",
    "KCSAN:",
    "UBSAN:",
    "KFENCE:",
    "refcount_t:",
    "scheduling while atomic",
    "sleeping function called",
    "suspicious RCU usage",
    "possible circular locking",
    "possible recursive locking",
    "possible irq lock inversion",
    "inconsistent lock state",
    "bad unlock balance",
    "DEBUG_LOCKS_WARN_ON",
    "held lock freed",
    "lock held when returning to user space",
    "ODEBUG:",
    "soft lockup",
    "hard LOCKUP",
    "detected stall",   // RCU, on one CPU
    "detected stalls",  // RCU, on several
    "detected expedited stalls",
    "blocked for more than",  // hung task
    "list_add corruption",
    "list_del corruption",
    "Bad page state",
    "Bad page map",
    "unreferenced object",  // kmemleak
    "new suspected memory leaks",
    "Slab cache still has objects",
    "objects remaining",
    "page allocation failure",
    "Out of memory:",
    "stack-protector:",
};

// The start of the line before the one that starts at `at`, or of the last line where `at` is the end.
std::size_t line_before(std::string_view log, std::size_t at) {
  if (at < 2) return 0;
  const std::size_t end = log.rfind('\n', at - 2);
  return end == log.npos ? 0 : end + 1;
}

}  // namespace

std::optional<Complaint> kernel_log_complaint(std::string_view log) {
  std::size_t at = 0;
  while (at < log.size()) {
    std::size_t end = log.find('\n', at);
    if (end == log.npos) end = log.size();
    const std::string_view line = log.substr(at, end - at);
    for (const std::string_view complaint : kComplaints)
      if (line.find(complaint) != line.npos) return Complaint{at, line};
    at = end + 1;
  }
  return std::nullopt;
}

std::string_view log_tail(std::string_view log, std::size_t count) {
  std::size_t from = log.size();
  while (count-- > 0) from = line_before(log, from);
  return log.substr(from);
}

std::string_view log_around(std::string_view log, std::size_t at, std::size_t before, std::size_t count) {
  std::size_t from = at;
  while (before-- > 0) from = line_before(log, from);
  std::size_t end = from;
  while (count-- > 0 && end < log.size()) {
    const std::size_t next = log.find('\n', end);
    end = next == log.npos ? log.size() : next + 1;
  }
  return log.substr(from, end - from);
}

}  // namespace qtee::vsoc
