// SPDX-License-Identifier: BSD-3-Clause
#include "run_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace qtee::dashboard {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array texts = {"qtee_schema", "kernel", "kernel_name", "machine", "cpu_model",
                              "cpus",        "qemu",   "settings",    "icount"};
const std::set<std::string, std::less<>> whos = {"floor", "mainline", "tee", "qtee", "qtee-direct"};
// Numbers of an entry that are no measurements.
const std::set<std::string, std::less<>> bookkeeping = {
    "family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations"};

// Thirty years in ns; sums of such numbers are still exact enough, and finite.
constexpr double most = 1e18;

struct Place {
  const std::string& file;
  std::string entry;

  [[noreturn]] void fail(const std::string& what) const {
    throw BadFile(entry.empty() ? fmt::format("{}: {}", file, what) : fmt::format("{}: {}: {}", file, entry, what));
  }
};

const Json& member(const Json& object, const char* key, const Place& place) {
  const auto found = object.find(key);
  if (found == object.end()) place.fail(fmt::format("\"{}\" is missing", key));
  return *found;
}

std::string text_member(const Json& object, const char* key, const Place& place) {
  const Json& value = member(object, key, place);
  if (!value.is_string()) place.fail(fmt::format("\"{}\" is not a string", key));
  return value.get<std::string>();
}

// ISO 8601 with a zone, of a day and a time that there are: browsers take no other.
bool time_good(const std::string& text) {
  static const std::regex iso(R"((\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d) ?(Z|[+-](\d\d):?(\d\d)))");
  std::smatch part;
  if (!std::regex_match(text, part, iso)) return false;
  const auto number = [&](std::size_t i) { return part[i].matched ? std::stoi(part[i].str()) : 0; };
  const std::chrono::year_month_day day{std::chrono::year(number(1)),
                                        std::chrono::month(static_cast<unsigned>(number(2))),
                                        std::chrono::day(static_cast<unsigned>(number(3)))};
  return day.ok() && number(4) < 24 && number(5) < 60 && number(6) < 60 && number(8) < 24 && number(9) < 60;
}

// Results of a tree that git knows nothing of: each run is a commit of its own.
void context_complete(Json& context, const std::string& time) {
  if (!context.is_object() || context.contains("commit")) return;
  context["commit"] = "none";  // the page says "no commit"
  context["commit_time"] = time;
  context["commit_subject"] = "";
  context["dirty"] = "0";
}

// Results of before there was the key: a full run has nine repetitions of nearly all, a short one three.
void length_complete(RunFile& run) {
  constexpr std::size_t full = 9;
  if (run.context.contains("quick")) return;
  const bool is_full = std::ranges::any_of(run.benchmarks, [](const auto& entry) {
    const auto times = entry.second.find("real_time");
    return times != entry.second.end() && times->second.size() >= full;
  });
  run.context["quick"] = is_full ? "0" : "1";
}

void context_check(const Json& context, const Place& place) {
  if (!context.is_object()) place.fail("not an object");
  for (const char* key : texts) text_member(context, key, place);
  const std::string schema = context["qtee_schema"];
  if (schema != "1") place.fail(fmt::format("\"qtee_schema\" is \"{}\"; this program knows \"1\"", schema));
  for (const char* key : {"commit", "commit_time", "commit_subject", "dirty"}) text_member(context, key, place);
  const std::string commit_time = context["commit_time"];
  if (!time_good(commit_time))
    place.fail(fmt::format("\"commit_time\" is \"{}\", which is no ISO 8601 time", commit_time));
  for (const char* key : {"dirty", "icount"})
    if (context[key] != "0" && context[key] != "1") place.fail(fmt::format("\"{}\" is neither \"0\" nor \"1\"", key));
  const std::string settings = context["settings"];
  if (const Json parsed = Json::parse(settings, nullptr, false); !parsed.is_object())
    place.fail("\"settings\" is not a JSON object as a string");
  for (const char* key : {"note", "suites"})
    if (context.contains(key)) text_member(context, key, place);
  if (context.contains("quick") && context["quick"] != "0" && context["quick"] != "1")
    place.fail("\"quick\" is neither \"0\" nor \"1\"");
}

// Google Benchmark adds how it measured to a name: "/repeats:5", "/manual_time".
std::string bare_name(const std::string& name) {
  static const std::regex added(
      R"((/(iterations|repeats|threads|min_time|min_warmup_time):[^/]*|/(manual_time|real_time|process_time))+$)");
  return std::regex_replace(name, added, "");
}

void name_check(const std::string& name, const Place& place) {
  const auto first = name.find('/');
  const auto last = name.rfind('/');
  if (first == std::string::npos || first == 0 || last <= first + 1) place.fail("the name is not \"suite/path/who\"");
  const std::string who = name.substr(last + 1);
  if (!whos.contains(who))
    place.fail(fmt::format("unknown \"{}\" at the end of the name; there are {}", who, fmt::join(whos, ", ")));
}

// Names and repetitions that there were.
using Taken = std::set<std::pair<std::string, std::int64_t>>;

void entry_take(const Json& entry, RunFile& run, Taken& taken, Place place) {
  if (!entry.is_object()) place.fail("not an object");
  const std::string full =
      entry.contains("run_name") ? text_member(entry, "run_name", place) : text_member(entry, "name", place);
  place.entry += fmt::format(" ({})", full);
  // Aggregates follow from the repetitions.
  if (entry.contains("run_type") && entry["run_type"] == "aggregate") return;
  const std::string name = bare_name(full);
  name_check(name, place);
  for (const char* key : {"error_occurred", "skipped"}) {
    const auto failed = entry.find(key);
    if (failed == entry.end() || !failed->is_boolean() || !failed->get<bool>()) continue;
    const char* why = entry.contains("error_message") ? "error_message" : "skip_message";
    run.failures[name] = entry.contains(why) ? text_member(entry, why, place) : "no reason given";
    return;
  }
  if (text_member(entry, "time_unit", place) != "ns") place.fail("\"time_unit\" is not \"ns\"");
  member(entry, "real_time", place);
  member(entry, "cpu_time", place);
  const auto repetition = entry.find("repetition_index");
  if (repetition != entry.end() && repetition->is_number_integer() &&
      !taken.emplace(name, repetition->get<std::int64_t>()).second)
    place.fail(fmt::format("repetition {} of {} for the second time", repetition->dump(), name));
  Benchmark& benchmark = run.benchmarks[name];
  for (const auto& [key, value] : entry.items()) {
    const bool time = key == "real_time" || key == "cpu_time";
    if (time && !value.is_number()) place.fail(fmt::format("\"{}\" is not a number", key));
    if (!value.is_number() || bookkeeping.contains(key)) continue;
    const double number = value.get<double>();
    // What something costs beyond something else may be less than nothing.
    if (!std::isfinite(number) || std::abs(number) > most || (number < 0 && !key.starts_with("over_")))
      place.fail(fmt::format("\"{}\" is {}", key, value.dump()));
    benchmark[key].push_back(number);
  }
}

// Phases add up to the kernel's instructions; one that is forgotten would hide in a stacked bar.
void budget_check(const std::string& name, const Benchmark& benchmark, const Place& place) {
  const auto all = benchmark.find("kernel_instructions");
  double sum = 0;
  bool any = false;
  for (const auto& [key, samples] : benchmark)
    if (key.starts_with("budget_")) {
      any = true;
      sum += samples.front();
    }
  if (!any) return;
  if (all == benchmark.end()) place.fail(fmt::format("{} has a budget and no \"kernel_instructions\"", name));
  const double whole = all->second.front();
  if (std::abs(sum - whole) > std::max(1.0, 0.01 * whole))
    place.fail(fmt::format("{}: the phases of the budget add up to {:.0f}, not to \"kernel_instructions\", {:.0f}",
                           name, sum, whole));
}

std::string time_of(const std::string& name, const Json& context) {
  static const std::regex stamped(R"((\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-.*)");
  if (std::smatch part; std::regex_match(name, part, stamped)) {
    const std::string time = fmt::format("{}-{}-{}T{}:{}:{}Z", part[1].str(), part[2].str(), part[3].str(),
                                         part[4].str(), part[5].str(), part[6].str());
    if (!time_good(time)) Place{name, ""}.fail(fmt::format("there is no time {}, as the name has it", time));
    return time;
  }
  const Place place{name, "context"};
  if (!context.is_object()) place.fail("not an object");
  const std::string date = text_member(context, "date", place);
  if (!time_good(date)) place.fail(fmt::format("\"date\" is \"{}\", which is no ISO 8601 time", date));
  return date;
}

bool utf8_good(const std::string& text) {
  try {
    return !Json(text).dump().empty();
  } catch (const Json::type_error&) {
    return false;
  }
}

}  // namespace

RunFile run_file_parse(const std::string& name, std::string text) {
  RunFile run;
  run.name = name;
  if (!utf8_good(name)) throw BadFile(fmt::format("{}: the file's name is not UTF-8", name));
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw BadFile(fmt::format("{}: not JSON, at byte {} of {}", name, std::min(error.byte, text.size()), text.size()));
  } catch (const Json::out_of_range& error) {
    throw BadFile(fmt::format("{}: a number that is too large: {}", name, error.what()));
  }
  const Place place{run.name, ""};
  if (!json.is_object()) place.fail("not an object");
  run.context = member(json, "context", place);
  run.time = time_of(name, run.context);
  context_complete(run.context, run.time);
  context_check(run.context, Place{run.name, "context"});
  const Json& entries = member(json, "benchmarks", place);
  if (!entries.is_array() || entries.empty()) place.fail("\"benchmarks\" is not a list with something in it");
  Taken taken;
  for (std::size_t i = 0; i < entries.size(); ++i)
    entry_take(entries[i], run, taken, Place{run.name, fmt::format("benchmarks[{}]", i)});
  if (run.benchmarks.empty() && run.failures.empty())
    place.fail("only aggregates; run without --benchmark_report_aggregates_only");
  length_complete(run);
  for (const auto& [benchmark, values] : run.benchmarks) budget_check(benchmark, values, place);
  run.text = std::move(text);
  return run;
}

std::string file_read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  if (stream.peek() != std::ifstream::traits_type::eof()) text << stream.rdbuf();
  if (!stream.is_open() || stream.bad() || !text) throw BadFile(fmt::format("{}: can't be read", path.string()));
  return std::move(text).str();
}

std::vector<RunFile> run_files_read(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.is_regular_file() && entry.path().extension() == ".json") paths.push_back(entry.path());
  if (error) throw BadFile(fmt::format("{}: {}; make bench writes results", folder.string(), error.message()));
  if (paths.empty())
    throw BadFile(fmt::format("{}: no results there (*.json); make bench writes them", folder.string()));
  std::ranges::sort(paths);
  std::vector<RunFile> runs;
  std::vector<std::string> bad;
  for (const auto& path : paths) try {
      runs.push_back(run_file_parse(path.filename(), file_read(path)));
    } catch (const BadFile& why) {
      bad.emplace_back(why.what());
    }
  if (!bad.empty()) throw BadFile(fmt::format("{}", fmt::join(bad, "\n")));
  return runs;
}

}  // namespace qtee::dashboard
