// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "calls.h"
#include "histogram.hpp"
#include "output.hpp"

namespace CLI {
class App;
}

namespace qtee::bpf {

/// What tells one row of a table from another; the others are added up.
enum class Column { process, object, operation };

/// Throws std::invalid_argument for what is no list of columns: "object,operation".
std::set<Column> columns_parse(std::string_view text);

/// What tools that show tables take.
struct TableOptions {
  std::set<Column> columns = {Column::process, Column::object, Column::operation};
  std::size_t limit = 20;
  std::uint32_t keys = 512;
};

void table_options_add(CLI::App& app, TableOptions& options);

/// Counts of invocations by process, object and operation, which rows of all kinds are made of.
class Table final {
 public:
  struct Key {
    std::uint32_t pid;
    std::uint32_t object;
    std::uint32_t op;
    auto operator<=>(const Key&) const = default;
  };
  struct Row {
    std::string process;
    std::uint64_t calls = 0;
    std::uint64_t failed = 0;
    std::uint64_t callbacks = 0;
    std::array<Histogram, CALLS_PHASES> phases;

    void add(const Row& other);
  };

  void add(const Key& key, const Row& row) { rows_[key].add(row); }
  void add(const Table& other);
  std::uint64_t calls() const;
  std::uint64_t failed() const;
  bool empty() const { return rows_.empty(); }

  /// A row for each combination of `columns`, the one with the most time first; the key's other members are 0.
  std::vector<std::pair<Key, Row>> sorted(const std::set<Column>& columns) const;

 private:
  std::map<Key, Row> rows_;
};

/// Reads what BPF programs count, from memory that they share.
class Slots final {
 public:
  /// `map` has `count` slots. Throws std::system_error.
  Slots(int map, std::uint32_t count);
  ~Slots();
  Slots(const Slots&) = delete;

  /// What has been counted since the last call.
  Table take();
  /// Calls since the last take() for which there was no key, and so no row.
  std::uint64_t without_key() const { return without_key_; }

 private:
  const std::uint32_t count_;
  calls_slot* slots_;
  std::vector<calls_slot> last_;  // as far as they are used: each is large
  std::uint64_t without_key_ = 0;
};

/// Says that there was no room, unless `calls` is 0.
void without_key_remark(std::string_view tool, std::uint64_t calls, const TableOptions& options);

/// "total", "Linux in", …; `machine`: "linux_in".
const char* phase_name(unsigned phase, bool machine);

/// Lines of text, with a headline of names. At most `limit` rows.
std::vector<std::string> table_text(const Table& table, const std::set<Column>& columns, std::size_t limit);

/// A row as members of a line of JSON.
Json row_json(const Table::Key& key, const Table::Row& row, const std::set<Column>& columns, bool buckets);

}  // namespace qtee::bpf
