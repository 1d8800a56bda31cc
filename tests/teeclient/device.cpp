// SPDX-License-Identifier: BSD-3-Clause
#include "device.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace qtee::tee {
namespace {

int kernel_ioctl(int fd, unsigned long request, void* argument) {
  const int ret = ::ioctl(fd, request, argument);
  return ret < 0 ? -errno : ret;
}

// Header and parameters in one 8-aligned piece, as every ioctl wants them.
template <typename Header>
std::vector<std::uint64_t> pack(const Header& header, const std::vector<Param>& params) {
  std::vector<std::uint64_t> words((sizeof(Header) + params.size() * sizeof(Param)) / 8);
  std::memcpy(words.data(), &header, sizeof(header));
  if (!params.empty()) {
    std::memcpy(words.data() + sizeof(Header) / 8, params.data(), params.size() * sizeof(Param));
  }
  return words;
}

template <typename Header>
void unpack(const std::vector<std::uint64_t>& words, Header& header, std::vector<Param>& params) {
  std::memcpy(&header, words.data(), sizeof(header));
  if (!params.empty()) {
    std::memcpy(params.data(), words.data() + sizeof(Header) / 8, params.size() * sizeof(Param));
  }
}

}  // namespace

std::string TeeDevice::default_path() {
  const char* path = std::getenv("QTEE_TEE_DEVICE");
  return path != nullptr ? path : "/dev/tee0";
}

std::shared_ptr<TeeDevice> TeeDevice::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), path);
  return std::shared_ptr<TeeDevice>(new TeeDevice(fd, kernel_ioctl));
}

std::shared_ptr<TeeDevice> TeeDevice::fake(Ioctl ioctl) {
  return std::shared_ptr<TeeDevice>(new TeeDevice(-1, std::move(ioctl)));
}

TeeDevice::~TeeDevice() { close(); }

void TeeDevice::close() {
  if (!open_) return;
  open_ = false;
  if (fd_ >= 0) ::close(fd_);
}

Version TeeDevice::version() const {
  struct tee_ioctl_version_data data = {};
  const int ret = control(TEE_IOC_VERSION, &data);
  if (ret < 0) throw std::system_error(-ret, std::generic_category(), "TEE_IOC_VERSION");
  return {data.impl_id, data.impl_caps, data.gen_caps};
}

int TeeDevice::control(unsigned long request, void* argument) const {
  if (!open_) return -EBADF;
  return ioctl_(fd_, request, argument);
}

Outcome TeeDevice::invoke(std::uint64_t id, std::uint32_t op, std::vector<Param>& params) const {
  return invoke_sized(id, op, params, static_cast<std::uint32_t>(params.size()),
                      sizeof(InvokeHeader) + params.size() * sizeof(Param));
}

Outcome TeeDevice::invoke_sized(std::uint64_t id, std::uint32_t op, std::vector<Param>& params,
                                std::uint32_t num_params, std::uint64_t buf_len) const {
  InvokeHeader header = {id, op, 0, num_params, 0};
  std::vector<std::uint64_t> words = pack(header, params);
  struct tee_ioctl_buf_data data = {reinterpret_cast<std::uintptr_t>(words.data()), buf_len};
  const int ret = control(TEE_IOC_OBJECT_INVOKE, &data);
  if (ret < 0) return {-ret, 0};
  unpack(words, header, params);
  return {0, static_cast<std::int32_t>(header.ret)};
}

int TeeDevice::receive(std::uint32_t& func, std::vector<Param>& params) const {
  ReceiveHeader header = {0, static_cast<std::uint32_t>(params.size())};
  std::vector<std::uint64_t> words = pack(header, params);
  struct tee_ioctl_buf_data data = {reinterpret_cast<std::uintptr_t>(words.data()), words.size() * 8};
  const int ret = control(TEE_IOC_SUPPL_RECV, &data);
  if (ret < 0) return -ret;
  unpack(words, header, params);
  if (header.num_params > params.size()) return EPROTO;
  params.resize(header.num_params);
  func = header.func;
  return 0;
}

int TeeDevice::send(std::uint32_t ret_code, std::vector<Param>& params) const {
  const SendHeader header = {ret_code, static_cast<std::uint32_t>(params.size())};
  std::vector<std::uint64_t> words = pack(header, params);
  struct tee_ioctl_buf_data data = {reinterpret_cast<std::uintptr_t>(words.data()), words.size() * 8};
  const int ret = control(TEE_IOC_SUPPL_SEND, &data);
  return ret < 0 ? -ret : 0;
}

}  // namespace qtee::tee
