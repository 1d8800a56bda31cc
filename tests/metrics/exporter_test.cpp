// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-exporter as the guest sees it, for kernels that can't be reached from outside: what it counts of known load,
// while itself and the driver come and go.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "alive.hpp"
#include "http.hpp"
#include "module.hpp"
#include "tool.hpp"

namespace qtee::test {
namespace {

constexpr std::uint16_t kPort = 9761;
/// The virtual SoC's private service.
constexpr char kService[] = "uid-0x7e57c0de";

class ExporterTest : public ::testing::Test {
 protected:
  /// Not as root, and with these capabilities.
  void run(const std::string& set, const std::vector<std::string>& options = {}) {
    std::vector<std::string> words = {"setpriv",
                                      "--reuid=65534",
                                      "--regid=65534",
                                      "--clear-groups",
                                      "--inh-caps=" + set,
                                      "--ambient-caps=" + set,
                                      "--bounding-set=" + set,
                                      "--no-new-privs",
                                      "qtee-exporter",
                                      "--listen",
                                      fmt::format("127.0.0.1:{}", kPort)};
    words.insert(words.end(), options.begin(), options.end());
    exporter_ = std::make_unique<Tool>(words);
  }

  /// As the unit has it.
  void start() {
    run("-all,+bpf,+perfmon,+sys_admin");
    ASSERT_TRUE(becomes("qtee_exporter_attached", 1));
  }

  void SetUp() override { start(); }

  static void load(const std::vector<std::string>& options) {
    std::vector<std::string> words = {"qtee-load"};
    words.insert(words.end(), options.begin(), options.end());
    const ToolOutput output = Tool::run(words);
    ASSERT_EQ(output.status, 0) << output.remarks;
  }

  /// All that it says, by name and labels.
  static std::map<std::string, double> metrics() {
    const HttpAnswer answer = http_get(kPort, "/metrics");
    std::map<std::string, double> all;
    std::istringstream lines(answer.status == 200 ? answer.body : "");
    for (std::string line; std::getline(lines, line);)
      if (const std::size_t end = line.rfind(' '); !line.starts_with('#') && end != line.npos)
        all[line.substr(0, end)] = std::strtod(line.c_str() + end, nullptr);
    return all;
  }
  static double metric(const std::string& name) {
    const auto all = metrics();
    const auto found = all.find(name);
    return found == all.end() ? 0 : found->second;
  }
  static ::testing::AssertionResult becomes(const std::string& name, double expected) {
    double value = 0;
    for (int i = 0; i < 300; ++i) {
      if ((value = metric(name)) == expected) return ::testing::AssertionSuccess();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return ::testing::AssertionFailure() << name << " is " << value << ", not " << expected;
  }

  static std::string calls(const std::string& operation, const std::string& phase = "total") {
    return fmt::format("qtee_invocation_seconds_count{{class=\"{}\",operation=\"{}\",phase=\"{}\"}}", kService,
                       operation, phase);
  }
  static std::string time(const std::string& operation, const std::string& phase) {
    return fmt::format("qtee_invocation_seconds_sum{{class=\"{}\",operation=\"{}\",phase=\"{}\"}}", kService, operation,
                       phase);
  }

  std::unique_ptr<Tool> exporter_;
};

TEST_F(ExporterTest, CountsAreExactAndTimesInTheirPhases) {
  const double sent = metric("qtee_driver_invocations_total");
  load({"--null", "25", "--work", "3", "--work-ms", "20", "--callback", "2", "--callback-ms", "30", "--fail", "4",
        "--result", "12"});
  EXPECT_TRUE(becomes("qtee_driver_releases_pending", 0));
  const auto all = metrics();
  EXPECT_EQ(all.at(calls("0")), 25);
  EXPECT_EQ(all.at(calls("4", "secure")), 3);
  EXPECT_EQ(all.at(calls("8", "server")), 2);
  EXPECT_EQ(all.at(calls("3")), 4);
  EXPECT_EQ(
      all.at(fmt::format("qtee_errors_total{{class=\"{}\",operation=\"3\",kind=\"result\",code=\"12\"}}", kService)),
      4);
  EXPECT_GE(all.at(time("4", "secure")), 0.06);
  EXPECT_GE(all.at(time("8", "server")), 0.06);
  // Phases add up to the whole, and what is counted is what was sent.
  double phases = 0, total = 0, counted = 0;
  for (const auto& [name, value] : all) {
    const bool whole = name.find("phase=\"total\"") != name.npos;
    if (name.starts_with("qtee_invocation_seconds_sum")) (whole ? total : phases) += value;
    if (name.starts_with("qtee_invocation_seconds_count") && whole) counted += value;
  }
  EXPECT_NEAR(phases, total, 1e-6);
  EXPECT_EQ(counted, all.at("qtee_driver_invocations_total") - sent);
}

TEST_F(ExporterTest, ThereIsAllThatTheDriverSays) {
  for (const char* name : {"invocations", "callbacks", "releases"})
    EXPECT_EQ(metric(fmt::format("qtee_driver_{}_total", name)),
              static_cast<double>(driver_number(std::string("statistics/") + name)))
        << name;
  EXPECT_TRUE(becomes("qtee_pool_limit_buffers{pool=\"pairs\"}", 128));
  EXPECT_EQ(metric("qtee_up"), 1);
}

TEST_F(ExporterTest, WithoutTraceEventsTheRestIsThereAndNeedsNoCapability) {
  exporter_.reset();
  run("-all", {"--no-trace"});
  ASSERT_TRUE(becomes("qtee_up", 1));
  load({"--null", "3"});
  EXPECT_EQ(metric("qtee_driver_invocations_total"), static_cast<double>(driver_number("statistics/invocations")));
  for (const auto& [name, value] : metrics()) EXPECT_FALSE(name.starts_with("qtee_invocation_")) << name;
  EXPECT_EQ(metric("qtee_exporter_attached"), 0);
}

TEST_F(ExporterTest, KilledItComesBackAtZero) {
  load({"--null", "5"});
  EXPECT_TRUE(becomes(calls("0"), 5));
  exporter_.reset();
  EXPECT_EQ(http_get(kPort, "/metrics").status, 0);
  load({"--null", "3"});
  start();
  load({"--null", "4"});
  EXPECT_TRUE(becomes(calls("0"), 4));
}

TEST_F(ExporterTest, TheDriverComesAndGoes) {
  load({"--null", "5"});
  EXPECT_TRUE(becomes(calls("0"), 5));
  const std::vector<std::string> modules = driver_unload();
  EXPECT_TRUE(becomes("qtee_exporter_attached", 0));
  EXPECT_EQ(metric("qtee_up"), 0);
  EXPECT_EQ(metric(calls("0")), 5) << "what was counted is still told";
  for (const std::string& name : modules) ASSERT_EQ(module_load(name), 0) << name;
  EXPECT_TRUE(becomes("qtee_exporter_attached", 1));
  EXPECT_EQ(metric("qtee_exporter_attachments_total"), 2);
  load({"--null", "6"});
  EXPECT_TRUE(becomes(calls("0"), 11));
}

}  // namespace
}  // namespace qtee::test
