// SPDX-License-Identifier: BSD-3-Clause
#include "table.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "names.hpp"
#include "quantity.hpp"

namespace qtee::bpf {
namespace {

constexpr std::array<std::array<const char*, 2>, CALLS_PHASES> kPhases = {{{"total", "total"},
                                                                           {"Linux in", "linux_in"},
                                                                           {"secure world", "secure"},
                                                                           {"callback", "callback"},
                                                                           {"server", "server"},
                                                                           {"Linux out", "linux_out"}}};
constexpr std::array<std::pair<double, const char*>, 4> kPercentiles = {
    {{50, "p50_ns"}, {90, "p90_ns"}, {99, "p99_ns"}, {99.9, "p99.9_ns"}}};

std::size_t slots_size(std::uint32_t count) { return std::size_t{count} * sizeof(calls_slot); }

template <class T>
T load(T& value) {
  return std::atomic_ref(value).load(std::memory_order_relaxed);
}

/// What `value` has grown by since `last`, which becomes it.
template <class T>
T grown(T& value, T& last) {
  const T now = load(value);
  const T more = now - last;
  last = now;
  return more;
}

}  // namespace

const char* phase_name(unsigned phase, bool machine) { return kPhases.at(phase)[machine]; }

std::set<Column> columns_parse(std::string_view text) {
  std::set<Column> columns;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view word = text.substr(at, comma - at);
    at = comma + 1;
    if (word == "process")
      columns.insert(Column::process);
    else if (word == "object")
      columns.insert(Column::object);
    else if (word == "operation")
      columns.insert(Column::operation);
    else if (word != "all" || text != "all")
      throw std::invalid_argument(fmt::format("{} is none of process, object, operation; nor is it just all", word));
  }
  return columns;
}

void Table::Row::add(const Row& other) {
  if (process.empty()) process = other.process;
  calls += other.calls;
  failed += other.failed;
  callbacks += other.callbacks;
  for (std::size_t i = 0; i < phases.size(); ++i) phases[i].add(other.phases[i]);
}

void Table::add(const Table& other) {
  for (const auto& [key, row] : other.rows_) add(key, row);
}

std::uint64_t Table::calls() const {
  std::uint64_t calls = 0;
  for (const auto& [key, row] : rows_) calls += row.calls;
  return calls;
}

std::uint64_t Table::failed() const {
  std::uint64_t failed = 0;
  for (const auto& [key, row] : rows_) failed += row.failed;
  return failed;
}

std::vector<std::pair<Table::Key, Table::Row>> Table::sorted(const std::set<Column>& columns) const {
  Table merged;
  for (const auto& [key, row] : rows_)
    merged.add({columns.contains(Column::process) ? key.pid : 0, columns.contains(Column::object) ? key.object : 0,
                columns.contains(Column::operation) ? key.op : 0},
               row);
  std::vector<std::pair<Key, Row>> rows(merged.rows_.begin(), merged.rows_.end());
  std::ranges::stable_sort(rows, std::greater(), [](const auto& row) { return row.second.phases[CALLS_TOTAL].sum(); });
  return rows;
}

Slots::Slots(int map, std::uint32_t count) : count_(count) {
  void* memory = ::mmap(nullptr, slots_size(count), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "map what is counted");
  slots_ = static_cast<calls_slot*>(memory);
}

Slots::~Slots() { ::munmap(slots_, slots_size(count_)); }

Table Slots::take() {
  Table table;
  without_key_ = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    calls_slot& slot = slots_[i];
    // Slots are given away in their order.
    if (i >= last_.size() && !load(slot.calls)) continue;
    if (i >= last_.size()) last_.resize(i + 1);
    calls_slot& last = last_[i];
    const std::uint64_t calls = grown(slot.calls, last.calls);
    if (!calls) continue;
    if (i == 0) {
      without_key_ = calls;
      continue;
    }
    Table::Row row;
    row.process.assign(slot.comm, ::strnlen(slot.comm, sizeof slot.comm));
    row.calls = calls;
    row.failed = grown(slot.errors, last.errors);
    row.callbacks = grown(slot.callbacks, last.callbacks);
    for (std::size_t phase = 0; phase < row.phases.size(); ++phase) {
      std::array<std::uint64_t, QTEE_BUCKETS> buckets;
      for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket)
        buckets[bucket] = grown(slot.phases[phase].buckets[bucket], last.phases[phase].buckets[bucket]);
      const std::uint64_t sum = grown(slot.phases[phase].sum, last.phases[phase].sum);
      row.phases[phase].add(buckets, sum, std::atomic_ref(slot.phases[phase].max).exchange(0));
    }
    table.add({slot.key.tgid, slot.key.object, slot.key.op}, row);
  }
  return table;
}

std::vector<std::string> table_text(const Table& table, const std::set<Column>& columns, std::size_t limit) {
  std::vector<std::string> lines;
  const auto line = [&](std::string keys, const auto&... cells) {
    lines.push_back(keys + fmt::format("{:<12} {:>11} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8}", cells...));
  };
  const auto keys = [&](std::string_view process, std::string_view pid, std::string_view object, std::string_view op,
                        std::string_view failed) {
    std::string text;
    if (columns.contains(Column::process)) text += fmt::format("{:<15} {:>7} ", printable(process), pid);
    if (columns.contains(Column::object)) text += fmt::format("{:<10} ", object);
    if (columns.contains(Column::operation)) text += fmt::format("{:<12} ", op);
    return text + fmt::format("{:>7} ", failed);
  };
  line(keys("PROCESS", "PID", "OBJECT", "OPERATION", "FAILED"), "PHASE", "COUNT", "P50", "P90", "P99", "P99.9", "MAX",
       "SHARE");
  const auto rows = table.sorted(columns);
  for (std::size_t i = 0; i < rows.size() && i < limit; ++i) {
    const auto& [key, row] = rows[i];
    std::string head = keys(row.process, std::to_string(key.pid), object_name(key.object),
                            operation_name(key.object, key.op), count_format(row.failed));
    for (unsigned phase = 0; phase < CALLS_PHASES; ++phase) {
      const Histogram& times = row.phases[phase];
      const std::uint64_t count = times.count();
      if (!count) continue;
      const auto percentile = [&](double percent) { return duration_format(times.percentile(percent)); };
      line(head, phase_name(phase, false), count_format(count), percentile(50), percentile(90), percentile(99),
           percentile(99.9), duration_format(times.max()), share_format(times.sum(), row.phases[CALLS_TOTAL].sum()));
      head = keys("", "", "", "", "");
    }
  }
  if (rows.size() > limit) lines.push_back(fmt::format("... and {} rows more", rows.size() - limit));
  return lines;
}

Json row_json(const Table::Key& key, const Table::Row& row, const std::set<Column>& columns, bool buckets) {
  Json json;
  if (columns.contains(Column::process)) {
    json["process"] = row.process;
    json["pid"] = key.pid;
  }
  if (columns.contains(Column::object)) json["object"] = key.object;
  if (columns.contains(Column::operation)) {
    json["op"] = key.op;
    // Names depend on the object.
    json["operation"] = operation_name(key.object, key.op);
  }
  json["calls"] = row.calls;
  json["failed"] = row.failed;
  json["callbacks"] = row.callbacks;
  Json& phases = json["phases"];
  for (unsigned phase = 0; phase < CALLS_PHASES; ++phase) {
    const Histogram& times = row.phases[phase];
    const std::uint64_t count = times.count();
    if (!count) continue;
    Json& one = phases[phase_name(phase, true)];
    one["count"] = count;
    one["sum_ns"] = times.sum();
    for (const auto& [percent, name] : kPercentiles) one[name] = times.percentile(percent);
    one["max_ns"] = times.max();
    if (!buckets) continue;
    Json& all = one["buckets"] = Json::array();
    for (unsigned bucket = 0; bucket < QTEE_BUCKETS; ++bucket)
      if (times.buckets()[bucket])
        all.push_back({Histogram::bucket_low(bucket), Histogram::bucket_high(bucket), times.buckets()[bucket]});
  }
  return json;
}

}  // namespace qtee::bpf
