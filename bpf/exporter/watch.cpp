// SPDX-License-Identifier: BSD-3-Clause
#include "watch.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <utility>
#include <vector>

#include "clock.hpp"
#include "labels.hpp"
#include "output.hpp"

#include "metrics.skel.h"

namespace qtee::bpf {
namespace {

constexpr char kTool[] = "qtee-exporter";
/// The slot of what there is no room for, and its key.
constexpr std::uint32_t kOtherSlot = 1;
const Counts::Row kOtherRow = {"other", "other"};
constexpr calls_key kOtherKey = {METRICS_OTHER, 0xffffffff, 0};

/// Whether a module that invokes is there: somebody whom the driver's own module has for a user.
bool driver_in_use() {
  std::error_code error;
  const std::filesystem::directory_iterator holders("/sys/module/qtee/holders", error);
  return !error && holders != std::filesystem::directory_iterator();
}

template <class Key, class Value>
void map_each(int map, const std::function<void(const Key&, const Value&)>& each) {
  Key key, next;
  Value value;
  // Entries that go meanwhile may lead back to the first one.
  std::uint32_t left = 1 << 16;
  for (bool first = true; left-- && bpf_map_get_next_key(map, first ? nullptr : &key, &next) == 0; first = false) {
    key = next;
    if (bpf_map_lookup_elem(map, &key, &value) == 0) each(key, value);
  }
}

/// What a number that only grows has grown by since the last look.
class Growth final {
 public:
  std::uint64_t take(std::uint64_t now) { return now - std::exchange(last_, now); }

 private:
  std::uint64_t last_ = 0;
};

}  // namespace

/// The programs in the kernel, from loading to unloading.
class Watch::Attachment final {
 public:
  explicit Attachment(const Room& room) : room_(room) {
    kernel_require("qtee");
    // One more for what there is no room for.
    const std::uint32_t keys = room.rows + 1;
    programs_->rodata->calls_keys_max = keys;
    programs_->rodata->metrics_classes_max = room.classes;
    programs_->bss->calls_slots_used = kOtherSlot;
    bpf_map__set_max_entries(programs_->maps.calls_keys, keys);
    bpf_map__set_max_entries(programs_->maps.calls_slots, keys + 1);
    bpf_map__set_max_entries(programs_->maps.metrics_class_ids, room.classes);
    bpf_map__set_max_entries(programs_->maps.metrics_classes, room.classes);
    programs_.load();
    calls_slot other{};
    other.key = kOtherKey;
    other.used = 1;
    put(programs_->maps.calls_slots, kOtherSlot, other);
    put(programs_->maps.calls_keys, kOtherKey, kOtherSlot);
    slots_.emplace(fd(programs_->maps.calls_slots), keys + 1);
    programs_.attach();
  }

  /// Adds to `counts` what has been counted since the last call.
  void take(Counts& counts) {
    const std::vector<metrics_class> classes = this->classes();
    const Table table = slots_->take();
    for (const auto& [key, row] : table.sorted({Column::object, Column::operation})) {
      const bool other = key.object == METRICS_OTHER;
      Counts::Row name{class_label(classes, key.object), other ? "other" : operation_label(key.object, key.op)};
      // Over several loads there may be more than in each of them.
      if (!counts.rows.contains(name) && counts.rows.size() - counts.rows.contains(kOtherRow) >= room_.rows)
        name = kOtherRow;
      if (name.class_label == "other") counts.overflow["rows"] += row.calls;
      counts.rows[name].add(row);
    }
    map_each<metrics_error, std::uint64_t>(
        fd(programs_->maps.metrics_errors), [&](const metrics_error& error, std::uint64_t count) {
          const std::array key = {error.class_id, error.op, static_cast<std::uint32_t>(error.code), error.is_errno};
          Counts::Error name{class_label(classes, error.class_id), operation_label(error.class_id, error.op),
                             error.is_errno ? "errno" : "result", code_label(error)};
          const std::uint64_t more = errors_[key].take(count);
          if (!counts.errors.contains(name) && counts.errors.size() >= METRICS_ERRORS_MAX) {
            name = {"other", "other", "other", "other"};
            counts.overflow["errors"] += more;
          }
          counts.errors[name] += more;
        });
    const std::uint64_t errors = growth("errors", programs_->bss->metrics_lost_errors);
    counts.overflow["errors"] += errors;
    if (errors) counts.errors[{"other", "other", "other", "other"}] += errors;
    counts.overflow["classes"] += growth("classes", programs_->bss->metrics_lost_classes);
    counts.overflow["objects"] += growth("objects", programs_->bss->metrics_lost_objects);
    counts.overflow["callbacks"] += growth("callbacks", programs_->bss->qtee_lost);
    counts.partial += growth("partial", programs_->bss->calls_partial);
    bpf_program* program;
    bpf_object__for_each_program(program, programs_.object()) {
      bpf_prog_info info{};
      std::uint32_t size = sizeof info;
      if (bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size) != 0) continue;
      const std::string name = bpf_program__name(program);
      counts.missed += growth(name + " missed", info.recursion_misses);
      counts.cost[name].runs += growth(name + " runs", info.run_cnt);
      counts.cost[name].ns += growth(name + " ns", info.run_time_ns);
    }
  }

  Waiting waiting() const {
    const std::uint64_t now = clock_now();
    Waiting waiting;
    const auto older = [&](std::uint64_t& oldest, std::uint64_t since) {
      if (now > since) oldest = std::max(oldest, now - since);
    };
    map_each<std::uint64_t, std::uint64_t>(
        fd(programs_->maps.metrics_waiting), [&](std::uint64_t invocation, std::uint64_t since) {
          qtee_server_state server{};
          bpf_map_lookup_elem(fd(programs_->maps.qtee_servers), &invocation, &server);
          if (server.received) {
            ++waiting.received;
            older(waiting.oldest_received_ns, server.received);
          } else {
            ++waiting.queued;
            older(waiting.oldest_queued_ns, since);
          }
        });
    return waiting;
  }

  void detach() { programs_.detach(); }

 private:
  /// As servers.bpf.h has it.
  struct qtee_server_state {
    std::uint64_t received, ns;
  };

  static int fd(const bpf_map* map) { return bpf_map__fd(map); }
  template <class Key, class Value>
  static void put(const bpf_map* map, const Key& key, const Value& value) {
    libbpf_check(bpf_map_update_elem(fd(map), &key, &value, BPF_ANY), "make room for what is counted");
  }
  std::uint64_t growth(const std::string& name, std::uint64_t now) { return growths_[name].take(now); }

  std::vector<metrics_class> classes() const {
    std::vector<metrics_class> classes(std::min(room_.classes, programs_->data->metrics_classes_next));
    for (std::uint32_t i = METRICS_FIXED; i < classes.size(); ++i)
      bpf_map_lookup_elem(fd(programs_->maps.metrics_classes), &i, &classes[i]);
    return classes;
  }

  const Room room_;
  Programs<metrics_bpf> programs_;
  std::optional<Slots> slots_;
  std::map<std::array<std::uint32_t, 4>, Growth> errors_;
  std::map<std::string, Growth> growths_;
};

Watch::Watch(const Room& room) : room_(room) {
  for (const char* what : {"rows", "classes", "objects", "errors", "callbacks"}) counts_.overflow[what] = 0;
  try {
    overhead_.emplace();
  } catch (const ToolError&) {
    // Then it is not told.
  }
}

Watch::~Watch() = default;

bool Watch::attached() const {
  const std::lock_guard lock(mutex_);
  return attachment_ != nullptr;
}

void Watch::update() {
  const bool wanted = driver_in_use();
  if (wanted == attached()) return;
  if (wanted) {
    // Seconds may pass; scrapes go on meanwhile.
    try {
      auto attachment = std::make_unique<Attachment>(room_);
      const std::lock_guard lock(mutex_);
      attachment_ = std::move(attachment);
      ++counts_.attachments;
    } catch (...) {
      const std::lock_guard lock(mutex_);
      ++counts_.failures;
      throw;
    }
    remark_write(kTool, "attached to the driver");
    return;
  }
  std::unique_ptr<Attachment> gone;
  {
    const std::lock_guard lock(mutex_);
    attachment_->detach();
    attachment_->take(counts_);
    gone = std::move(attachment_);
  }
  gone.reset();
  remark_write(kTool, "let the driver go: nobody uses it");
}

Counts Watch::counts() {
  const std::lock_guard lock(mutex_);
  if (attachment_) attachment_->take(counts_);
  return counts_;
}

Waiting Watch::waiting() const {
  const std::lock_guard lock(mutex_);
  return attachment_ ? attachment_->waiting() : Waiting();
}

}  // namespace qtee::bpf
