// SPDX-License-Identifier: BSD-3-Clause
#include "parameter.hpp"

#include <system_error>

#include "file.hpp"

namespace qtee::test {

std::string parameter_path(const std::string& name, const std::string& module) {
  return "/sys/module/" + module + "/parameters/" + name;
}

Parameter::Parameter(const std::string& name, std::uint64_t value, const std::string& module)
    : path_(parameter_path(name, module)), before_(file_read(path_)) {
  if (const int error = file_write(path_, std::to_string(value)))
    throw std::system_error(error, std::generic_category(), path_);
}

Parameter::~Parameter() { (void)file_write(path_, before_); }

}  // namespace qtee::test
