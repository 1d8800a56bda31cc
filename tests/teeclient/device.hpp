// SPDX-License-Identifier: BSD-3-Clause
//
// One open of a TEE device. Object ids and callback objects belong to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "uapi.hpp"

namespace qtee::tee {

// What TEE_IOC_VERSION tells.
struct Version {
  std::uint32_t impl_id;
  std::uint32_t impl_caps;
  std::uint32_t gen_caps;
};

// What an invocation ended with: `error` is an errno, 0 when QTEE answered; `result` is what it answered.
struct Outcome {
  int error = 0;
  std::int32_t result = 0;

  bool ok() const { return error == 0 && result == 0; }
};

class TeeDevice final {
 public:
  // Stands in for ioctl(2): returns 0 or more, or -errno.
  using Ioctl = std::function<int(int fd, unsigned long request, void* argument)>;

  // Opens the device at `path`; throws std::system_error.
  static std::shared_ptr<TeeDevice> open(const std::string& path = default_path());
  // A device without a kernel, for tests of this library.
  static std::shared_ptr<TeeDevice> fake(Ioctl ioctl);
  // $QTEE_TEE_DEVICE, or /dev/tee0.
  static std::string default_path();

  TeeDevice(const TeeDevice&) = delete;
  TeeDevice& operator=(const TeeDevice&) = delete;
  ~TeeDevice();

  // Closes the fd now; the kernel drops all that hangs on it, and objects of this device release nothing more.
  void close();
  bool is_open() const { return open_; }
  int fd() const { return fd_; }

  // Throws std::system_error.
  Version version() const;

  // One ioctl: what it returned, or -errno. Restarts nothing.
  int control(unsigned long request, void* argument) const;
  // OBJECT_INVOKE with these parameters, which come back as the kernel left them.
  Outcome invoke(std::uint64_t id, std::uint32_t op, std::vector<Param>& params) const;
  // The same ioctl with a buf_len that the caller chooses, for tests of what the kernel refuses.
  Outcome invoke_sized(std::uint64_t id, std::uint32_t op, std::vector<Param>& params, std::uint32_t num_params,
                       std::uint64_t buf_len) const;
  // SUPPL_RECV. `params` holds the meta parameter and empty ones; on success it is cut to what came, and `func` is
  // the operation. Returns 0 or an errno.
  int receive(std::uint32_t& func, std::vector<Param>& params) const;
  // SUPPL_SEND. Returns 0 or an errno.
  int send(std::uint32_t ret, std::vector<Param>& params) const;

 private:
  TeeDevice(int fd, Ioctl ioctl) : fd_(fd), open_(true), ioctl_(std::move(ioctl)) {}

  int fd_;
  bool open_;
  Ioctl ioctl_;
};

}  // namespace qtee::tee
