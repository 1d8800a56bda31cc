// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "process.hpp"

namespace qtee::test {

using Json = nlohmann::json;

/// A Prometheus with the configuration of dashboards/prometheus, but that it looks every 2 s, at the port that is
/// given.
class Prometheus final {
 public:
  struct Sample {
    std::map<std::string, std::string> labels;
    double value;
  };

  explicit Prometheus(std::uint16_t target);

  /// Starts it, again with what it had stored; returns when it answers. Throws std::runtime_error with what it said.
  void start();
  /// Kills it, at once.
  void kill();

  /// Data of an answer of its API. Throws std::runtime_error with what is wrong.
  Json api(const std::string& path) const;
  /// What an expression is, now or at a time in seconds since the epoch.
  std::vector<Sample> query(const std::string& expression, std::optional<double> time = {}) const;
  /// The value of an expression that is one, or none.
  std::optional<double> value(const std::string& expression, std::optional<double> time = {}) const;

 private:
  const vsoc::test::Folder folder_;
  const std::uint16_t port_;
  std::unique_ptr<vsoc::test::Process> process_;
};

}  // namespace qtee::test
