// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/credentials.hpp"

#include <unistd.h>

#include <algorithm>

#include "qtee/callback_request.hpp"

namespace qtee {
namespace {

enum class IoOp : std::uint32_t { get_length = 0, read_at_offset = 1, write_at_offset = 2 };

// An unsigned number in CBOR, in its shortest form.
void cbor_append_unsigned(std::vector<std::byte>& out, std::uint64_t value) {
  unsigned size = 0;
  std::uint8_t head = static_cast<std::uint8_t>(value);
  if (value > UINT32_MAX) {
    head = 0x1b, size = 8;
  } else if (value > UINT16_MAX) {
    head = 0x1a, size = 4;
  } else if (value > UINT8_MAX) {
    head = 0x19, size = 2;
  } else if (value > 23) {
    head = 0x18, size = 1;
  }
  out.push_back(std::byte{head});
  for (unsigned shift = size * 8; shift > 0;) {
    shift -= 8;
    out.push_back(static_cast<std::byte>(value >> shift & 0xff));
  }
}

}  // namespace

Credentials::Credentials(std::uint32_t uid, std::chrono::milliseconds since_epoch) {
  constexpr std::byte kMapOfTwo{0xa2};
  bytes_.push_back(kMapOfTwo);
  cbor_append_unsigned(bytes_, 1);
  cbor_append_unsigned(bytes_, uid);
  cbor_append_unsigned(bytes_, 6);
  cbor_append_unsigned(bytes_, static_cast<std::uint64_t>(since_epoch.count()));
}

Credentials Credentials::of_process() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return Credentials(::getuid(), std::chrono::duration_cast<std::chrono::milliseconds>(now));
}

CallbackObject Credentials::serve(CallbackServer& server) const {
  return server.add([bytes = bytes_](CallbackRequest& request) {
    switch (static_cast<IoOp>(request.op().value())) {
      case IoOp::get_length:
        request.expect(0, 1, 0, 0);
        request.set_output(0, std::uint64_t{bytes.size()});
        return Result::ok;
      case IoOp::read_at_offset: {
        request.expect(1, 1, 0, 0);
        const auto asked = request.input<std::uint64_t>(0);
        if (asked >= bytes.size()) return Result::invalid;
        const auto offset = static_cast<std::size_t>(asked);
        const std::size_t size = std::min(bytes.size() - offset, request.output_capacity(0));
        request.set_output(0, std::span(bytes).subspan(offset, size));
        return Result::ok;
      }
      default:
        return Result::invalid;
    }
  });
}

}  // namespace qtee
