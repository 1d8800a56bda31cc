// SPDX-License-Identifier: BSD-3-Clause
#include "prometheus.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "http.hpp"

namespace qtee::test {
namespace {

namespace fs = std::filesystem;

/// Text with what matches `pattern`, which there has to be, replaced.
std::string replaced(const std::string& text, const std::string& pattern, const std::string& by) {
  const std::regex regex(pattern);
  if (!std::regex_search(text, regex)) throw std::runtime_error("prometheus.yml has no " + pattern);
  return std::regex_replace(text, regex, by);
}

}  // namespace

Prometheus::Prometheus(std::uint16_t target) : port_(port_free()) {
  const fs::path source = QTEE_TREE "/dashboards/prometheus";
  std::ostringstream text;
  text << std::ifstream(source / "prometheus.yml").rdbuf();
  std::string configuration = replaced(text.str(), "_interval: 15s", "_interval: 2s");
  configuration = replaced(configuration, "127.0.0.1:9761", fmt::format("127.0.0.1:{}", target));
  configuration = replaced(configuration, "rules/", (source / "rules/").string());
  std::ofstream(folder_.path() / "prometheus.yml") << configuration;
}

void Prometheus::start() {
  process_ = std::make_unique<vsoc::test::Process>(
      std::vector<std::string>{QTEE_PROMETHEUS, "--config.file=" + (folder_.path() / "prometheus.yml").string(),
                               "--storage.tsdb.path=" + (folder_.path() / "data").string(),
                               fmt::format("--web.listen-address=127.0.0.1:{}", port_)});
  // It says so before it answers.
  if (!process_->wait_for("Server is ready to receive web requests", std::chrono::seconds(60)))
    throw std::runtime_error("Prometheus does not start: " + process_->so_far().err);
}

void Prometheus::kill() {
  process_->signal(SIGKILL);
  process_->wait(std::chrono::seconds(10));
  process_.reset();
}

Json Prometheus::api(const std::string& path) const {
  const HttpAnswer answer = http_get(port_, "/api/v1/" + path);
  const Json json = Json::parse(answer.body, nullptr, false);
  if (answer.status != 200 || json.is_discarded() || json.value("status", "") != "success")
    throw std::runtime_error(fmt::format("Prometheus: {}: {} {}", path, answer.status, answer.body));
  return json.at("data");
}

std::vector<Prometheus::Sample> Prometheus::query(const std::string& expression, std::optional<double> time) const {
  std::string path = "query?query=" + url_encode(expression);
  if (time) path += fmt::format("&time={:.3f}", *time);
  std::vector<Sample> samples;
  const Json data = api(path);
  for (const Json& one : data.at("result"))
    samples.push_back({one.at("metric").get<std::map<std::string, std::string>>(),
                       std::strtod(one.at("value").at(1).get<std::string>().c_str(), nullptr)});
  return samples;
}

std::optional<double> Prometheus::value(const std::string& expression, std::optional<double> time) const {
  const std::vector<Sample> samples = query(expression, time);
  if (samples.size() > 1) throw std::runtime_error(expression + " is not one value");
  return samples.empty() ? std::nullopt : std::optional(samples[0].value);
}

}  // namespace qtee::test
