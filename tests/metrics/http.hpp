// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace qtee::test {

struct HttpAnswer {
  int status = 0;  // 0: nobody there, or no answer
  std::string body;
};

/// GET at 127.0.0.1.
HttpAnswer http_get(std::uint16_t port, const std::string& path);

/// For a parameter of a path.
std::string url_encode(const std::string& text);

/// A TCP port of 127.0.0.1 that nobody has at this moment.
std::uint16_t port_free();

}  // namespace qtee::test
