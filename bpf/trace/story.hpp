// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "output.hpp"
#include "trace.h"

namespace qtee::bpf {

/// A callback of an invocation, which has one at a time. Times are monotonic ns.
struct Callback {
  trace_record request{};
  std::optional<trace_record> received;  // by the thread that serves it, the last one to do so
  std::optional<trace_record> replied;
  trace_record end{};
  unsigned depth = 0;
};

/// An invocation. `begin` and what there is of `end` are its events.
struct Invocation {
  trace_record begin{};
  trace_record end{};
  unsigned depth = 0;
  std::optional<Callback> callback;  // under way
};

/// How a finished one is told.
class Teller {
 public:
  virtual ~Teller() = default;
  /// One whose inner ones are told before its own end.
  virtual void opened(const Invocation& invocation) = 0;
  virtual void opened(const Invocation& invocation, const Callback& callback) = 0;
  /// `was_opened`: that was said before.
  virtual void ended(const Invocation& invocation, bool was_opened) = 0;
  virtual void ended(const Invocation& invocation, const Callback& callback, bool was_opened) = 0;
};

/// Makes invocations and callbacks of records, in the order in which those happened: each is told when it has ended,
/// and before what is within it when there is something. Not thread-safe.
class Story final {
 public:
  /// At most so many are under way; the oldest are given up then, as their ends were lost.
  static constexpr std::size_t kUnderWay = 8192;

  explicit Story(Teller& teller) : teller_(teller) {}
  void add(const trace_record& record);

  std::uint64_t invocations() const { return invocations_; }
  std::uint64_t callbacks() const { return callbacks_; }
  /// Not ended yet, or not heard of.
  std::size_t under_way() const { return nodes_.size(); }
  /// Records whose invocation is not known: its begin was lost.
  std::uint64_t strays() const { return strays_; }

 private:
  struct Node {
    Invocation invocation;
    std::uint64_t order = 0;
    bool opened = false;
    bool callback_opened = false;
  };
  Node* find(std::uint64_t invocation);
  void begin(const trace_record& record);
  void forget(std::uint64_t invocation);
  void open(Node& node);
  void open_callback(Node& node);

  Teller& teller_;
  std::map<std::uint64_t, Node> nodes_;
  std::map<std::uint64_t, std::uint64_t> order_;  // their names, by the order of their begins
  std::uint64_t begins_ = 0;
  std::uint64_t invocations_ = 0;
  std::uint64_t callbacks_ = 0;
  std::uint64_t strays_ = 0;
};

/// Lines for people, as in README's example; indented by depth.
class TextTeller final : public Teller {
 public:
  using Write = std::function<void(std::string_view)>;
  TextTeller(Write write, bool timestamps) : write_(std::move(write)), timestamps_(timestamps) {}

  void opened(const Invocation& invocation) override;
  void opened(const Invocation& invocation, const Callback& callback) override;
  void ended(const Invocation& invocation, bool was_opened) override;
  void ended(const Invocation& invocation, const Callback& callback, bool was_opened) override;

 private:
  void write(const trace_record& who, std::uint64_t time, unsigned depth, std::string_view text) const;
  Write write_;
  bool timestamps_;
};

/// A line of JSON for each that has ended.
class JsonTeller final : public Teller {
 public:
  using Write = std::function<void(const Json&)>;
  explicit JsonTeller(Write write) : write_(std::move(write)) {}

  void opened(const Invocation&) override {}
  void opened(const Invocation&, const Callback&) override {}
  void ended(const Invocation& invocation, bool was_opened) override;
  void ended(const Invocation& invocation, const Callback& callback, bool was_opened) override;

 private:
  Write write_;
};

}  // namespace qtee::bpf
