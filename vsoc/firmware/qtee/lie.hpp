// SPDX-License-Identifier: BSD-3-Clause
//
// Lies: how the private service's operation `lie` bends what its own call puts on the wire. The bookkeeping of QTEE
// stays true behind every one of them; lie.cpp says for each kind what is counted, and what of Linux's reaction is
// forgiven.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vsoc/service.hpp>

#include "object.hpp"

namespace qtee::fw {

class Call;
struct CallState;

struct Lie {
  vsoc::LieKind kind = vsoc::LieKind::none;
  std::uint32_t op = 0;
  std::uint64_t value = 0;
  bool callback_open = false;  // the next callback request of the call is the one to bend

  explicit operator bool() const { return kind != vsoc::LieKind::none; }
  bool is_answer() const { return in(1, 19); }
  bool is_async() const { return in(20, 39); }
  bool is_callback() const { return in(40, 59); }

 private:
  bool in(std::uint32_t first, std::uint32_t last) const {
    const auto number = static_cast<std::uint32_t>(kind);
    return first <= number && number <= last;
  }
};

// Why the private service can't tell this lie with these arguments, nullptr where it can.
const char* lie_refusal(const Call& call, const vsoc::LieRequest& request);

// Bends the callback request that lies in the outbound buffer, and writes what stands behind it.
void lie_bend_request(CallState& call);

// Whether the objects hosted in QTEE are left out of the bent request: a Linux that refuses the request as a whole may
// never see them, and would not release them.
bool lie_hides_tee_objects(const CallState& call);

// After the outputs were written: bends the answer in the inbound buffer.
void lie_bend_answer(CallState& call);

// Writes the asynchronous messages of a final answer, in place of the queue's.
void lie_write_async(CallState& call);

// x1 of the final answer.
std::uint64_t lie_response_type(const CallState& call);

// Whether Linux reads no answer behind this lie, so that no reference may be counted for it.
bool lie_loses_answer(const CallState& call);

}  // namespace qtee::fw
