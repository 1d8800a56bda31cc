// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "qtee/file_descriptor.hpp"

namespace qtee {

/// What ALLOC gave.
struct Allocation {
  FileDescriptor fd;
  std::size_t size;
};

/// ALLOC on /dev/qtee: something of the kind, of `size` bytes or a little more. Throws std::system_error that says
/// `what`.
Allocation allocate_for_tee(std::int32_t kind, std::size_t size, std::uint32_t flags, const char* what);

}  // namespace qtee
