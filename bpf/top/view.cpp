// SPDX-License-Identifier: BSD-3-Clause
#include "view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <stdexcept>

#include "names.hpp"
#include "quantity.hpp"

namespace qtee::bpf {
namespace {

constexpr std::array<const char*, kSorts> kSortNames = {"time", "calls", "failed", "callbacks",
                                                        "mean", "max",   "secure", "server"};
/// Callbacks that are shown one by one.
constexpr std::size_t kCallbacks = 3;
constexpr std::size_t kProcessMax = 15, kOperationMax = 23;

std::string comm_text(const char (&comm)[QTEE_COMM_SIZE]) {
  return printable(std::string_view(comm, ::strnlen(comm, sizeof comm)));
}

double per_second(std::uint64_t count, std::uint64_t ns) {
  return ns ? static_cast<double>(count) * 1e9 / static_cast<double>(ns) : 0;
}

/// "12.3", "1,234": a rate in at most 9 characters.
std::string rate_format(std::uint64_t count, std::uint64_t ns) {
  const double rate = per_second(count, ns);
  return count && rate < 99.95 ? fmt::format("{:.1f}", rate) : count_format(static_cast<std::uint64_t>(rate + 0.5));
}

/// How many were under way, on average.
std::string busy_format(std::uint64_t time, std::uint64_t elapsed) {
  return elapsed ? fmt::format("{:.2f}", static_cast<double>(time) / static_cast<double>(elapsed)) : "-";
}

/// "71", "<1", "-": hundredths.
std::string percent_format(std::uint64_t part, std::uint64_t all) {
  if (!all) return "-";
  if (part && part * 200 < all) return "<1";
  return fmt::format("{:.0f}", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

std::string size_format(std::uint64_t bytes) {
  return bytes >> 20 ? fmt::format("{} MiB", bytes >> 20) : fmt::format("{} KiB", bytes >> 10);
}

/// A column of a table. Those with the highest rank go first where there is no room.
struct Cell {
  const char* name;
  std::size_t width;
  bool left;
  unsigned rank;
  std::function<std::string(const TopRow&)> text;
};

std::vector<Cell> cells_of(const TopState& state, const std::set<Column>& columns) {
  const std::uint64_t elapsed = state.elapsed_ns;
  const auto share = [](unsigned phase) {
    return [phase](const TopRow& row) {
      return percent_format(row.second.phases[phase].sum(), row.second.phases[CALLS_TOTAL].sum());
    };
  };
  const auto total = [](const TopRow& row) -> const Histogram& { return row.second.phases[CALLS_TOTAL]; };
  std::vector<Cell> cells;
  if (columns.contains(Column::process)) {
    cells.push_back({"PROCESS", 12, true, 0, [](const TopRow& row) { return printable(row.second.process); }});
    cells.push_back({"PID", 7, false, 12, [](const TopRow& row) { return std::to_string(row.first.pid); }});
  }
  if (columns.contains(Column::object))
    cells.push_back({"OBJECT", 10, true, 5, [](const TopRow& row) { return object_name(row.first.object); }});
  if (columns.contains(Column::operation))
    cells.push_back(
        {"OPERATION", 10, true, 1, [](const TopRow& row) { return operation_name(row.first.object, row.first.op); }});
  cells.push_back({"CALLS/S", 8, false, 2, [=](const TopRow& row) { return rate_format(row.second.calls, elapsed); }});
  cells.push_back({"FAIL/S", 7, false, 13, [=](const TopRow& row) { return rate_format(row.second.failed, elapsed); }});
  cells.push_back(
      {"CB/S", 7, false, 15, [=](const TopRow& row) { return rate_format(row.second.callbacks, elapsed); }});
  cells.push_back({"BUSY", 6, false, 6, [=](const TopRow& row) { return busy_format(total(row).sum(), elapsed); }});
  cells.push_back({"MEAN", 7, false, 11, [=](const TopRow& row) {
                     const std::uint64_t count = total(row).count();
                     return count ? duration_format(total(row).sum() / count) : "-";
                   }});
  cells.push_back({"P99", 7, false, 16, [=](const TopRow& row) { return duration_format(total(row).percentile(99)); }});
  cells.push_back({"MAX", 7, false, 14, [=](const TopRow& row) { return duration_format(total(row).max()); }});
  cells.push_back({"%IN", 4, false, 8, share(CALLS_LINUX_IN)});
  cells.push_back({"%SEC", 4, false, 3, share(CALLS_SECURE)});
  cells.push_back({"%CB", 4, false, 9, share(CALLS_CALLBACK)});
  cells.push_back({"%SRV", 4, false, 4, share(CALLS_SERVER)});
  cells.push_back({"%OUT", 4, false, 7, share(CALLS_LINUX_OUT)});
  return cells;
}

std::size_t width_of(const std::vector<Cell>& cells) {
  std::size_t width = cells.empty() ? 0 : cells.size() - 1;
  for (const Cell& cell : cells) width += cell.width;
  return width;
}

/// Leaves out what has no room in `width`, and gives what room is left to names.
void cells_fit(std::vector<Cell>& cells, std::size_t width) {
  while (cells.size() > 1 && width && width_of(cells) > width)
    cells.erase(std::ranges::max_element(cells, {}, &Cell::rank));
  for (const auto& [name, most] : {std::pair("PROCESS", kProcessMax), std::pair("OPERATION", kOperationMax)})
    for (Cell& cell : cells)
      while (std::strcmp(cell.name, name) == 0 && cell.width < most && (!width || width_of(cells) < width))
        ++cell.width;
}

std::string cut(std::string text, std::size_t width) {
  if (width && text.size() > width) text.resize(width);
  return text;
}

template <class Text>
std::string cells_text(const std::vector<Cell>& cells, const Text& text) {
  std::string line;
  for (const Cell& cell : cells) {
    if (!line.empty()) line += ' ';
    std::string word = text(cell);
    if (cell.left) word = cut(std::move(word), cell.width);
    line += cell.left ? fmt::format("{:<{}}", word, cell.width) : fmt::format("{:>{}}", word, cell.width);
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string callback_text(const top_callback& callback, std::uint64_t now) {
  const auto age = [&](std::uint64_t since) { return duration_format(now > since ? now - since : 0); };
  const std::string server = fmt::format("{}[{}]", comm_text(callback.server_comm), callback.server);
  std::string text = fmt::format("  {}.{} for {}[{}], {} ago: ", object_name(callback.object),
                                 operation_name(callback.object, callback.op), comm_text(callback.comm), callback.tgid,
                                 age(callback.since));
  if (callback.state == TOP_SERVED) return text + fmt::format("{} has had it for {}", server, age(callback.received));
  return text + (callback.state == TOP_ANSWERED ? "answered by " + server : "nobody has it");
}

std::vector<std::string> pool_texts(const TopState& state) {
  std::vector<std::string> lines;
  for (const auto& [name, pool] : state.pools) {
    if (!pool.count && !pool.misses && !pool.waiting) continue;
    std::string text =
        fmt::format("  {:<6} {:>7}: {} of {} in use, at most {}; {} hits/s, {} misses/s", name, size_format(pool.size),
                    pool.in_use(), pool.count, pool.limit, rate_format(pool.hits, state.elapsed_ns),
                    rate_format(pool.misses, state.elapsed_ns));
    if (pool.waiting)
      text += fmt::format("; {} waiting, the longest for {}", pool.waiting, duration_format(pool.longest_ns));
    if (pool.waited_ns) text += fmt::format("; waited {}", duration_format(pool.waited_ns));
    if (pool.failures) text += fmt::format("; {} failed", count_format(pool.failures));
    lines.push_back(std::move(text));
  }
  return lines;
}

std::vector<Line> head_lines(const TopState& state, const TopView& view) {
  const Totals totals = totals_of(state.table);
  const std::uint64_t elapsed = state.elapsed_ns, time = totals.phases[CALLS_TOTAL];
  std::vector<Line> lines;
  lines.push_back(
      {fmt::format("{} {}: {} calls/s, {} failed/s, {} callbacks/s, {} under way on average", view.title,
                   duration_format(elapsed), rate_format(totals.calls, elapsed), rate_format(totals.failed, elapsed),
                   rate_format(totals.callbacks, elapsed), busy_format(time, elapsed))});
  std::string shares = "time:";
  for (const unsigned phase : {CALLS_LINUX_IN, CALLS_SECURE, CALLS_CALLBACK, CALLS_SERVER, CALLS_LINUX_OUT})
    shares += fmt::format("{} {} {}", phase == CALLS_LINUX_IN ? "" : ",", phase_name(phase, false),
                          share_format(totals.phases[phase], time));
  lines.push_back({std::move(shares)});
  lines.push_back({fmt::format("callbacks under way: {}", state.callbacks.size())});
  for (std::size_t i = 0; i < state.callbacks.size() && i < kCallbacks; ++i)
    lines.push_back({callback_text(state.callbacks[i].second, state.now)});
  if (auto pools = pool_texts(state); !pools.empty()) {
    lines.push_back({"message buffers:"});
    for (std::string& text : pools) lines.push_back({std::move(text)});
  }
  if (state.lost) lines.push_back({fmt::format("{} events were lost", count_format(state.lost))});
  if (state.without_key)
    lines.push_back({fmt::format("{} calls have no row; see --keys", count_format(state.without_key))});
  return lines;
}

}  // namespace

const char* sort_name(Sort sort) { return kSortNames[static_cast<std::size_t>(sort)]; }

Sort sort_parse(std::string_view text) {
  const auto found = std::ranges::find(kSortNames, text);
  if (found == kSortNames.end())
    throw std::invalid_argument(fmt::format("{} is none of {}", text, fmt::join(kSortNames, ", ")));
  return static_cast<Sort>(found - kSortNames.begin());
}

std::vector<TopRow> rows_sorted(const Table& table, const std::set<Column>& columns, Sort sort) {
  const auto value = [sort](const TopRow& row) -> std::uint64_t {
    const auto& phases = row.second.phases;
    const std::uint64_t count = phases[CALLS_TOTAL].count();
    switch (sort) {
      case Sort::calls:
        return row.second.calls;
      case Sort::failed:
        return row.second.failed;
      case Sort::callbacks:
        return row.second.callbacks;
      case Sort::mean:
        return count ? phases[CALLS_TOTAL].sum() / count : 0;
      case Sort::max:
        return phases[CALLS_TOTAL].max();
      case Sort::secure:
        return phases[CALLS_SECURE].sum();
      case Sort::server:
        return phases[CALLS_SERVER].sum();
      case Sort::time:
        break;
    }
    return phases[CALLS_TOTAL].sum();
  };
  std::vector<TopRow> rows = table.sorted(columns);
  std::ranges::stable_sort(rows, std::greater(), value);
  return rows;
}

Totals totals_of(const Table& table) {
  Totals totals;
  for (const auto& [key, row] : table.sorted({})) {
    totals.calls += row.calls;
    totals.failed += row.failed;
    totals.callbacks += row.callbacks;
    for (unsigned phase = 0; phase < CALLS_PHASES; ++phase) totals.phases[phase] += row.phases[phase].sum();
  }
  return totals;
}

std::vector<Line> top_lines(const TopState& state, const TopView& view) {
  std::vector<Line> lines = head_lines(state, view);
  const std::vector<TopRow> rows = rows_sorted(state.table, view.columns, view.sort);
  std::vector<Cell> cells = cells_of(state, view.columns);
  cells_fit(cells, view.width);
  const std::size_t last = view.keys ? 1 : 0;
  // The table has half of a low terminal at least.
  if (view.height) lines.resize(std::min(lines.size(), std::max<std::size_t>(view.height / 2, 1)));
  lines.push_back({cells_text(cells, [](const Cell& cell) { return std::string(cell.name); }), true});
  const std::size_t used = lines.size() + last;
  const std::size_t room = !view.height ? view.limit : std::min(view.limit, view.height - std::min(view.height, used));
  const bool more = rows.size() > room;
  const std::size_t shown = more && view.height ? room - std::min<std::size_t>(room, 1) : std::min(room, rows.size());
  for (std::size_t i = 0; i < shown; ++i)
    lines.push_back({cells_text(cells, [&](const Cell& cell) { return cell.text(rows[i]); })});
  if (more) lines.push_back({fmt::format("... and {} rows more", rows.size() - shown)});
  if (view.height) {
    lines.resize(std::min(lines.size(), view.height - std::min(view.height, last)));
    if (view.keys) {
      lines.resize(view.height - last);
      lines.push_back({*view.keys});
    }
  }
  for (Line& line : lines) line.text = cut(std::move(line.text), view.width);
  return lines;
}

}  // namespace qtee::bpf
