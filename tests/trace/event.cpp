// SPDX-License-Identifier: BSD-3-Clause
#include "event.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace qtee::test {

// "   name-of-task-123   [001] ..... 12.345678: qtee_event: field=text field=text".
Event::Event(const std::string& line) {
  const std::size_t event = line.find(": qtee_");
  std::size_t cpu = 0;
  do cpu = line.find(" [", cpu + 1);
  while (cpu != line.npos && !(cpu + 5 < line.size() && std::isdigit(line[cpu + 2]) && line[cpu + 5] == ']'));
  if (event == line.npos || cpu == line.npos) throw std::runtime_error("not an event: " + line);
  thread = std::stoi(line.substr(line.rfind('-', cpu) + 1));

  const std::size_t colon = line.find(": ", event + 2);
  name = line.substr(event + 7, colon - event - 7);
  std::istringstream rest(line.substr(colon + 2));
  for (std::string word; rest >> word;) {
    const std::size_t equal = word.find('=');
    if (equal == word.npos) throw std::runtime_error("not a field: '" + word + "' in " + line);
    fields[word.substr(0, equal)] = word.substr(equal + 1);
  }
}

std::int64_t Event::number(const std::string& field) const {
  const std::string& value = text(field);
  std::size_t used = 0;
  const auto number =
      value.starts_with('-') ? std::stoll(value, &used, 0) : static_cast<std::int64_t>(std::stoull(value, &used, 0));
  if (used != value.size() && value[used] != '(') throw std::invalid_argument(field + "=" + value);
  return number;
}

std::uint64_t Event::invocation() const {
  return fields.contains("invocation") ? static_cast<std::uint64_t>(number("invocation")) : 0;
}

Events::Events(const std::vector<std::string>& lines) : events_(lines.begin(), lines.end()) {}

template <class Predicate>
Events Events::filter(Predicate predicate) const {
  Events result;
  std::copy_if(events_.begin(), events_.end(), std::back_inserter(result.events_), predicate);
  return result;
}

Events Events::of(std::uint64_t invocation) const {
  return filter([=](const Event& event) { return event.invocation() == invocation; });
}

Events Events::by(int thread) const {
  return filter([=](const Event& event) { return event.thread == thread; });
}

Events Events::named(const std::string& name) const {
  return filter([&](const Event& event) { return event.name == name; });
}

Events Events::with(const std::string& field, const std::string& text) const {
  return filter([&](const Event& event) {
    const auto found = event.fields.find(field);
    return found != event.fields.end() && found->second == text;
  });
}

Events Events::without(const std::string& name) const {
  return filter([&](const Event& event) { return event.name != name; });
}

std::vector<std::string> Events::names() const {
  std::vector<std::string> names;
  std::transform(events_.begin(), events_.end(), std::back_inserter(names),
                 [](const Event& event) { return event.name; });
  return names;
}

std::size_t Events::index(const std::string& name) const {
  const auto found = std::ranges::find(events_, name, &Event::name);
  if (found == events_.end()) throw std::out_of_range("no event " + name);
  return static_cast<std::size_t>(found - events_.begin());
}

}  // namespace qtee::test
