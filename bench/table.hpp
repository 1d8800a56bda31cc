// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace qtee::bench {

/// Figures of one run: a name with its unit, and a value.
struct Figure {
  std::string name;
  double value;
};

/// A column of figures, by what they were measured on.
class Column final {
 public:
  explicit Column(std::string title) : title_(std::move(title)) {}
  /// What save() wrote. Throws std::runtime_error where there is no such file.
  static Column load(const std::string& path);
  void save(const std::string& path) const;

  void add(std::string name, double value) { figures_.push_back({std::move(name), value}); }
  /// The value of a name; NaN where there is none.
  double value(const std::string& name) const;

  const std::string& title() const { return title_; }
  const std::vector<Figure>& figures() const { return figures_; }

 private:
  std::string title_;
  std::vector<Figure> figures_;
};

/// Prints columns beside each other, in the order of the first one's names, and each one's share of the first.
void table_print(const std::vector<Column>& columns);

}  // namespace qtee::bench
