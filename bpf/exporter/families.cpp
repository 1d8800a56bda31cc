// SPDX-License-Identifier: BSD-3-Clause
#include "families.hpp"

#include <limits>

namespace qtee::bpf {
namespace {

constexpr unsigned kFirstPower = 10, kLastPower = 33;

}  // namespace

prometheus::ClientMetric& Families::add(std::string_view name, std::string_view help, prometheus::MetricType type,
                                        const MetricLabels& labels) {
  const auto [place, is_new] = places_.try_emplace(std::string(name), families_.size());
  if (is_new) families_.push_back({std::string(name), std::string(help), type, {}});
  prometheus::ClientMetric& metric = families_[place->second].metric.emplace_back();
  for (const auto& [label, value] : labels) metric.label.push_back({label, value});
  return metric;
}

void Families::counter(std::string_view name, std::string_view help, double value, const MetricLabels& labels) {
  add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

void Families::gauge(std::string_view name, std::string_view help, double value, const MetricLabels& labels) {
  add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void Families::histogram(std::string_view name, std::string_view help, const Histogram& times,
                         const MetricLabels& labels) {
  auto& histogram = add(name, help, prometheus::MetricType::Histogram, labels).histogram;
  histogram.sample_sum = static_cast<double>(times.sum()) / 1e9;
  unsigned bucket = 0;
  for (unsigned power = kFirstPower; power <= kLastPower; ++power) {
    const std::uint64_t bound = std::uint64_t{1} << power;
    for (; bucket < QTEE_BUCKETS && Histogram::bucket_low(bucket) < bound; ++bucket)
      histogram.sample_count += times.buckets()[bucket];
    histogram.bucket.push_back({histogram.sample_count, static_cast<double>(bound) / 1e9});
  }
  histogram.sample_count = times.count();
  histogram.bucket.push_back({histogram.sample_count, std::numeric_limits<double>::infinity()});
}

}  // namespace qtee::bpf
