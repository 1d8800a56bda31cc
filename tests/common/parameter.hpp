// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace qtee::test {

/// The file of a module's parameter.
std::string parameter_path(const std::string& name, const std::string& module = "qtee");

/// A parameter of a loaded module that has another value as long as this lives. Throws std::system_error where the
/// module does not take the value.
class Parameter final {
 public:
  Parameter(const std::string& name, std::uint64_t value, const std::string& module = "qtee");
  ~Parameter();
  Parameter(const Parameter&) = delete;
  Parameter& operator=(const Parameter&) = delete;

 private:
  std::string path_;
  std::string before_;
};

}  // namespace qtee::test
