// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace qtee::test {

/// All of a file of the kernel's, but the end of its last line. Throws std::system_error.
std::string file_read(const std::string& path);

/// Writes `text` to a file that is there, in one call, as files of the kernel's want it. Returns 0 or an errno.
int file_write(const std::string& path, std::string_view text);

}  // namespace qtee::test
