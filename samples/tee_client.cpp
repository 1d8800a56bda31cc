// SPDX-License-Identifier: BSD-3-Clause
//
// tee-client [DEVICE]: a client of QTEE that knows no more than <linux/tee.h>, as libqcomtee does. It becomes a client
// with credentials of its own, asks the Diagnostics service about QTEE's heap, and runs on mainline's driver and on
// ours alike.
#include <fcntl.h>
#include <linux/tee.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <system_error>
#include <thread>

// Headers of kernels before 6.18 know nothing of objects.
#ifndef TEE_IOC_OBJECT_INVOKE
#define TEE_IOC_OBJECT_INVOKE _IOR(TEE_IOC_MAGIC, TEE_IOC_BASE + 10, struct tee_ioctl_buf_data)
#define TEE_OBJREF_NULL UINT64_MAX
enum : std::uint64_t {
  TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT = 8,
  TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT = 9,
  TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT = 11,
  TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT = 12,
};
#endif

namespace {

using Param = struct tee_ioctl_param;

// Flags of an object reference: which side hosts it.
constexpr std::uint64_t kHostUser = 2;
// Operations: of the root object, of a client environment, of Diagnostics, of credentials, and of any object.
constexpr std::uint32_t kRootRegister = 2;
constexpr std::uint32_t kEnvOpen = 0;
constexpr std::uint32_t kHeapInfo = 0;
constexpr std::uint32_t kGetLength = 0;
constexpr std::uint32_t kReadAtOffset = 1;
constexpr std::uint32_t kRelease = 0xFFFF;
constexpr std::uint32_t kDiagnosticsUid = 143;
constexpr std::uint64_t kMetaReceive = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INOUT | TEE_IOCTL_PARAM_ATTR_META;
constexpr std::uint64_t kMetaSend = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT | TEE_IOCTL_PARAM_ATTR_META;

Param buffer(std::uint64_t attr, const void* data, std::size_t size) {
  return {attr, reinterpret_cast<std::uintptr_t>(data), size, 0};
}

template <typename Message>
int call(int fd, unsigned long command, Message& message, std::size_t size) {
  struct tee_ioctl_buf_data data = {reinterpret_cast<std::uintptr_t>(&message), size};
  return ::ioctl(fd, command, &data);
}

// Invokes an object; what comes out is in the parameters then. Throws unless all went well.
void invoke(int fd, std::uint64_t object, std::uint32_t op, std::span<Param> params) {
  struct {
    std::uint64_t id;
    std::uint32_t op, ret, num_params, pad;
    std::array<Param, 4> params;
  } message = {object, op, 0, static_cast<std::uint32_t>(params.size()), 0, {}};
  std::ranges::copy(params, message.params.begin());
  if (call(fd, TEE_IOC_OBJECT_INVOKE, message, 24 + params.size_bytes()) != 0) {
    throw std::system_error(errno, std::generic_category(), "OBJECT_INVOKE");
  }
  if (message.ret != 0) throw std::runtime_error("QTEE answers " + std::to_string(static_cast<int>(message.ret)));
  std::ranges::copy_n(message.params.begin(), static_cast<std::ptrdiff_t>(params.size()), params.begin());
}

// A CBOR map of the user's id and the time in ms, which is what clients say of themselves.
std::array<unsigned char, 13> credentials() {
  std::array<unsigned char, 13> bytes = {0xa2, 0x01, 0x00, 0x06, 0x1b};
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  for (unsigned i = 0; i < 8; i++) bytes[5 + i] = static_cast<unsigned char>(now >> (56 - 8 * i));
  return bytes;
}

// Serves the credentials until QTEE lets them go.
void serve(int fd) {
  const auto bytes = credentials();
  const std::uint64_t length = bytes.size();
  std::array<std::uint64_t, 128> area = {};
  for (;;) {
    struct {
      std::uint32_t word, num_params;  // the operation, or the answer
      std::array<Param, 11> params;
    } message = {0, 11, {}};
    message.params[0] = buffer(kMetaReceive, area.data(), sizeof(area));
    if (call(fd, TEE_IOC_SUPPL_RECV, message, sizeof(message)) != 0 || message.word == kRelease) return;

    std::uint64_t offset = 0;
    Param& out = message.params[message.num_params - 1];
    message.params[0] = {kMetaSend, message.params[0].b, 0, 0};
    if (message.word == kGetLength && message.num_params == 2 && out.b >= sizeof(length)) {
      out = buffer(out.attr, &length, sizeof(length));
    } else if (message.word == kReadAtOffset && message.num_params == 3 && message.params[1].b == sizeof(offset)) {
      std::memcpy(&offset, reinterpret_cast<void*>(message.params[1].a), sizeof(offset));
      offset = std::min(offset, length);
      out = buffer(out.attr, bytes.data() + offset, std::min<std::uint64_t>(out.b, length - offset));
    } else {
      message.word = 2;  // INVALID
      message.num_params = 1;
    }
    if (message.num_params > 1) message.word = 0;
    call(fd, TEE_IOC_SUPPL_SEND, message, 8 + message.num_params * sizeof(Param));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* const path = argc > 1 ? argv[1] : "/dev/tee0";
  const int fd = ::open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    std::perror(path);
    return 1;
  }
  try {
    std::jthread server(serve, fd);
    constexpr std::uint64_t kCredentials = 1;  // our number for them
    std::array env = {Param{TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT, kCredentials, kHostUser, 0},
                      Param{TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT, 0, 0, 0}};
    invoke(fd, TEE_OBJREF_NULL, kRootRegister, env);

    std::array service = {buffer(TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT, &kDiagnosticsUid, sizeof(kDiagnosticsUid)),
                          Param{TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT, 0, 0, 0}};
    invoke(fd, env[1].a, kEnvOpen, service);

    std::array<std::uint32_t, 6> heap = {};
    std::array info = {buffer(TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT, heap.data(), sizeof(heap))};
    invoke(fd, service[1].a, kHeapInfo, info);
    std::printf("QTEE's heap: %u bytes, %u in use, %u free\n", heap[0], heap[1], heap[2]);

    invoke(fd, service[1].a, kRelease, {});
    invoke(fd, env[1].a, kRelease, {});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", path, error.what());
    std::_Exit(1);  // the server may wait for ever
  }
  return 0;
}
