// SPDX-License-Identifier: BSD-3-Clause
//
// Client environments: what registration gives out, and through which services are opened.
#pragma once

#include <cstdint>
#include <span>

#include "../call.hpp"
#include "cbor.hpp"

namespace qtee::fw {

// Who a client is, as it was told at registration.
struct Client {
  Credentials credentials;
  bool kernel = false;       // registered with NULL credentials
  bool whitelisted = false;  // may open only the UIDs below
  Buffer whitelist;          // u32[]
};

// Null where there is no memory.
TeeRef client_env_new(Client client);

// IClientEnv.open, (1,0,0,1), on behalf of that client.
Result client_env_open(Call& call, const Client& client);

}  // namespace qtee::fw
