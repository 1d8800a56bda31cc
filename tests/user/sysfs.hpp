// SPDX-License-Identifier: BSD-3-Clause
//
// Files of the driver and of the kernel, as tests read and write them.
#pragma once

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace qtee::test {

/// The driver's device, by whichever name it has.
std::string device_folder();

inline std::string file_text(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path);
  std::string text;
  std::getline(file, text);
  return text;
}

inline std::uint64_t file_number(const std::string& path) { return std::stoull(file_text(path), nullptr, 0); }

/// False where the file does not take it.
inline bool file_write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

inline std::uint64_t statistic(const std::string& name) {
  return file_number(device_folder() + "/statistics/" + name);
}

inline std::uint64_t pool(const std::string& name, const std::string& file) {
  return file_number(device_folder() + "/pools/" + name + "/" + file);
}

/// A module parameter that has another value as long as this lives.
class Parameter {
 public:
  Parameter(const std::string& name, std::uint64_t value)
      : path_("/sys/module/qtee/parameters/" + name), before_(file_text(path_)) {
    if (!file_write(path_, std::to_string(value))) throw std::runtime_error(path_ + " does not take the value");
  }
  ~Parameter() { file_write(path_, before_); }
  Parameter(const Parameter&) = delete;

 private:
  std::string path_;
  std::string before_;
};

}  // namespace qtee::test
