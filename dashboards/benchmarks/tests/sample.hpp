// SPDX-License-Identifier: BSD-3-Clause
//
// Made-up results, for tests of what reads them.
#pragma once

#include <nlohmann/json.hpp>

namespace qtee::dashboard::test {

/// A good file with two repetitions of "invoke/none/qtee" and one of "floor/getppid/floor".
nlohmann::ordered_json sample_file();

}  // namespace qtee::dashboard::test
