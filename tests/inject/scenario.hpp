// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace qtee::inject {

/// How a call ended: an errno or 0, and what the object answered.
struct Outcome {
  int error = 0;
  std::int32_t result = 0;

  bool ok() const { return error == 0 && result == 0; }
};

/// What a scenario may end with, and how it is to be judged. 0 always may be.
struct Rules {
  std::vector<int> errors{};
  std::vector<std::int32_t> results{};
  /// A call that neither allocates nor copies has no point to fail at.
  bool may_have_no_points = false;
  /// New message buffers are made in every run, not in the first ones only.
  bool makes_buffers = false;
};

/// One call, and what has to be there for it. The sweep runs, for n from 1 up:
///
///     prepare(), act() with the n-th point failing, clean()
///
/// and compares what is alive after clean() with what was after begin(). Only act() meets injected failures.
class Scenario {
 public:
  Scenario(std::string name, Rules rules) : name_(std::move(name)), rules_(std::move(rules)) {}
  virtual ~Scenario() = default;

  /// Before the first and after the last run.
  virtual void begin() {}
  virtual void end() {}
  virtual void prepare() {}
  virtual Outcome act() = 0;
  /// Undoes all, and looks whether what the call says is true.
  virtual void clean(const Outcome&) {}

  const std::string& name() const { return name_; }
  const Rules& rules() const { return rules_; }

  /// What was wrong since this was last asked.
  std::vector<std::string> complaints_take() { return std::exchange(complaints_, {}); }

 protected:
  void expect(bool good, const std::string& complaint) {
    if (!good) complaints_.push_back(complaint);
  }

 private:
  std::string name_;
  Rules rules_;
  std::vector<std::string> complaints_;
};

}  // namespace qtee::inject
