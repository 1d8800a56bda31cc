// SPDX-License-Identifier: BSD-3-Clause
//
// What qtee-top shows, as lines.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pools.hpp"
#include "table.hpp"

#include "top.h"

namespace qtee::bpf {

/// All that is known of an interval, or of the whole time.
struct TopState {
  std::uint64_t now = 0;         // monotonic ns, at its end
  std::uint64_t elapsed_ns = 0;  // its length
  Table table;
  std::vector<std::pair<std::uint64_t, top_callback>> callbacks;  // under way at its end, by invocation; oldest first
  Pools pools;                                                    // what has grown in it
  std::uint64_t lost = 0;                                         // events; this and the next two since the beginning
  std::uint64_t without_key = 0;
  std::uint64_t partial = 0;
};

/// What rows are sorted by, the greatest first.
enum class Sort { time, calls, failed, callbacks, mean, max, secure, server };
inline constexpr std::size_t kSorts = 8;

const char* sort_name(Sort sort);
/// Throws std::invalid_argument with all names.
Sort sort_parse(std::string_view text);

using TopRow = std::pair<Table::Key, Table::Row>;
std::vector<TopRow> rows_sorted(const Table& table, const std::set<Column>& columns, Sort sort);

/// Sums over all rows.
struct Totals {
  std::uint64_t calls = 0, failed = 0, callbacks = 0;
  std::array<std::uint64_t, CALLS_PHASES> phases{};  // ns
};
Totals totals_of(const Table& table);

struct TopView {
  std::set<Column> columns = {Column::process, Column::object, Column::operation};
  Sort sort = Sort::time;
  std::size_t limit = 20;           // rows at most
  std::size_t width = 0;            // columns of the terminal; 0: as many as are needed
  std::size_t height = 0;           // lines; 0: as many as are needed
  std::string title;                // begins the first line
  std::optional<std::string> keys;  // the last line, in a terminal
};

struct Line {
  std::string text;
  bool head = false;  // names columns
};

/// What is shown; no line is longer than `width`, and there are no more than `height`.
std::vector<Line> top_lines(const TopState& state, const TopView& view);

}  // namespace qtee::bpf
