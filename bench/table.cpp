// SPDX-License-Identifier: BSD-3-Clause
#include "table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace qtee::bench {

Column Column::load(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("no figures in " + path);
  const auto json = nlohmann::json::parse(file);
  Column column(json.at("title").get<std::string>());
  for (const auto& figure : json.at("figures")) column.add(figure.at("name"), figure.at("value"));
  return column;
}

void Column::save(const std::string& path) const {
  auto figures = nlohmann::json::array();
  for (const Figure& figure : figures_) figures.push_back({{"name", figure.name}, {"value", figure.value}});
  std::ofstream file(path);
  file << nlohmann::json{{"title", title_}, {"figures", figures}}.dump(2) << "\n";
  if (!file.flush()) throw std::runtime_error("can't write " + path);
}

double Column::value(const std::string& name) const {
  const auto found = std::ranges::find(figures_, name, &Figure::name);
  return found == figures_.end() ? std::numeric_limits<double>::quiet_NaN() : found->value;
}

namespace {

std::string value_text(double value) { return std::isnan(value) ? "-" : fmt::format("{:.0f}", value); }

std::string share_text(double value, double of) {
  if (std::isnan(value) || of == 0) return "-";
  const double percent = 100 * value / of;
  return percent < 10 ? fmt::format("{:.1f} %", percent) : fmt::format("{:.0f} %", percent);
}

}  // namespace

void table_print(const std::vector<Column>& columns) {
  const Column& first = columns.at(0);
  fmt::print("| what | {} |", first.title());
  for (std::size_t i = 1; i < columns.size(); ++i) fmt::print(" {} | of it |", columns[i].title());
  fmt::print("\n| --- | ---: |");
  for (std::size_t i = 1; i < columns.size(); ++i) fmt::print(" ---: | ---: |");
  fmt::print("\n");
  for (const Figure& figure : first.figures()) {
    fmt::print("| {} | {} |", figure.name, value_text(figure.value));
    for (std::size_t i = 1; i < columns.size(); ++i) {
      const double value = columns[i].value(figure.name);
      fmt::print(" {} | {} |", value_text(value), share_text(value, figure.value));
    }
    fmt::print("\n");
  }
}

}  // namespace qtee::bench
