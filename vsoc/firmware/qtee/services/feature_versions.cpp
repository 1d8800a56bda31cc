// SPDX-License-Identifier: BSD-3-Clause
#include "../call.hpp"
#include "services.hpp"
#include "vsoc/interfaces.hpp"

namespace qtee::fw {
namespace {

namespace versions = vsoc::feature_versions;

class FeatureVersions final : public Object {
 public:
  FeatureVersions() : Object(Lifetime::fixed) {}

  Task<Result> invoke(Call& call, std::uint32_t op) override {
    std::uint32_t feature;
    if (op != versions::kGet || !call.shape(1, 1, 0, 0) || !call.in_value(0, feature))
      return Task<Result>::ready(kInvalid);
    if (feature != versions::kFeatureQtee) return Task<Result>::ready(versions::kErrorNotFound);
    return Task<Result>::ready(call.out_value(0, versions::kQteeVersion));
  }
};

}  // namespace

TeeRef feature_versions_new() { return object_new<FeatureVersions>(); }

}  // namespace qtee::fw
