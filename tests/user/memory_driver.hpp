// SPDX-License-Identifier: BSD-3-Clause
//
// The driver's memory module as its files in sysfs show it.
#pragma once

#include <string>

#include "qtee/qtee.hpp"
#include "vsoc_service.hpp"

namespace qtee::test {

/// A counter of the memory module, by its name in sysfs (zerocopy/memory.h says what each counts).
long memory_stat(const std::string& name);
/// Reads it until it is `value`, for a few seconds; the last one read.
long memory_stat_until(const std::string& name, long value);
/// The same, with a call to QTEE before each reading: beside its next answer it tells of what it lets go.
long memory_stat_after_calls(const vsoc::Service& service, const std::string& name, long value);

/// Memory of one huge page, of which several dma-bufs can be made.
FileDescriptor huge_page();
/// A dma-buf over the first bytes of such memory.
MemoryObject dma_buf_over(const FileDescriptor& memory, std::size_t size);

/// How a memory object's counters have changed since this was made.
class MemoryStats {
 public:
  long passes() const { return memory_stat("passes") - passes_; }
  long attached() const { return memory_stat("attached") - attached_; }
  long mapped() const { return memory_stat("mapped") - mapped_; }
  long bridged() const { return memory_stat("bridged") - bridged_; }
  long told() const { return memory_stat("told") - told_; }

 private:
  long passes_ = memory_stat("passes"), attached_ = memory_stat("attached"), mapped_ = memory_stat("mapped"),
       bridged_ = memory_stat("bridged"), told_ = memory_stat("told");
};

}  // namespace qtee::test
