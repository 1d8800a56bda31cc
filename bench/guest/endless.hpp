// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "path.hpp"

namespace qtee::bench {

/// Runs the path of that name until SIGTERM. When it is warm, the file `ready` is there, with `text` in it. Throws
/// std::runtime_error where there is no such path.
void endless_run(const Paths& paths, const std::string& name, const std::string& ready, const std::string& text);

}  // namespace qtee::bench
