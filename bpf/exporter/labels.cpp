// SPDX-License-Identifier: BSD-3-Clause
#include "labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "names.hpp"

namespace qtee::bpf {
namespace {

constexpr std::pair<std::uint32_t, const char*> kServices[] = {{3, "AppLoader"},
                                                               {122, "QSEEComCompatAppLoader"},
                                                               {143, "Diagnostics"},
                                                               {413, "uefisecapp"},
                                                               {2033, "FeatureVersions"}};

std::string service_label(std::uint32_t uid) {
  const auto found = std::ranges::find(kServices, uid, &std::pair<std::uint32_t, const char*>::first);
  if (found != std::end(kServices)) return found->second;
  return uid == METRICS_UID_UNKNOWN ? "service" : fmt::format("uid-{:#x}", uid);
}

/// What is between the brackets of "-11(EAGAIN)".
std::string bare(const std::string& name) {
  const std::size_t open = name.find('(');
  return open == name.npos ? name : name.substr(open + 1, name.size() - open - 2);
}

}  // namespace

std::string class_label(std::span<const metrics_class> classes, std::uint32_t index) {
  switch (index) {
    case METRICS_OTHER:
      return "other";
    case METRICS_UNKNOWN:
      return "unknown";
    case METRICS_ROOT:
      return "root";
    case METRICS_LINUX:
      return "linux";
  }
  if (index >= classes.size()) return "other";
  const metrics_class& one = classes[index];
  switch (one.origin) {
    case METRICS_ORIGIN_ENVIRONMENT:
      return "client-env";
    case METRICS_ORIGIN_SERVICE:
      return service_label(one.number);
    // A parent is older than its children.
    case METRICS_ORIGIN_CHILD:
      return one.parent < index ? fmt::format("{}/{}", class_label(classes, one.parent), one.number) : "other";
  }
  return "other";
}

std::string operation_label(std::uint32_t class_index, std::uint32_t op) {
  return class_index == METRICS_ROOT ? operation_name(kRootObject, op) : operation_name(op);
}

std::string code_label(const metrics_error& error) {
  return bare(error.is_errno ? error_name(error.code) : result_name(error.code));
}

}  // namespace qtee::bpf
