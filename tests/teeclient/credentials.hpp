// SPDX-License-Identifier: BSD-3-Clause
//
// Who a client is, as QTEE asks for it when the client registers.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "server.hpp"

namespace qtee::tee {

// The CBOR map {1: uid, 6: milliseconds since 1970}.
std::vector<std::byte> credentials_encode(std::uint32_t uid, std::uint64_t time_ms);

// Serves bytes by the IIO interface: getLength, readAtOffset; writing is refused.
class Credentials final : public Callback {
 public:
  explicit Credentials(std::vector<std::byte> content) : content_(std::move(content)) {}
  // Of this process and this moment.
  static std::vector<std::byte> own();

  std::int32_t invoke(Request& request) override;

  // How often the length was asked for, and how many bytes were read.
  std::uint64_t length_calls() const { return length_calls_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::size_t size() const { return content_.size(); }

 private:
  std::vector<std::byte> content_;
  std::atomic<std::uint64_t> length_calls_ = 0;
  std::atomic<std::uint64_t> bytes_read_ = 0;
};

// Registers with the root object by operation `op` and credentials that `server` serves. `env` is the client
// environment on success.
inline constexpr std::uint32_t kOpRegister = 2;
inline constexpr std::uint32_t kOpRegisterWithCredentials = 5;
Outcome client_register(Server& server, const std::shared_ptr<Callback>& credentials, std::uint32_t op, Object& env);

// Opens a service of a client environment, or of a TA's opener.
Outcome service_open(const Object& env, std::uint32_t uid, Object& service);

}  // namespace qtee::tee
