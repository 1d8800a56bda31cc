// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qtee::vsoc {

// What vsoc-run wants done; see vsoc/job.hpp.
class Job {
 public:
  // Reads the job from a file. Throws Broken.
  static Job read(const std::string& path);

  // All values of a key, in order.
  std::vector<std::string> all(std::string_view key) const;
  // The value of a key, or `fallback`.
  std::string one(std::string_view key, std::string_view fallback = "") const;
  bool has(std::string_view key) const;

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

// The whole of a file. Throws Broken.
std::string file_read(const std::string& path);

}  // namespace qtee::vsoc
