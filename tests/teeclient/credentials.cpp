// SPDX-License-Identifier: BSD-3-Clause
#include "credentials.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "invocation.hpp"

namespace qtee::tee {
namespace {

enum class IioOp : std::uint32_t { get_length = 0, read_at_offset = 1, write_at_offset = 2 };
constexpr std::int32_t kErrorInvalid = 2;

// A CBOR unsigned integer in its shortest form.
void cbor_put_unsigned(std::vector<std::byte>& out, std::uint64_t value) {
  int bytes = 8;
  std::uint8_t head = 0x1B;
  if (value < 24) {
    out.push_back(static_cast<std::byte>(value));
    return;
  }
  if (value <= 0xFF) {
    bytes = 1;
    head = 0x18;
  } else if (value <= 0xFFFF) {
    bytes = 2;
    head = 0x19;
  } else if (value <= 0xFFFFFFFF) {
    bytes = 4;
    head = 0x1A;
  }
  out.push_back(static_cast<std::byte>(head));
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(value >> shift));
}

}  // namespace

std::vector<std::byte> credentials_encode(std::uint32_t uid, std::uint64_t time_ms) {
  std::vector<std::byte> out = {std::byte{0xA2}};  // map of 2
  cbor_put_unsigned(out, 1);
  cbor_put_unsigned(out, uid);
  cbor_put_unsigned(out, 6);
  cbor_put_unsigned(out, time_ms);
  return out;
}

std::vector<std::byte> Credentials::own() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return credentials_encode(
      ::getuid(), static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
}

std::int32_t Credentials::invoke(Request& request) {
  switch (static_cast<IioOp>(request.op())) {
    case IioOp::get_length: {
      if (!request.has_shape(0, 1, 0, 0)) return kErrorInvalid;
      length_calls_++;
      request.reply_value(0, static_cast<std::uint64_t>(content_.size()));
      return 0;
    }
    case IioOp::read_at_offset: {
      std::uint64_t offset = 0;
      if (!request.has_shape(1, 1, 0, 0) || !request.input_value(0, offset)) return kErrorInvalid;
      if (offset >= content_.size()) return kErrorInvalid;
      const std::size_t size = std::min<std::size_t>(request.output_sizes()[0], content_.size() - offset);
      request.reply(0, content_.data() + offset, size);
      bytes_read_ += size;
      return 0;
    }
    case IioOp::write_at_offset:
      break;
  }
  return kErrorInvalid;
}

Outcome client_register(Server& server, const std::shared_ptr<Callback>& credentials, std::uint32_t op, Object& env) {
  const std::uint64_t id = server.add(credentials);
  Received out;
  const Outcome outcome = Invocation(op).in_callback(server, id).out_object(out).run(Object::root(server.device()));
  server.remove(id);
  if (outcome.ok()) env = out.take();
  return outcome;
}

Outcome service_open(const Object& env, std::uint32_t uid, Object& service) {
  Received out;
  const Outcome outcome = Invocation(0).in_value(uid).out_object(out).run(env);
  if (outcome.ok()) service = out.take();
  return outcome;
}

}  // namespace qtee::tee
