// SPDX-License-Identifier: BSD-3-Clause
//
// The object part of <linux/tee.h>, for headers older than 6.18 that lack it. Layouts are the kernel's user API.
#pragma once

#include <linux/tee.h>
#include <sys/ioctl.h>

#include <cstdint>

#ifndef TEE_IMPL_ID_QTEE
#define TEE_IMPL_ID_QTEE 4
#endif
#ifndef TEE_GEN_CAP_OBJREF
#define TEE_GEN_CAP_OBJREF (1 << 4)
#endif
#ifndef TEE_OBJREF_NULL
#define TEE_OBJREF_NULL (static_cast<std::uint64_t>(-1))
#endif
#ifndef TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT
#define TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT 8
#define TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT 9
#define TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INOUT 10
#endif
#ifndef TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT
#define TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT 11
#define TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT 12
#define TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INOUT 13
#endif
#ifndef TEE_IOC_OBJECT_INVOKE
#define TEE_IOC_OBJECT_INVOKE _IOR(TEE_IOC_MAGIC, TEE_IOC_BASE + 10, struct tee_ioctl_buf_data)
#endif

namespace qtee::tee {

// One parameter as the kernel has it; the meaning of a, b and c depends on attr.
using Param = struct tee_ioctl_param;

// What stands before the parameters of each ioctl. The kernel's structs end in flexible arrays, which C++ has not.
struct InvokeHeader {
  std::uint64_t id;
  std::uint32_t op;
  std::uint32_t ret;
  std::uint32_t num_params;
  std::uint32_t pad;
};
struct ReceiveHeader {
  std::uint32_t func;
  std::uint32_t num_params;
};
struct SendHeader {
  std::uint32_t ret;
  std::uint32_t num_params;
};

// What SHM_REGISTER_FD takes, which came with the object part.
struct RegisterFd {
  std::int64_t fd;
  std::uint64_t size;
  std::uint32_t flags;
  std::int32_t id;
};
inline constexpr unsigned long kIocRegisterFd = _IOWR(TEE_IOC_MAGIC, TEE_IOC_BASE + 8, RegisterFd);

// Who hosts an object: word b of an object parameter. Not in the kernel's header; every client repeats them.
enum RefFlag : std::uint64_t { kRefTee = 1, kRefUser = 2, kRefMemory = 4 };

inline constexpr std::uint32_t kOpRelease = 0xFFFF;
inline constexpr std::uint32_t kOpRetain = 0xFFFE;
inline constexpr std::uint32_t kParamsMax = 64;

static_assert(sizeof(Param) == 32);
static_assert(sizeof(InvokeHeader) == 24);
static_assert(sizeof(ReceiveHeader) == 8);
static_assert(sizeof(SendHeader) == 8);
static_assert(sizeof(RegisterFd) == 24);
static_assert(kIocRegisterFd == 0xC018A408);
static_assert(TEE_IOC_OBJECT_INVOKE == 0x8010A40A);
static_assert(TEE_IOC_SUPPL_RECV == 0x8010A406);
static_assert(TEE_IOC_SUPPL_SEND == 0x8010A407);
static_assert(TEE_IOC_VERSION == 0x800CA400);
static_assert(TEE_IOC_SHM_ALLOC == 0xC010A401);

}  // namespace qtee::tee
