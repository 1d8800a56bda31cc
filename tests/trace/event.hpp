// SPDX-License-Identifier: BSD-3-Clause
//
// Lines of the kernel's trace as records.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace qtee::test {

/// One event.
struct Event {
  /// Without the system's prefix: "invoke_begin".
  std::string name;
  int thread = 0;
  /// Fields as they print.
  std::map<std::string, std::string> fields;

  /// Throws std::runtime_error for a line that is none of our driver's events.
  explicit Event(const std::string& line);

  /// A field's text. Throws std::out_of_range where there is none.
  const std::string& text(const std::string& field) const { return fields.at(field); }
  /// A field as a number: what stands before the name in parentheses. Throws std::invalid_argument for a mere name.
  std::int64_t number(const std::string& field) const;
  /// 0 where there is none.
  std::uint64_t invocation() const;
};

/// Events in the order in which they happened.
class Events final {
 public:
  Events() = default;
  explicit Events(const std::vector<std::string>& lines);

  /// Those of an invocation, of a thread, of a name, and those with a field that prints so.
  Events of(std::uint64_t invocation) const;
  Events by(int thread) const;
  Events named(const std::string& name) const;
  Events with(const std::string& field, const std::string& text) const;
  /// All but those of a name.
  Events without(const std::string& name) const;

  std::vector<std::string> names() const;
  /// Where an event of this name stands first. Throws std::out_of_range where there is none.
  std::size_t index(const std::string& name) const;

  const Event& operator[](std::size_t index) const { return events_.at(index); }
  const Event& back() const { return events_.back(); }
  std::size_t size() const { return events_.size(); }
  bool empty() const { return events_.empty(); }
  auto begin() const { return events_.begin(); }
  auto end() const { return events_.end(); }

 private:
  template <class Predicate>
  Events filter(Predicate predicate) const;
  std::vector<Event> events_;
};

}  // namespace qtee::test
