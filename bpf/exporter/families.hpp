// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <prometheus/metric_family.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "histogram.hpp"

namespace qtee::bpf {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Metrics of one scrape, in the order in which their families came first. A value.
class Families final {
 public:
  void counter(std::string_view name, std::string_view help, double value, const MetricLabels& labels = {});
  void gauge(std::string_view name, std::string_view help, double value, const MetricLabels& labels = {});
  /// Of times in ns, as seconds. A bucket for each power of two from 1,024 ns to 8.6 s: exact, but that a time which is
  /// one of the bounds counts as longer.
  void histogram(std::string_view name, std::string_view help, const Histogram& times, const MetricLabels& labels);

  std::vector<prometheus::MetricFamily> take() { return std::move(families_); }

 private:
  prometheus::ClientMetric& add(std::string_view name, std::string_view help, prometheus::MetricType type,
                                const MetricLabels& labels);

  std::vector<prometheus::MetricFamily> families_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace qtee::bpf
