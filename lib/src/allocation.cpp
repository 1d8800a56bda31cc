// SPDX-License-Identifier: BSD-3-Clause
#include "allocation.hpp"

#include <fcntl.h>

#include "qtee/detail/uapi.hpp"
#include "qtee/transport.hpp"
#include "system_error.hpp"

namespace qtee {

Allocation allocate_for_tee(std::int32_t kind, std::size_t size, std::uint32_t flags, const char* what) {
  Transport& transport = Transport::current();
  const int device_fd = transport.open("/dev/qtee", O_RDWR | O_CLOEXEC);
  if (device_fd < 0) throw_errno(-device_fd, "open /dev/qtee");
  const FileDescriptor device(device_fd);

  qcom_tee_alloc_arg memory{};
  memory.size = size;
  memory.host_id = kind;
  memory.flags = flags;
  memory.fd_flags = O_RDWR | O_CLOEXEC;
  qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(&memory), sizeof memory};
  if (const int status = transport.ioctl(device.get(), QCOM_TEE_IOCTL_ALLOC, &data); status < 0)
    throw_errno(-status, what);
  return {FileDescriptor(memory.fd), static_cast<std::size_t>(memory.size)};
}

}  // namespace qtee
