// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace qtee::demo {

/// A file's content. Throws std::system_error.
std::vector<std::byte> image_file_read(const std::string& path);

}  // namespace qtee::demo
