// SPDX-License-Identifier: BSD-3-Clause
#include "options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>

#include "names.hpp"
#include "quantity.hpp"

namespace qtee::bpf {
namespace {

/// "" would be all of them, which whoever wrote "$pid" did not mean.
const CLI::Validator kGiven([](const std::string& text) { return text.empty() ? "is empty" : ""; }, "", "given");

}  // namespace

CLI::Option* option_add_parsed(CLI::App& app, const std::string& name,
                               const std::function<void(const std::string&)>& parse, const std::string& description) {
  return app.add_option_function<std::string>(
      name,
      [parse](const std::string& text) {
        try {
          parse(text);
        } catch (const std::invalid_argument& error) {
          throw CLI::ValidationError(error.what());
        }
      },
      description);
}

CLI::Option* option_add_duration(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& ns,
                                 const std::string& description) {
  return option_add_parsed(
             app, name, [&ns](const std::string& text) { ns = duration_parse(text); }, description)
      ->type_name("TIME");
}

qtee_filter Options::filter() const {
  qtee_filter filter{};
  try {
    if (!process.empty() && process.find_first_not_of("0123456789") == std::string::npos) {
      filter.by_process = 1;
      filter.tgid = static_cast<std::uint32_t>(number_parse(process, 0x7fffffff));
    } else if (!process.empty()) {
      if (process.size() >= sizeof filter.comm)
        throw std::invalid_argument(
            fmt::format("{}: the kernel knows the first {} characters of a name", process, sizeof filter.comm - 1));
      filter.by_comm = 1;
      std::ranges::copy(process, filter.comm);
    }
    if (!object.empty()) {
      filter.by_object = 1;
      filter.object = static_cast<std::uint32_t>(number_parse(object, 0xffffffff));
    }
    if (!operation.empty()) {
      const Operation wanted = operation_parse(operation);
      filter.by_op = 1;
      filter.op = wanted.op;
      if (wanted.object && filter.by_object && filter.object != *wanted.object)
        throw std::invalid_argument(
            fmt::format("{} is an operation of object {} alone", operation, object_name(*wanted.object)));
      // QTEE calls it, and invocations are what is looked at.
      if (wanted.object == kPrimordialObject)
        throw std::invalid_argument(fmt::format("{} is no operation of an object in QTEE", operation));
      if (wanted.object) {
        filter.by_object = 1;
        filter.object = *wanted.object;
      }
    }
  } catch (const std::invalid_argument& error) {
    throw CLI::ValidationError(error.what());
  }
  return filter;
}

void options_add(CLI::App& app, Options& options, Interval interval) {
  app.add_option("-p,--process", options.process, "Only invocations by this process: a pid or a name")
      ->check(kGiven)
      ->type_name("PROCESS");
  app.add_option("-o,--object", options.object, "Only invocations of the object with this id (1 is the root object)")
      ->check(kGiven)
      ->type_name("ID");
  app.add_option("-O,--operation", options.operation,
                 "Only this operation: a number, or a name such as open or RELEASE")
      ->check(kGiven)
      ->type_name("OPERATION");
  option_add_duration(app, "-d,--duration", options.duration, "End after this time (20ms, 1.5s, 10: seconds)");
  if (interval == Interval::offered)
    option_add_duration(app, "-i,--interval", options.interval, "Report each time this has passed");
  app.add_flag("-j,--json", options.json, "Lines of JSON on the standard output");
  app.add_flag("-t,--timestamps", options.timestamps, "Say when");
  app.add_flag("--overhead", options.overhead, "Say at the end what the tool's own BPF programs have cost");
  app.add_flag("-v,--verbose", options.verbose, "Show what libbpf says");
  app.add_option("command", options.command, "Run this, behind --, and end with it")->type_name("-- COMMAND [ARG]...");
  app.callback([&options, interval] {
    options.filter();
    if (interval == Interval::offered && options.interval && *options.interval < 10'000'000)
      throw CLI::ValidationError("--interval is 10ms at least");
  });
}

}  // namespace qtee::bpf
