// SPDX-License-Identifier: BSD-3-Clause
#include "client_env.hpp"

#include <cstring>

#include "../registry.hpp"
#include "vsoc/interfaces.hpp"

namespace qtee::fw {
namespace {

bool client_may_open(const Client& client, std::uint32_t uid) {
  if (!client.whitelisted) return true;
  for (std::size_t at = 0; at + sizeof uid <= client.whitelist.size(); at += sizeof uid)
    if (std::memcmp(client.whitelist.data() + at, &uid, sizeof uid) == 0) return true;
  return false;
}

class ClientEnv final : public Object {
 public:
  explicit ClientEnv(Client client) : client_(std::move(client)) {}

  Task<Result> invoke(Call& call, std::uint32_t op) override {
    return Task<Result>::ready(op == vsoc::client_env::kOpen ? client_env_open(call, client_) : kInvalid);
  }

 private:
  const Client client_;
};

}  // namespace

TeeRef client_env_new(Client client) { return object_new<ClientEnv>(std::move(client)); }

Result client_env_open(Call& call, const Client& client) {
  std::uint32_t uid;
  if (!call.shape(1, 0, 0, 1) || !call.in_value(0, uid)) return kInvalid;
  if (!client_may_open(client, uid)) return vsoc::opener::kErrorPrivilege;
  TeeRef service;
  if (const Result result = registry_open(uid, service)) return result;
  call.object_out(0, std::move(service));
  return kOk;
}

}  // namespace qtee::fw
