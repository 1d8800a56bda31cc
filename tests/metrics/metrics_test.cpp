// SPDX-License-Identifier: BSD-3-Clause
//
// The exporter in the guest, Prometheus on this machine, with the rules and the dashboard that people get.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "guest.hpp"
#include "http.hpp"
#include "prometheus.hpp"

namespace qtee::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The virtual SoC's private service, and what its operation 12 gives.
constexpr char kService[] = "uid-0x7e57c0de";
constexpr char kCreated[] = "uid-0x7e57c0de/12";
/// All kinds of work that metrics tell of.
constexpr char kLoad[] =
    "qtee-load --memory 2 --null 20 --work 2 --work-ms 5 --callback 2 --callback-ms 5 --echo 5 --fail 3 --result 12 "
    "--create 5 --miss 1";

std::string file_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

/// One boot for all tests: each begins with an exporter that is attached and a Prometheus that sees it.
class MetricsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    port_ = port_free();
    second_port_ = port_free();
    const char* const kernel = std::getenv("QTEE_TEST_KERNEL");
    guest_ = std::make_unique<Guest>(kernel ? kernel : "debian", port_, second_port_);
    guest_->exporter_start();
    prometheus_ = std::make_unique<Prometheus>(port_);
    prometheus_->start();
  }

  static void TearDownTestSuite() {
    prometheus_.reset();
    if (!guest_) return;
    // The kernel has not complained, and nothing is left alive in QTEE.
    const vsoc::test::Outcome outcome = guest_->end();
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    guest_.reset();
  }

  void SetUp() override {
    ASSERT_TRUE(guest_ && prometheus_);
    ASSERT_TRUE(becomes("sum(up * on (instance) qtee_exporter_attached)", 1));
  }

  static double value(const std::string& expression) { return prometheus_->value(expression).value_or(0); }

  static bool eventually(const std::function<bool()>& done) {
    for (int i = 0; i < 400; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(milliseconds(100));
    }
    return false;
  }
  static ::testing::AssertionResult becomes(const std::string& expression, double expected) {
    if (eventually([&] { return value(expression) == expected; })) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << expression << " is " << value(expression) << ", not " << expected;
  }

  static std::string calls(const std::string& class_label, const std::string& operation,
                           const std::string& phase = "total") {
    return fmt::format("sum(qtee_invocation_seconds_count{{class=\"{}\",operation=\"{}\",phase=\"{}\"}})", class_label,
                       operation, phase);
  }
  static std::string time(const std::string& operation, const std::string& phase) {
    return fmt::format("sum(qtee_invocation_seconds_sum{{class=\"{}\",operation=\"{}\",phase=\"{}\"}})", kService,
                       operation, phase);
  }

  /// What the exporter says, without Prometheus.
  static std::string exposition(std::uint16_t port) {
    const HttpAnswer answer = http_get(port, "/metrics");
    if (answer.status != 200) throw std::runtime_error(fmt::format("no metrics: {}", answer.status));
    return answer.body;
  }

  static inline std::uint16_t port_, second_port_;
  static inline std::unique_ptr<Guest> guest_;
  static inline std::unique_ptr<Prometheus> prometheus_;
};

TEST_F(MetricsTest, CountsAreExactAndTimesInTheirPhases) {
  const std::string failures = "sum(qtee_errors_total{kind=\"result\",code=\"12\"})";
  const std::string callbacks = fmt::format("sum(qtee_invocation_callbacks_total{{class=\"{}\"}})", kService);
  const std::string all = "sum(qtee_invocation_seconds_count{phase=\"total\"})",
                    sent = "sum(qtee_driver_invocations_total)";
  guest_->run("qtee-load --null 1");
  ASSERT_TRUE(becomes("sum(qtee_driver_releases_pending)", 0));
  // All of that has been scraped before it is taken for the beginning.
  ASSERT_TRUE(eventually([] { return value(calls(kService, "0")) >= 1; }));
  std::this_thread::sleep_for(seconds(3));
  struct Count {
    std::string expression;
    double grows;
  };
  std::vector<Count> counts = {{calls(kService, "0"), 25},
                               {calls(kService, "4"), 3},
                               {calls(kService, "4", "secure"), 3},
                               {calls(kService, "8", "server"), 2},
                               {calls(kService, "3"), 4},
                               {calls(kService, "12"), 6},
                               {calls(kCreated, "RELEASE"), 6},
                               {failures, 4},
                               {callbacks, 2}};
  std::vector<double> before;
  for (const Count& count : counts) before.push_back(value(count.expression));
  const double work = value(time("4", "secure")), server = value(time("8", "server"));
  const double all_before = value(all), sent_before = value(sent);

  guest_->run(
      "qtee-load --null 25 --work 3 --work-ms 20 --callback 2 --callback-ms 30 --fail 4 --result 12 --create 6");
  for (std::size_t i = 0; i < counts.size(); ++i)
    EXPECT_TRUE(becomes(counts[i].expression, before[i] + counts[i].grows));
  EXPECT_GE(value(time("4", "secure")) - work, 0.06);
  EXPECT_GE(value(time("8", "server")) - server, 0.06);
  // Phases add up to the whole.
  EXPECT_NEAR(
      value("sum(qtee_invocation_seconds_sum{phase!=\"total\"}) - sum(qtee_invocation_seconds_sum{phase=\"total\"})"),
      0, 1e-6);
  // Nobody else invokes, so what is sent is what is counted.
  EXPECT_TRUE(eventually([&] { return value(all) - all_before == value(sent) - sent_before; }))
      << value(all) - all_before << " of " << value(sent) - sent_before;
  EXPECT_EQ(value("sum(qtee_exporter_overflow_total)"), 0);
}

TEST_F(MetricsTest, WhatTheDriverCountsIsToldAsItIs) {
  const std::string folder = "cd -P /sys/class/misc/qtee/device/statistics && ";
  std::istringstream names(guest_->run(folder + "ls"));
  unsigned count = 0;
  for (std::string name; names >> name; ++count) {
    const std::string metric = fmt::format("sum({{__name__=~\"qtee_driver_{}(_total)?\"}})", name);
    // What is idle may be given back in between.
    EXPECT_TRUE(eventually([&] {
      return prometheus_->value(metric) == std::stod(guest_->run(folder + "cat " + name));
    })) << metric;
  }
  EXPECT_GT(count, 10u);
  std::string transport = guest_->run("cat /sys/class/misc/qtee/device/objects/transport");
  transport.erase(transport.find_last_not_of('\n') + 1);
  EXPECT_TRUE(becomes(fmt::format("sum(qtee_driver_info{{transport=\"{}\"}})", transport), 1));
  EXPECT_TRUE(becomes("sum(qtee_pool_limit_buffers{pool=\"pairs\"})", 128));
}

TEST_F(MetricsTest, EveryMetricIsDocumentedAndTheOtherWayRound) {
  guest_->run(kLoad);
  std::set<std::string> documented, told;
  std::istringstream page(file_text(QTEE_TREE "/dashboards/prometheus/README.md"));
  const std::regex row("\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\|.*");
  std::smatch match;
  for (std::string line; std::getline(page, line);)
    if (std::regex_match(line, match, row)) documented.insert(match.str(1) + " " + match.str(2));
  std::istringstream text(exposition(port_));
  for (std::string line; std::getline(text, line);)
    if (line.starts_with("# TYPE ") && !line.starts_with("# TYPE exposer_")) told.insert(line.substr(7));
  EXPECT_EQ(documented, told);
}

/// What Grafana makes of a query: its variables are one word each, or a regular expression.
std::string filled(std::string query, const std::string& instance, const std::string& class_label) {
  for (const auto& [name, text] : {std::pair<std::string, std::string>("$__rate_interval", "1m"),
                                   {"$instance", instance},
                                   {"$class", class_label}})
    for (std::size_t at = 0; (at = query.find(name, at)) != query.npos; at += text.size())
      query.replace(at, name.size(), text);
  EXPECT_EQ(query.find('$'), query.npos) << query;
  return query;
}

TEST_F(MetricsTest, ARowIsAsManySeriesAsIsDocumented) {
  guest_->run(kLoad);
  // Operation 8 calls back, and so has all phases.
  const std::string text = exposition(port_);
  const std::regex line(
      fmt::format("\nqtee_invocation_seconds_([a-z]+)\\{{class=\"{}\",operation=\"8\",phase=\"([a-z_]+)\"", kService));
  std::set<std::string> phases;
  std::map<std::string, unsigned> series;
  for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at) {
    phases.insert((*at)[2]);
    ++series[(*at)[1]];
  }
  EXPECT_EQ(phases.size(), 6u);
  EXPECT_EQ(series, (std::map<std::string, unsigned>{{"bucket", 6 * 25}, {"sum", 6}, {"count", 6}}));
  // And there are 64 rows, and the one for all others.
  EXPECT_NE(file_text(QTEE_TREE "/dashboards/prometheus/README.md").find(" 10,530 "), std::string::npos) << 65 * 6 * 27;
}

TEST_F(MetricsTest, EveryQueryOfTheDashboardHasData) {
  guest_->run(kLoad);
  std::this_thread::sleep_for(seconds(3));
  guest_->run(kLoad);
  const Json dashboard = Json::parse(file_text(QTEE_TREE "/dashboards/grafana/dashboards/qtee.json"));
  using Samples = std::vector<Prometheus::Sample>;
  const auto has_data = [](const std::string& query) {
    Samples samples;
    EXPECT_TRUE(eventually([&] {
      samples = prometheus_->query(query);
      return std::ranges::any_of(samples, [](const auto& sample) { return !std::isnan(sample.value); });
    })) << query;
    return samples;
  };
  // What can be chosen.
  const std::string board = fmt::format("127.0.0.1:{}", port_);
  std::map<std::string, std::set<std::string>> choices;
  const std::regex label_values("label_values\\((.*), (\\w+)\\)");
  std::smatch match;
  for (const Json& variable : dashboard.at("templating").at("list")) {
    if (variable.at("type") != "query") continue;
    const std::string text = variable.at("query").at("query"), name = variable.at("name");
    ASSERT_TRUE(std::regex_match(text, match, label_values)) << text;
    for (const auto& sample :
         has_data(fmt::format("count by ({}) ({})", match.str(2), filled(match.str(1), board, ""))))
      choices[name].insert(sample.labels.at(match.str(2)));
    EXPECT_EQ(variable.at("allValue"), ".*") << name;
  }
  EXPECT_EQ(choices["instance"], std::set<std::string>{board});
  EXPECT_TRUE(choices["class"].contains(kService) && choices["class"].contains("root"));

  std::set<int> ids;
  std::set<std::pair<int, int>> cells;
  unsigned queries = 0;
  for (const Json& panel : dashboard.at("panels")) {
    EXPECT_TRUE(ids.insert(panel.at("id").get<int>()).second) << panel.at("title") << ": its id is another's";
    const Json& place = panel.at("gridPos");
    for (int x = place.at("x"); x < place.at("x").get<int>() + place.at("w").get<int>(); ++x)
      for (int y = place.at("y"); y < place.at("y").get<int>() + place.at("h").get<int>(); ++y)
        EXPECT_TRUE(x < 24 && cells.emplace(x, y).second) << panel.at("title") << " stands on another";
    if (panel.at("type") == "row") continue;
    EXPECT_FALSE(panel.at("targets").empty()) << panel.at("title");
    for (const Json& target : panel.at("targets")) {
      const std::string query = target.at("expr"), legend = target.value("legendFormat", "");
      ++queries;
      // All that there is; this board and the class that has all kinds of invocations; and not another board.
      const Samples all = has_data(filled(query, ".*", ".*"));
      has_data(filled(query, board, kService));
      EXPECT_TRUE(prometheus_->query(filled(query, "another", ".*")).empty()) << query;
      const std::regex label("\\{\\{(\\w+)\\}\\}");
      for (std::sregex_iterator at(legend.begin(), legend.end(), label), end; at != end; ++at)
        for (const auto& sample : all) EXPECT_TRUE(sample.labels.contains((*at)[1])) << query << ": " << legend;
    }
  }
  EXPECT_GT(queries, 50u);
  // No alert fires on this board, so of these it is only known that Prometheus takes them.
  for (const Json& annotation : dashboard.at("annotations").at("list"))
    EXPECT_NO_THROW(prometheus_->query(filled(annotation.at("expr"), board, ".*"))) << annotation.at("name");
}

TEST_F(MetricsTest, EveryRuleIsEvaluatedAndEveryRecordHasData) {
  guest_->run(kLoad);
  const auto each = [&](const std::function<void(const Json&)>& rule) {
    const Json data = prometheus_->api("rules");
    for (const Json& group : data.at("groups"))
      for (const Json& one : group.at("rules")) rule(one);
  };
  unsigned records = 0, alerts = 0;
  ASSERT_TRUE(eventually([&] {
    bool all = true;
    each([&](const Json& rule) { all = all && rule.at("health") != "unknown"; });
    return all;
  }));
  each([&](const Json& rule) {
    EXPECT_EQ(rule.at("health"), "ok") << rule.dump(2);
    if (rule.at("type") == "alerting") {
      ++alerts;
      return;
    }
    ++records;
    const std::string name = rule.at("name");
    EXPECT_TRUE(eventually([&] {
      const auto samples = prometheus_->query(name);
      return std::ranges::any_of(samples, [](const auto& sample) { return !std::isnan(sample.value); });
    })) << name;
  });
  EXPECT_GT(records, 5u);
  EXPECT_GT(alerts, 5u);
}

TEST_F(MetricsTest, AServerThatDoesNotAnswerIsSeen) {
  const std::string oldest = "max(qtee_callback_oldest_seconds{state=\"received\"})";
  guest_->run("qtee-load --callback 1 --callback-ms 6000 > /dev/null 2>&1 &");
  EXPECT_TRUE(becomes("sum(qtee_callbacks_waiting{state=\"received\"})", 1));
  EXPECT_TRUE(eventually([&] { return value(oldest) > 2; })) << value(oldest);
  EXPECT_TRUE(becomes("sum(qtee_callbacks_waiting)", 0));
  EXPECT_EQ(value(oldest), 0);
}

TEST_F(MetricsTest, AnExporterThatIsKilledComesBack) {
  const std::string
      null = calls(kService, "0"),
      sent = "sum(qtee_driver_invocations_total)",
      resets = fmt::format(
          "sum(resets(qtee_invocation_seconds_count{{class=\"{}\",operation=\"0\",phase=\"total\"}}[20m]))", kService);
  guest_->run("qtee-load --null 9");
  std::this_thread::sleep_for(seconds(3));
  const double before = value(null), sent_before = value(sent), resets_before = value(resets), when = now();
  ASSERT_GE(before, 9);
  guest_->exporter_kill();
  EXPECT_TRUE(becomes("sum(up)", 0));
  EXPECT_FALSE(prometheus_->value(null)) << "nobody knows";
  // What is invoked meanwhile is the gap; the driver's counters have it all the same.
  guest_->run("qtee-load --null 20");
  guest_->exporter_start();
  EXPECT_TRUE(becomes("sum(up)", 1));
  guest_->run("qtee-load --null 7");
  EXPECT_TRUE(becomes(null, 7));
  EXPECT_TRUE(eventually([&] { return value(sent) >= sent_before + 27; })) << value(sent) << ", was " << sent_before;
  // What was before is kept, and that the counter began again is seen.
  EXPECT_EQ(prometheus_->value(null, when), before);
  EXPECT_TRUE(becomes(resets, resets_before + 1));
}

TEST_F(MetricsTest, APrometheusThatIsKilledComesBack) {
  const std::string null = calls(kService, "0");
  guest_->run("qtee-load --null 3");
  std::this_thread::sleep_for(seconds(3));
  const double before = value(null), when = now();
  prometheus_->kill();
  guest_->run("qtee-load --null 5");
  prometheus_->start();
  EXPECT_TRUE(becomes(null, before + 5));
  EXPECT_EQ(prometheus_->value(null, when), before);
  EXPECT_EQ(prometheus_->value("sum(up)", when), 1);
}

TEST_F(MetricsTest, ADriverThatIsUnloadedComesBack) {
  const std::string null = calls(kService, "0"), attachments = "sum(qtee_exporter_attachments_total)";
  guest_->run("qtee-load --null 3");
  std::this_thread::sleep_for(seconds(3));
  const double before = value(null), attached = value(attachments), when = now();
  ASSERT_GE(before, 3);
  guest_->driver_unload();
  EXPECT_TRUE(becomes("sum(qtee_up)", 0));
  EXPECT_EQ(value("sum(qtee_exporter_attached)"), 0);
  EXPECT_EQ(value(null), before) << "what was counted is still told";
  guest_->driver_load();
  EXPECT_TRUE(becomes("sum(qtee_exporter_attached)", 1));
  guest_->run("qtee-load --null 6");
  EXPECT_TRUE(becomes(null, before + 6));
  EXPECT_EQ(value(attachments), attached + 1);
  EXPECT_EQ(value("sum(qtee_up)"), 1);
  EXPECT_EQ(prometheus_->value(null, when), before);
}

TEST_F(MetricsTest, WhatThereIsNoRoomForIsCountedAsOther) {
  guest_->run(
      "qtee-exporter --listen 0.0.0.0:9762 --rows 2 --classes 8 2> /tmp/second.log & second=$!; "
      "for i in {1..600}; do grep -q Ctrl-C /tmp/second.log && break; sleep 0.1; done; cat /tmp/second.log");
  guest_->run("qtee-load --null 4 --create 2 --fail 1");
  const std::string text = exposition(second_port_);
  const std::regex count(
      "qtee_invocation_seconds_count\\{class=\"([^\"]*)\",operation=\"([^\"]*)\",phase=\"total\"\\} (\\d+)");
  unsigned rows = 0, others = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), count), end; at != end; ++at, ++rows)
    if ((*at)[1] == "other" && (*at)[2] == "other") others = static_cast<unsigned>(std::stoul((*at)[3]));
  EXPECT_EQ(rows, 3u) << text;
  EXPECT_GT(others, 4u) << text;
  EXPECT_NE(text.find(fmt::format("qtee_exporter_overflow_total{{what=\"rows\"}} {}\n", others)), text.npos) << text;
  const std::string taken = guest_->run("qtee-exporter --listen 0.0.0.0:9762 2>&1 && echo started || true");
  EXPECT_NE(taken.find("cannot listen on 0.0.0.0:9762"), taken.npos) << taken;
  guest_->run("kill $second; wait $second");
}

}  // namespace
}  // namespace qtee::test
