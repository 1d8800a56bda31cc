// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "table.hpp"
#include "tool.hpp"

namespace qtee::bpf {

/// Room for what is counted by label. All is bounded by it, however long the exporter runs.
struct Room {
  std::uint32_t rows = 64;     // classes of objects, each with each of its operations
  std::uint32_t classes = 64;  // with those that are always there
};

/// What has been counted since the exporter began, over all loads of the driver. A value.
struct Counts {
  struct Row {
    std::string class_label, operation;
    auto operator<=>(const Row&) const = default;
  };
  struct Error {
    std::string class_label, operation, kind, code;
    auto operator<=>(const Error&) const = default;
  };
  struct Cost {
    std::uint64_t runs = 0, ns = 0;
  };

  std::map<Row, Table::Row> rows;
  std::map<Error, std::uint64_t> errors;
  std::map<std::string, Cost> cost;               // by program; 0 where the kernel does not count
  std::map<std::string, std::uint64_t> overflow;  // what there was no room for
  std::uint64_t partial = 0;                      // invocations that began before the programs were there
  std::uint64_t missed = 0;                       // events that a program was not run for
  std::uint64_t attachments = 0, failures = 0;
};

/// How callbacks stand at this moment: with servers in user space, and not answered.
struct Waiting {
  std::uint64_t queued = 0, received = 0;
  std::uint64_t oldest_queued_ns = 0, oldest_received_ns = 0;
};

/// The BPF programs, which are attached while the driver is loaded and somebody can use it: they hold the module, and
/// let it go when its last user in the kernel (a front end) is unloaded. All functions may be called from any thread.
class Watch final {
 public:
  explicit Watch(const Room& room);
  ~Watch();
  Watch(const Watch&) = delete;

  /// Attaches or lets go, as the driver is now. Throws ToolError when the kernel does not take the programs.
  void update();
  bool attached() const;
  /// Whether the kernel tells what programs cost; it does to who has CAP_SYS_ADMIN.
  bool counts_cost() const { return overhead_.has_value(); }

  /// All that is counted until now.
  Counts counts();
  Waiting waiting() const;

 private:
  class Attachment;
  void take();

  const Room room_;
  std::optional<Overhead> overhead_;
  mutable std::mutex mutex_;  // of all that follows
  std::unique_ptr<Attachment> attachment_;
  Counts counts_;
};

}  // namespace qtee::bpf
