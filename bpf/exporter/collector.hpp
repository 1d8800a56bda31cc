// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <prometheus/collectable.h>

#include <atomic>
#include <vector>

#include "watch.hpp"

namespace qtee::bpf {

/// All metrics but the HTTP server's own. dashboards/prometheus/README.md says what each means. Scrapes may overlap.
class Collector final : public prometheus::Collectable {
 public:
  /// Without `watch`: what the driver says of itself alone.
  explicit Collector(Watch* watch) : watch_(watch) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  Watch* const watch_;
};

}  // namespace qtee::bpf
