// SPDX-License-Identifier: BSD-3-Clause
#include "sweep.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>

#include "alive.hpp"
#include "fault.hpp"

namespace qtee::inject {
namespace {

using test::Alive;

// More points than any call has: beyond it, something never ends.
constexpr unsigned kPointsMax = 5000;
// Of one scenario; what follows is more of the same.
constexpr unsigned kComplaintsMax = 20;

template <class Range, class Value>
bool contains(const Range& range, Value value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

class Sweep {
 public:
  Sweep(Bench& bench, Scenario& scenario, bool inject) : bench_(bench), scenario_(scenario), fault_(inject) {}

  bool run(bool inject) {
    scenario_.begin();
    before_ = Alive::now(bench_.service());
    std::string points;
    for (int pass = 0; inject && pass < 2; ++pass) {
      const unsigned found = this->pass(pass != 0);
      if (found == 0 && !scenario_.rules().may_have_no_points) complain("no point was reached: nothing was injected");
      points += fmt::format("{}{} ({} failed)", pass == 0 ? "" : ", ", found, failures_);
    }
    pass_ = "without a failure";
    n_ = 0;
    run_once(0, Alive::Bridges::ignored);
    scenario_.end();
    fmt::print("{:28} {}\n", scenario_.name(), complaints_ != 0 ? "FAILED" : inject ? "points: " + points : "ok");
    std::fflush(stdout);
    return complaints_ == 0;
  }

 private:
  // All points, one after another. Returns how many there are.
  unsigned pass(bool again) {
    pass_ = again ? "second pass" : "first pass";
    failures_ = 0;
    before_ = Alive::now(bench_.service());
    const bool strict = again && !scenario_.rules().makes_buffers;
    for (n_ = 1; n_ <= kPointsMax; ++n_) {
      if (!run_once(n_, strict ? Alive::Bridges::counted : Alive::Bridges::ignored)) return n_ - 1;
    }
    complain("there is no end of points");
    return kPointsMax;
  }

  // One run with the n-th point failing, or none for 0. Returns whether the point was reached.
  bool run_once(unsigned n, Alive::Bridges bridges) {
    scenario_.prepare();
    if (n != 0) fault_.arm(n);
    const Outcome outcome = scenario_.act();
    const bool reached = n != 0 && fault_.disarm();
    scenario_.clean(outcome);

    const Rules& rules = scenario_.rules();
    if (!outcome.ok()) ++failures_;
    if (!outcome.ok() && !reached) {
      complain(fmt::format("fails with {}, result {}, though nothing was injected", error_name(outcome.error),
                           outcome.result));
    } else if (outcome.error != 0 && !contains(rules.errors, outcome.error)) {
      complain(fmt::format("ends with {}, which is none of its errors", error_name(outcome.error)));
    } else if (outcome.error == 0 && outcome.result != 0 && !contains(rules.results, outcome.result)) {
      complain(fmt::format("is answered {}, which is none of its results", outcome.result));
    }
    for (const std::string& line : scenario_.complaints_take()) complain(line);
    const auto differences = before_.differences(bench_.service(), bridges);
    for (const std::string& line : differences) complain("leaves " + line);
    if (!differences.empty()) before_ = Alive::now(bench_.service());
    return reached;
  }

  static std::string error_name(int error) { return error == 0 ? "success" : ::strerrorname_np(error); }

  void complain(const std::string& what) {
    if (complaints_++ < kComplaintsMax) fmt::print("{}, {}, point {}: {}\n", scenario_.name(), pass_, n_, what);
  }

  Bench& bench_;
  Scenario& scenario_;
  FaultPoint fault_;
  Alive before_;
  const char* pass_ = "";
  unsigned n_ = 0;
  unsigned failures_ = 0;
  unsigned complaints_ = 0;
};

}  // namespace

bool sweep(Bench& bench, Scenario& scenario, bool inject) { return Sweep(bench, scenario, inject).run(inject); }

}  // namespace qtee::inject
