// SPDX-License-Identifier: BSD-3-Clause
#include "rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "costs.hpp"
#include "quantity.hpp"

namespace qtee::tune {
namespace {

using bpf::count_format;
using bpf::duration_format;
using bpf::share_format;

constexpr std::uint64_t kUnitKib = 4;
constexpr std::uint32_t kMessageMaxKib = 4096;
constexpr std::size_t kClassesMost = 8;
constexpr unsigned kDepthMost = 16;
/// Memory that a proposal may have pairs take more, at most.
constexpr std::uint64_t kPairsMoreKib = 4096;
/// Inbound buffer of pairs that is proposed, at most: what is larger is for a size class.
constexpr std::uint32_t kPairMostKib = 252;
constexpr std::uint64_t kMs = 1'000'000;

std::string kib_format(std::int64_t bytes) {
  return bytes % 1024 == 0 || bytes > 10240 ? fmt::format("{} KiB", bytes / 1024) : fmt::format("{} B", bytes);
}

/// The next of 1, 2, 5, 10, 20, … from `value` up.
std::uint64_t nice(double value) {
  for (std::uint64_t step = 1;; step *= 10)
    for (const std::uint64_t factor : {1, 2, 5})
      if (static_cast<double>(factor * step) >= value) return factor * step;
}

class Rules final {
 public:
  explicit Rules(const Observation& seen) : seen_(seen) {}

  std::vector<Proposal> all() {
    if (seen_.invocations < kEnough) return {};
    depth();
    spare();
    bounds();
    trim();
    limits();
    pair_size();
    classes();
    outbound();
    contexts();
    idle_memory();
    servers();
    in_place();
    transport();
    std::ranges::stable_sort(proposals_, [](const Proposal& a, const Proposal& b) {
      if (a.kind != b.kind) return a.kind == Proposal::Kind::setting;
      return a.instructions.value_or(0) > b.instructions.value_or(0);
    });
    return std::move(proposals_);
  }

 private:
  std::uint32_t now(std::string_view name) const { return setting(seen_.settings, name); }
  bool known(std::string_view name) const { return seen_.settings.contains(name); }
  const PoolSeen* pairs() const {
    const auto found = std::ranges::find(seen_.pools, "pairs", &PoolSeen::name);
    return found == seen_.pools.end() ? nullptr : &*found;
  }
  double per_call(double instructions) const { return instructions / static_cast<double>(seen_.invocations); }
  static std::string gain_format(double instructions) {
    return fmt::format("some {:.0f} kernel instructions an invocation less on average", instructions);
  }

  void add(std::string_view name, Values to, std::string reason, std::string gain,
           std::optional<double> instructions = {}, std::optional<std::int64_t> memory = {}) {
    const auto found = seen_.settings.find(name);
    if (found == seen_.settings.end() || found->second == to) return;
    proposals_.push_back({Proposal::Kind::setting, std::string(name), found->second, std::move(to), std::move(reason),
                          std::move(gain), instructions, memory});
  }
  void advise(std::string name, std::string reason, std::string gain, std::optional<double> instructions = {}) {
    proposals_.push_back(
        {Proposal::Kind::advice, std::move(name), {}, {}, std::move(reason), std::move(gain), instructions, {}});
  }

  /// Pairs that CPUs' lists lack.
  void depth() {
    const PoolSeen* pool = pairs();
    const unsigned current = now("messages_per_cpu");
    if (!pool || seen_.list_misses * 50 <= seen_.invocations) return;
    // The least with which one in a hundred would find none; else the most that is simulated.
    const auto good =
        std::ranges::find_if(seen_.depths, [&](const auto& depth) { return depth.second * 100 <= seen_.invocations; });
    if (seen_.depths.empty()) return;
    auto [to, left] = good == seen_.depths.end() ? seen_.depths.back() : *good;
    to = std::min(to, kDepthMost);
    if (to <= current) return;
    const std::uint64_t more = std::uint64_t{to - current} * seen_.cpus * pool->size;
    if (std::uint64_t{to} * seen_.cpus * pool->size > std::uint64_t{now("pool_max_kib")} * 1024 / 2) return;
    const std::uint64_t saved = seen_.list_misses - std::min(seen_.list_misses, left);
    // Buffers made by workers cost a CPU as well, though no invocation.
    const double share = static_cast<double>(saved) / static_cast<double>(seen_.list_misses);
    const double each = per_call(static_cast<double>(saved) * cost::kSparePair +
                                 share * static_cast<double>(pool->made) * cost::kPairMade);
    depth_ = to;
    add("messages_per_cpu", {to},
        fmt::format(
            "{} of {} invocations ({}) found no pair in their CPU's list; up to {} were under way at once. With {} "
            "pairs a CPU {} would have found none{}",
            count_format(seen_.list_misses), count_format(seen_.invocations),
            share_format(seen_.list_misses, seen_.invocations), seen_.at_once, to, count_format(left),
            pool->made ? fmt::format("; {} pairs were made meanwhile, {} of them in place of some that had been "
                                     "given back",
                                     count_format(pool->made), count_format(pool->remade))
                       : std::string()),
        gain_format(each), each, -static_cast<std::int64_t>(more));
  }

  /// Pairs that are made again and again, though the lists are as deep as they will be.
  void spare() {
    const PoolSeen* pool = pairs();
    const unsigned current = now("messages_spare");
    if (!pool || depth_ || pool->made * 100 <= seen_.invocations || pool->remade == 0) return;
    const auto lists = std::uint64_t{now("messages_per_cpu")} * seen_.cpus;
    // One pair is always the releases'.
    const std::uint64_t needed = seen_.at_once + 1 > lists ? seen_.at_once + 1 - lists : 1;
    const auto to =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(std::max<std::uint64_t>(needed, 2 * current), 1024));
    if (to <= current) return;
    const double each = per_call(static_cast<double>(pool->remade) * cost::kPairMade);
    add("messages_spare", {to},
        fmt::format(
            "{} pairs were made, {} of them in place of some that had been given back; up to {} invocations were "
            "under way at once, and {} CPUs' lists keep {} pairs",
            count_format(pool->made), count_format(pool->remade), seen_.at_once, seen_.cpus, lists),
        gain_format(each), each, -std::int64_t{to - current} * pool->size);
  }

  /// Invocations that waited for a pair, or had none; and memory for all that.
  void bounds() {
    const PoolSeen* pool = pairs();
    if (!pool) return;
    const std::uint32_t limit = now("messages_max");
    std::uint64_t pairs_to = pool->count;
    if (pool->waits || pool->failures > pool->no_memory) {
      const auto to = static_cast<std::uint32_t>(
          std::clamp<std::uint64_t>(std::bit_ceil(std::uint64_t{seen_.at_once} + 2),
                                    std::min<std::uint64_t>(2 * std::uint64_t{limit}, 65536), 65536));
      pairs_to = std::min<std::uint64_t>(to, 2 * std::uint64_t{seen_.at_once});
      add("messages_max", {to},
          fmt::format("{} invocations waited for a pair and {} had none in the end: there may be {}, and up to {} "
                      "invocations wanted one at once",
                      count_format(pool->waits), count_format(pool->failures), limit, seen_.at_once),
          fmt::format("no more of those: {} each on average, {} at most",
                      duration_format(pool->misses ? pool->waited_ns / pool->misses : 0),
                      duration_format(pool->waited_most_ns)),
          {}, -static_cast<std::int64_t>((to - limit)) * pool->size);
    }
    std::uint64_t no_memory = 0, needed = pairs_to * pool->size;
    for (const PoolSeen& one : seen_.pools) {
      no_memory += one.no_memory;
      if (&one != pool) needed += std::uint64_t{std::max(one.at_once, one.high_water)} * one.size;
    }
    const std::uint64_t current = now("pool_max_kib");
    if (no_memory == 0 && needed / 1024 <= current) return;
    const std::uint64_t to = std::clamp<std::uint64_t>(std::bit_ceil(needed / 1024 * 5 / 4),
                                                       std::min<std::uint64_t>(2 * current, 4194304), 4194304);
    add("pool_max_kib", {static_cast<std::uint32_t>(to)},
        no_memory
            ? fmt::format("{} invocations found no memory for a buffer: there may be {} KiB, of which {} KiB were "
                          "in use",
                          count_format(no_memory), current, seen_.pool_bytes / 1024)
            : fmt::format("with the other settings buffers may take {} KiB, and there may be {}", needed / 1024,
                          current),
        "no more ENOMEM, unless the system itself has no memory", {},
        -static_cast<std::int64_t>((to - current) * 1024));
  }

  /// Large buffers that were given back and made again.
  void trim() {
    const std::uint64_t current = now("trim_ms");
    std::uint64_t remade = 0, gap = 0;
    std::int64_t memory = 0;
    double cost = 0;
    std::string pools;
    for (const PoolSeen& pool : seen_.pools) {
      if (pool.name == "pairs" || pool.remade == 0) continue;
      remade += pool.remade;
      gap = std::max(gap, pool.gap_most_ns);
      cost += static_cast<double>(pool.again) * cost::class_made(pool.size / 1024.0);
      memory += std::int64_t{pool.high_water} * pool.size;
      pools.append(pools.empty() ? "" : ", ")
          .append(fmt::format("{} of the {} invocations that needed a buffer of {}", count_format(pool.remade),
                              count_format(pool.hits + pool.misses), kib_format(pool.size)));
    }
    if (remade < 2) return;
    // A buffer goes between trim_ms and half as much more after its last use.
    const double needed = 1.5 * (static_cast<double>(current) * 1.5 + static_cast<double>(gap) / kMs);
    const auto to = static_cast<std::uint32_t>(std::min<std::uint64_t>(nice(needed), 3'600'000));
    if (to <= current) return;
    const double each = per_call(cost);
    add("trim_ms", {to},
        fmt::format("{} had to make one, though there had been one: it had been given back, up to {} before", pools,
                    duration_format(gap)),
        gain_format(each), each, -memory);
  }

  /// Invocations that waited for a large buffer, or had none.
  void limits() {
    const auto kib = seen_.settings.find("classes_kib");
    const auto max = seen_.settings.find("classes_max");
    if (kib == seen_.settings.end() || max == seen_.settings.end()) return;
    Values to = max->second;
    std::string reason;
    std::int64_t memory = 0;
    std::uint64_t waited = 0;
    for (const PoolSeen& pool : seen_.pools) {
      const auto at = std::ranges::find(kib->second, pool.size / 1024);
      const auto index = static_cast<std::size_t>(at - kib->second.begin());
      if (pool.name == "pairs" || at == kib->second.end() || index >= to.size()) continue;
      if (!pool.waits && pool.failures <= pool.no_memory) continue;
      const std::uint32_t wanted = std::max(pool.at_once, pool.limit + 1);
      to[index] = std::min<std::uint32_t>(wanted + wanted / 4, 1024);
      memory += std::int64_t{to[index] - pool.limit} * pool.size;
      waited = std::max(waited, pool.waited_most_ns);
      reason.append(reason.empty() ? "" : "; ")
          .append(fmt::format(
              "{} invocations waited for one of {} buffers of {} and {} had none in the end: up to {} wanted "
              "one at once",
              count_format(pool.waits), pool.limit, kib_format(pool.size), count_format(pool.failures), pool.at_once));
    }
    if (reason.empty()) return;
    limits_ = to;
    add("classes_max", to, reason, fmt::format("no more of those, which took up to {} each", duration_format(waited)),
        {}, -memory);
  }

  /// A size of which pairs waste no memory: with the outbound buffer a power of two, where there is no CMA.
  std::uint32_t pair_size_for(std::uint64_t kib) const {
    const std::uint64_t out = now("message_out_kib");
    if (!seen_.cma) return static_cast<std::uint32_t>(std::bit_ceil(kib + out) - out);
    const std::uint64_t page = std::max(1u, seen_.page_kib);
    return static_cast<std::uint32_t>((kib + page - 1) / page * page);
  }

  /// KiB that so many of a hundred messages fit.
  std::uint64_t percentile_kib(unsigned percent) const {
    std::uint64_t all = 0, sum = 0;
    for (const std::uint64_t count : seen_.sizes) all += count;
    for (std::size_t i = 0; i < seen_.sizes.size(); ++i) {
      sum += seen_.sizes[i];
      if (sum * 100 >= all * percent && sum) return (i + 1) * kUnitKib;
    }
    return 0;
  }

  bool retained() const { return now("message_retain") != 0; }

  /// What a message of so many bytes takes more in a warm buffer of a size class than in a pair. What a pair retains is
  /// not cleared there.
  double over_pair(double bytes) const { return cost::kClassWarm + (retained() ? bytes * cost::kClearedByte : 0); }

  /// The mean of the messages that are larger than `kib`.
  double larger_bytes(std::uint32_t kib) const {
    double count = 0, sum = 0;
    for (std::size_t i = kib / kUnitKib; i < seen_.sizes.size(); ++i) {
      count += static_cast<double>(seen_.sizes[i]);
      sum += static_cast<double>(seen_.sizes[i]) * (static_cast<double>(i) + 0.5) * kUnitKib * 1024;
    }
    return count > 0 ? sum / count : 0;
  }

  void pair_size() {
    const PoolSeen* pool = pairs();
    const std::uint32_t current = now("message_in_kib");
    if (!pool || !current) return;
    std::uint64_t large = 0, made = 0;
    for (const PoolSeen& one : seen_.pools)
      if (&one != pool) large += one.hits + one.misses, made += one.again;
    const std::uint64_t kept = std::max<std::uint64_t>(pool->count, 1);
    if (large * 10 >= seen_.invocations) {
      const std::uint32_t to = pair_size_for(percentile_kib(99));
      if (to <= current || to > kPairMostKib || (to - current) * kept > kPairsMoreKib ||
          to + now("message_out_kib") > kMessageMaxKib)
        return;
      if (kept * 2 * (to + now("message_out_kib")) > now("pool_max_kib")) return;
      const double each = per_call(static_cast<double>(large) * over_pair(larger_bytes(current)) +
                                   static_cast<double>(made) * cost::class_made(to));
      add("message_in_kib", {to},
          fmt::format("{} of {} invocations ({}) had a message that was too large for a pair; 99 of 100 fit {} KiB",
                      count_format(large), count_format(seen_.invocations), share_format(large, seen_.invocations), to),
          gain_format(each) + (retained() ? ", where a program's messages follow each other" : ""), each,
          -static_cast<std::int64_t>((to - current) * kept * 1024));
      return;
    }
    // A little of what is seen for long; twice the largest, for what was not seen.
    if (seen_.invocations < 1000 || large || !seen_.largest) return;
    const std::uint64_t largest_kib = (seen_.largest + 1023) / 1024;
    const std::uint32_t to = std::max(pair_size_for(2 * largest_kib), std::max(4u, seen_.page_kib));
    if (to * 2 > current) return;
    add("message_in_kib", {to},
        fmt::format("none of {} messages had more than {}: {} of each pair's {} KiB were never used",
                    count_format(seen_.invocations), kib_format(static_cast<std::int64_t>(seen_.largest)),
                    kib_format(std::int64_t{current} * 1024 - static_cast<std::int64_t>(largest_kib) * 1024), current),
        fmt::format("memory only; a larger message would take a buffer of a size class, some {:.0f} instructions more",
                    over_pair(to * 1024.0)),
        0.0, static_cast<std::int64_t>((current - to) * kept * 1024));
  }

  /// The largest message that fits `to` and does not fit `from`, in KiB of whole pages; 0: none.
  std::uint32_t largest_between(std::uint32_t from, std::uint32_t to) const {
    const std::uint32_t page = std::max(4u, seen_.page_kib);
    for (std::size_t i = std::min<std::size_t>(to / kUnitKib, seen_.sizes.size()); i > from / kUnitKib; --i)
      if (seen_.sizes[i - 1]) return static_cast<std::uint32_t>((i * kUnitKib + page - 1) / page * page);
    return 0;
  }

  /// Large buffers of which much is never used.
  void classes() {
    const auto kib = seen_.settings.find("classes_kib");
    const auto max = seen_.settings.find("classes_max");
    // Without CMA the system takes powers of two all the same.
    if (!seen_.cma || kib == seen_.settings.end() || max == seen_.settings.end()) return;
    const Values& sizes = kib->second;
    Values to, limits;
    std::string reason;
    std::int64_t memory = 0;
    double cost = 0;
    for (std::size_t i = 0; i < sizes.size() && i < max->second.size(); ++i) {
      const std::uint32_t below = i ? sizes[i - 1] : now("message_in_kib");
      const auto pool = std::ranges::find(seen_.pools, sizes[i] * 1024, &PoolSeen::size);
      const std::uint32_t limit = limits_.empty() ? max->second[i] : limits_[i];
      const std::uint32_t fit = largest_between(below, sizes[i]);
      const bool used = pool != seen_.pools.end() && pool->name != "pairs" && pool->hits + pool->misses > 0;
      // Some room for what was not seen.
      const std::uint32_t size = std::min(sizes[i], (fit * 17 / 16 + 31) / 32 * 32);
      const std::uint64_t waste = std::uint64_t{sizes[i] - size} * std::max(1u, used ? pool->high_water : 0u);
      if (used && fit && (sizes[i] - size) * 4 >= sizes[i] && waste >= 256 && size > below) {
        to.push_back(size);
        limits.push_back(limit);
        memory += static_cast<std::int64_t>(waste * 1024);
        cost += static_cast<double>(pool->made) * (cost::class_made(sizes[i]) - cost::class_made(size));
        reason.append(reason.empty() ? "" : "; ")
            .append(fmt::format("{} messages took buffers of {} KiB, and the largest of them had {} KiB",
                                count_format(pool->hits + pool->misses), sizes[i], fit));
      }
      to.push_back(sizes[i]);
      limits.push_back(limit);
    }
    if (reason.empty() || to.size() > kClassesMost) return;
    const double each = per_call(cost);
    add("classes_kib", to, reason,
        fmt::format("{} less of memory while such buffers are there; while they are made, {}", kib_format(memory),
                    gain_format(each)),
        each, memory);
    // A limit goes with each of them.
    std::erase_if(proposals_, [](const Proposal& one) { return one.name == "classes_max"; });
    add("classes_max", limits, "goes with classes_kib: as many of the new size as of the one above", "none by itself",
        0.0);
  }

  /// Callback requests.
  void outbound() {
    const std::uint64_t current = std::uint64_t{now("message_out_kib")} * 1024,
                        page = std::max(4u, seen_.page_kib) * 1024;
    if (!current || !seen_.callbacks) return;
    const std::uint64_t kept = pairs() ? std::max(1u, pairs()->count) : 1;
    if (seen_.outbound_largest * 4 > current * 3) {
      const auto to = static_cast<std::uint32_t>(std::min<std::uint64_t>(
          std::bit_ceil(2 * seen_.outbound_largest / 1024), kMessageMaxKib - now("message_in_kib")));
      if (to * 1024 <= current) return;
      add("message_out_kib", {to},
          fmt::format("QTEE's largest callback request had {} of the outbound buffer's {}, and releases need room "
                      "behind it",
                      kib_format(static_cast<std::int64_t>(seen_.outbound_largest)),
                      kib_format(static_cast<std::int64_t>(current))),
          "QTEE fails a callback that does not fit; how many did can't be seen from here", {},
          -static_cast<std::int64_t>((to * 1024 - current) * kept));
    } else if (current > page && seen_.callbacks >= 1000 && seen_.outbound_largest * 4 <= page) {
      add("message_out_kib", {static_cast<std::uint32_t>(page / 1024)},
          fmt::format("the largest of {} callback requests had {}", count_format(seen_.callbacks),
                      kib_format(static_cast<std::int64_t>(seen_.outbound_largest))),
          "memory only", 0.0, static_cast<std::int64_t>((current - page) * kept));
    }
  }

  /// Calls that QTEE was too busy to take.
  void contexts() {
    const unsigned current = now("contexts");
    if (seen_.transport != "direct" || !known("contexts")) return;
    if (seen_.busy && seen_.busy_fewest > 1 && (!current || seen_.busy_fewest <= current)) {
      add("contexts", {seen_.busy_fewest - 1},
          fmt::format("QTEE answered {} calls that it is busy, with as few as {} calls in it", count_format(seen_.busy),
                      seen_.busy_fewest),
          fmt::format("calls wait for their turn instead of asking again: up to {} SMCs less",
                      count_format(seen_.busy)));
    } else if (current && !seen_.busy && seen_.in_qtee > current) {
      add("contexts", {2 * current},
          fmt::format("up to {} calls wanted to be in QTEE at once, {} may be, and it was never busy", seen_.in_qtee,
                      current),
          "less waiting, if QTEE takes more; qtee-tune --verify tells");
    }
  }

  /// dma-bufs that were mapped again and again.
  void idle_memory() {
    if (!known("memory_idle_ms") || seen_.maps_again < 2) return;
    const std::uint64_t current = now("memory_idle_ms");
    const auto to = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        nice(1.5 * (static_cast<double>(current) + static_cast<double>(seen_.maps_gap_most_ns) / kMs)), 60'000));
    if (to <= current) return;
    const double each = per_call(static_cast<double>(seen_.maps_again) * cost::kMapped);
    add("memory_idle_ms", {to},
        fmt::format("{} of {} times that a dma-buf was mapped for QTEE it had been before, up to {} ago",
                    count_format(seen_.maps_again), count_format(seen_.maps), duration_format(seen_.maps_gap_most_ns)),
        gain_format(each) + "; QTEE may see the memory so much longer", each);
  }

  /// Programs whose callbacks wait for a thread.
  void servers() {
    for (const ServerSeen& server : seen_.servers) {
      if (server.behind < 2 || server.behind * 20 <= server.received) continue;
      advise(
          fmt::format("threads of {}[{}]", server.process, server.pid),
          fmt::format("{} of its {} callbacks ({}) lay in the queue until one of its threads was done with another, {} "
                      "each on average, {} at most; {} threads had one at once, and up to {} callbacks were there",
                      count_format(server.behind), count_format(server.received),
                      share_format(server.behind, server.received), duration_format(server.behind_ns / server.behind),
                      duration_format(server.behind_most_ns), server.busy_most, seen_.requests_at_once),
          fmt::format(
              "with {} threads (CallbackServer::Options) up to {} less for each of those invocations; no setting "
              "of the driver does that",
              std::max(seen_.requests_at_once, server.busy_most + 1),
              duration_format(server.behind_ns / server.behind)));
    }
  }

  /// Programs that have much copied.
  void in_place() {
    for (const CopierSeen& copier : seen_.copiers) {
      if (copier.calls < kEnough || copier.bytes * 4 < copier.calls * 65536) continue;
      const double all = static_cast<double>(copier.bytes) * cost::kCopiedByte;
      advise(
          fmt::format("message buffers in {}[{}]", copier.process, copier.pid),
          fmt::format("{} of its messages were large, {} each on average, and were copied", count_format(copier.calls),
                      kib_format(static_cast<std::int64_t>(copier.bytes / copier.calls))),
          fmt::format(
              "in a buffer of its own (MessageBuffer) some {:.0f} kernel instructions less for each of them; no "
              "setting of the driver does that",
              all / static_cast<double>(copier.calls)),
          per_call(all));
    }
  }

  void transport() {
    if (seen_.transport != "scm" || seen_.in_qtee < 2) return;
    advise(
        "transport",
        fmt::format("up to {} calls at once waited for the one that is in QTEE: the transport is scm", seen_.in_qtee),
        fmt::format(
            "where this QTEE takes several calls at once, transport=direct lets them in (and takes some {:.0f} "
            "instructions less each); whether it does can't be seen from here, and qtee-tune does not change it",
            cost::kDirect));
  }

  const Observation& seen_;
  std::vector<Proposal> proposals_;
  unsigned depth_ = 0;  // that is proposed
  Values limits_;       // that are proposed
};

}  // namespace

std::vector<Proposal> propose(const Observation& seen) { return Rules(seen).all(); }

Settings proposed_settings(const std::vector<Proposal>& proposals) {
  Settings settings;
  for (const Proposal& one : proposals)
    if (one.kind == Proposal::Kind::setting) settings.insert_or_assign(one.name, one.to);
  return settings;
}

}  // namespace qtee::tune
