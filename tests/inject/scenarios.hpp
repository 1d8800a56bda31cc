// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <vector>

#include "bench.hpp"
#include "scenario.hpp"

namespace qtee::inject {

using Scenarios = std::vector<std::unique_ptr<Scenario>>;

/// INVOKE, with parameters of all kinds.
void invoke_scenarios_add(Scenarios& scenarios, Bench& bench);
/// INVOKE that is called back, and needs message buffers that are not there.
void callback_scenarios_add(Scenarios& scenarios, Bench& bench);
/// ALLOC, and INVOKE in a message buffer.
void allocation_scenarios_add(Scenarios& scenarios, Bench& bench);
/// RECEIVE, REPLY, REPLY_RECEIVE.
void server_scenarios_add(Scenarios& scenarios, Bench& bench);
/// The other ioctls; opening, closing and polling; files for people.
void file_scenarios_add(Scenarios& scenarios, Bench& bench);

/// The ioctls of /dev/teeN, where it is.
void tee_scenarios_add(Scenarios& scenarios, Bench& bench);

/// Errors that INVOKE is documented to end with when memory or a user copy fails.
inline const std::vector<int> kInvokeErrors{ENOMEM, EFAULT, EAGAIN};
/// The same of RECEIVE and REPLY.
inline const std::vector<int> kServerErrors{ENOMEM, EFAULT};
/// What QTEE is told by an invoker that can't serve it.
inline const std::vector<std::int32_t> kCallbackResults{static_cast<std::int32_t>(Result::kernel_memory)};

}  // namespace qtee::inject
