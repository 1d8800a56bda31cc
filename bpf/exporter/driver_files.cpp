// SPDX-License-Identifier: BSD-3-Clause
#include "driver_files.hpp"

#include <fstream>
#include <optional>
#include <system_error>

namespace qtee::bpf {
namespace {

namespace fs = std::filesystem;

enum class Kind { counter, gauge };

/// A file with one number, and the metric that it is.
struct File {
  const char* path;
  const char* metric;
  Kind kind;
  const char* help;
  double unit = 1;
};

constexpr File kDriver[] = {
    {"statistics/invocations", "qtee_driver_invocations_total", Kind::counter,
     "Invocations sent to QTEE, RELEASE among them"},
    {"statistics/callbacks", "qtee_driver_callbacks_total", Kind::counter, "Callback requests by QTEE"},
    {"statistics/callback_polls", "qtee_driver_callback_polls_total", Kind::counter,
     "Requests and answers of callbacks that were there before who waited for them slept"},
    {"statistics/async_releases", "qtee_driver_async_releases_total", Kind::counter,
     "Ids that QTEE has released by asynchronous message"},
    {"statistics/mappings_ahead", "qtee_driver_mappings_ahead_total", Kind::counter,
     "Mappings that QTEE was told of before it asked"},
    {"statistics/releases", "qtee_driver_releases_total", Kind::counter, "RELEASE sent and taken"},
    {"statistics/release_retries", "qtee_driver_release_retries_total", Kind::counter,
     "RELEASE that did not reach QTEE and was sent again"},
    {"statistics/release_failures", "qtee_driver_release_failures_total", Kind::counter,
     "RELEASE that was given up or refused"},
    {"statistics/busy_retries", "qtee_driver_busy_retries_total", Kind::counter, "SMCs that QTEE was too busy to take"},
    {"statistics/unsent", "qtee_driver_unsent_total", Kind::counter, "Invocations that QTEE never saw"},
    {"statistics/malformed", "qtee_driver_malformed_total", Kind::counter, "Messages of QTEE that are not believed"},
    {"statistics/unknown_ids", "qtee_driver_unknown_ids_total", Kind::counter, "Ids of QTEE that it does not hold"},
    {"statistics/bridge_retries", "qtee_driver_bridge_retries_total", Kind::counter,
     "Deletions of bridges that QTEE was asked for again"},
    {"statistics/bridge_failures", "qtee_driver_bridge_failures_total", Kind::counter,
     "Bridges that were not made, or not known at their deletion"},
    {"statistics/message_misses", "qtee_driver_message_misses_total", Kind::counter,
     "Pairs of message buffers that did not come from the CPU's own list"},
    {"statistics/messages_lost", "qtee_driver_messages_lost_total", Kind::counter,
     "Pairs of message buffers that are never used again, as QTEE may still write to them"},
    {"statistics/tee_objects", "qtee_driver_tee_objects", Kind::gauge,
     "Objects in QTEE that are alive, those with a pending release among them"},
    {"statistics/callback_ids", "qtee_driver_callback_ids", Kind::gauge, "Ids of callback objects that QTEE holds"},
    {"statistics/bridges", "qtee_driver_bridges", Kind::gauge, "SHM bridges but for those of the kernel's tzmem"},
    {"statistics/messages", "qtee_driver_messages", Kind::gauge, "Pairs of message buffers that exist"},
    {"objects/releases_pending", "qtee_driver_releases_pending", Kind::gauge,
     "Objects in QTEE that nobody refers to and whose release is not done"},
    {"pools/bytes", "qtee_pools_bytes", Kind::gauge, "Memory of all message buffers"},
    {"memory/passes", "qtee_memory_passes_total", Kind::counter,
     "Times that a memory object was asked for by its dma-buf"},
    {"memory/attached", "qtee_memory_attached_total", Kind::counter, "Times that a dma-buf was attached"},
    {"memory/mapped", "qtee_memory_mapped_total", Kind::counter, "Times that a dma-buf was mapped"},
    {"memory/bridged", "qtee_memory_bridged_total", Kind::counter, "Times that memory was bridged for QTEE"},
    {"memory/told", "qtee_memory_told_total", Kind::counter, "Times that QTEE was told where memory is"},
    {"memory/objects", "qtee_memory_objects", Kind::gauge,
     "Memory objects of other exporters' dma-bufs, idle ones among them"},
    {"memory/idle", "qtee_memory_idle_objects", Kind::gauge, "Memory objects that nobody holds"},
    {"memory/exported", "qtee_memory_exported_dmabufs", Kind::gauge, "The driver's own dma-bufs"},
    {"memory/exported_bytes", "qtee_memory_exported_bytes", Kind::gauge, "Memory of the driver's own dma-bufs"},
};

constexpr File kPool[] = {
    {"hits", "qtee_pool_hits_total", Kind::counter, "Times that a buffer was ready"},
    {"misses", "qtee_pool_misses_total", Kind::counter, "Times that no buffer was ready"},
    {"waits", "qtee_pool_waits_total", Kind::counter, "Misses that waited for a buffer"},
    {"failures", "qtee_pool_failures_total", Kind::counter, "Misses of which nothing came"},
    {"count", "qtee_pool_buffers", Kind::gauge, "Buffers that exist"},
    {"idle", "qtee_pool_idle_buffers", Kind::gauge, "Buffers that are free for all CPUs"},
    {"cached", "qtee_pool_cached_buffers", Kind::gauge, "Buffers that are free for one CPU"},
    {"limit", "qtee_pool_limit_buffers", Kind::gauge, "Buffers that there may be"},
    {"spare", "qtee_pool_spare_buffers", Kind::gauge, "Idle buffers that are kept ready"},
    {"high_water", "qtee_pool_high_water_buffers", Kind::gauge, "Most buffers that ever existed"},
    {"size", "qtee_pool_buffer_bytes", Kind::gauge, "Memory of one buffer"},
};

constexpr File kUser[] = {
    {"message_buffers_kib", "qtee_user_message_buffers_bytes", Kind::gauge,
     "Memory of the message buffers that programs have mapped", 1024},
    {"message_buffers_max_kib", "qtee_user_message_buffers_limit_bytes", Kind::gauge,
     "Memory that the message buffers of programs may have", 1024},
};

template <class Value>
std::optional<Value> read(const fs::path& path) {
  std::ifstream file(path);
  Value value;
  if (!(file >> value)) return std::nullopt;
  return value;
}

void add(const fs::path& folder, std::span<const File> files, const MetricLabels& labels, Families& families) {
  for (const File& file : files) {
    const auto value = read<double>(folder / file.path);
    if (!value) continue;
    if (file.kind == Kind::counter)
      families.counter(file.metric, file.help, *value * file.unit, labels);
    else
      families.gauge(file.metric, file.help, *value * file.unit, labels);
  }
}

}  // namespace

void driver_files_read(const fs::path& sys, Families& families) {
  std::error_code error;
  for (const auto& device : fs::directory_iterator(sys / "bus/platform/drivers/qtee", error)) {
    const auto transport = read<std::string>(device.path() / "objects/transport");
    if (!transport) continue;  // the driver's own files stand beside its device
    families.gauge("qtee_driver_info", "1; how the driver reaches QTEE", 1, {{"transport", *transport}});
    add(device.path(), kDriver, {}, families);
    for (const auto& pool : fs::directory_iterator(device.path() / "pools", error))
      if (pool.is_directory(error)) add(pool.path(), kPool, {{"pool", pool.path().filename()}}, families);
  }
  add(sys / "module/qtee_user/parameters", kUser, {}, families);
}

}  // namespace qtee::bpf
