// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "options.hpp"
#include "quantity.hpp"
#include "table.hpp"

namespace qtee::bpf {

void table_options_add(CLI::App& app, TableOptions& options) {
  option_add_parsed(
      app, "--by", [&options](const std::string& text) { options.columns = columns_parse(text); },
      "A row for each of these: process,object,operation by default; all: one row")
      ->type_name("COLUMNS");
  app.add_option("--limit", options.limit, "Rows of text at most, those with the most time [20]")->type_name("N");
  app.add_option("--keys", options.keys, "Room for so many processes, objects and operations [512]")
      ->check(CLI::Range(1, 65536))
      ->type_name("N");
}

void without_key_remark(std::string_view tool, std::uint64_t calls, const TableOptions& options) {
  if (calls)
    remark_write(tool, fmt::format("{} calls have no row: there was room for {} keys; see --keys", count_format(calls),
                                   options.keys));
}

}  // namespace qtee::bpf
