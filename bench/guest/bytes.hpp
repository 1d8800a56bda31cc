// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace qtee::bench {

/// Counts the bytes that the kernel copies from and to programs, and clears, on behalf of the thread that made it: by
/// kprobes at the functions that do, with a histogram each. What the compiler has made stores and loads of their own of, and
/// single words, is in none of them.
class Bytes final {
 public:
  /// Throws std::runtime_error where the kernel has no such probes.
  Bytes();
  ~Bytes();
  Bytes(const Bytes&) = delete;

  /// "bytes_copied" and "bytes_zeroed" of one `work()`.
  std::map<std::string, double> count(const std::function<void()>& work) const;

 private:
  struct Probe {
    std::string event;
    const char* counter;
  };

  std::map<std::string, double> all(const std::function<void()>& work, unsigned rounds) const;
  void write(const std::string& file, const std::string& text) const;
  void remove();

  std::vector<Probe> probes_;
  const int thread_;
};

}  // namespace qtee::bench
