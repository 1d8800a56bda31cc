// SPDX-License-Identifier: BSD-3-Clause
#include "alive.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace qtee::test {
namespace {

struct ReportField {
  const char* name;
  std::uint64_t vsoc::Report::* value;
};
constexpr ReportField kReportFields[] = {
    {"bridges", &vsoc::Report::bridges},  // first: may be left out
    {"TEE objects", &vsoc::Report::tee_objects},
    {"references to TEE objects", &vsoc::Report::tee_references},
    {"ids of callback objects", &vsoc::Report::ns_ids},
    {"releases queued", &vsoc::Report::ns_releases_queued},
    {"mappings", &vsoc::Report::mappings},
    {"calls in flight", &vsoc::Report::calls_in_flight},
    {"faults", &vsoc::Report::faults},
};

// Open as long as the process lives: looking them up takes longer than reading them.
const std::vector<DriverNumber>& driver_fields() {
  static const std::vector<DriverNumber> fields = [] {
    std::vector<DriverNumber> made;
    for (const char* name :
         {"statistics/tee_objects", "statistics/callback_ids", "statistics/messages_lost", "objects/releases_pending"})
      made.emplace_back(name);
    return made;
  }();
  return fields;
}

std::string field_name(std::size_t index) {
  if (index < std::size(kReportFields)) return kReportFields[index].name;
  index -= std::size(kReportFields);
  return index < driver_fields().size() ? "the driver's " + driver_fields()[index].name() : "open descriptors";
}

}  // namespace

std::size_t fds_open() {
  struct stat status{};
  if (::stat("/proc/self/fd", &status) != 0) throw std::system_error(errno, std::generic_category(), "/proc/self/fd");
  return static_cast<std::size_t>(status.st_size);
}

std::string driver_folder() {
  // It may hold a second device, of which it makes no use.
  for (const auto& device : std::filesystem::directory_iterator("/sys/bus/platform/drivers/qtee"))
    if (std::filesystem::exists(device.path() / "statistics")) return device.path().string() + "/";
  throw std::runtime_error("the driver is bound to no device");
}

DriverNumber::DriverNumber(const std::string& name) : name_(name) {
  const std::string path = driver_folder() + name;
  file_ = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file_) throw std::system_error(errno, std::generic_category(), path);
}

std::uint64_t DriverNumber::now() const {
  char text[32];
  const ssize_t got = ::pread(file_.get(), text, sizeof text, 0);
  std::uint64_t value = 0;
  if (got <= 0 || std::from_chars(text, text + got, value).ec != std::errc{})
    throw std::runtime_error("the driver does not tell its " + name_);
  return value;
}

std::uint64_t driver_number(const std::string& name) { return DriverNumber(name).now(); }

Alive Alive::now(const vsoc::Service& service) {
  Alive alive;
  const vsoc::Report report = service.report();
  for (const ReportField& field : kReportFields) alive.numbers_.push_back(report.*field.value);
  for (const DriverNumber& field : driver_fields()) alive.numbers_.push_back(field.now());
  alive.numbers_.push_back(fds_open());
  return alive;
}

std::vector<std::string> Alive::differences(const vsoc::Service& service, Bridges bridges,
                                            std::chrono::milliseconds timeout) const {
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const Alive after = now(service);
    std::vector<std::string> lines;
    for (std::size_t i = bridges == Bridges::counted ? 0 : 1; i < numbers_.size(); ++i) {
      if (after.numbers_[i] == numbers_[i]) continue;
      // Idle message buffers are given back, with their bridges, when memory is short.
      if (i == 0 && after.numbers_[i] < numbers_[i]) continue;
      lines.push_back(field_name(i) + ": " + std::to_string(after.numbers_[i]) + ", before " +
                      std::to_string(numbers_[i]));
    }
    if (lines.empty() || std::chrono::steady_clock::now() >= end) return lines;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace qtee::test
