// SPDX-License-Identifier: BSD-3-Clause
//
// What the private service tells of QTEE's state.
#pragma once

#include <vsoc/service.hpp>

namespace qtee::fw {

// What is alive. Invocations in flight include the caller's own, if it is one.
vsoc::Report report_make();
vsoc::Counters report_counters();

// Compares every figure of the report with the table that it sums up; logs what differs. Exact while no SMC runs.
bool report_audit();

}  // namespace qtee::fw
