// SPDX-License-Identifier: BSD-3-Clause
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "actors.hpp"
#include "vsoc/service.hpp"

namespace qtee::hostile {
namespace {

// Header and parameters in one piece, with room to lie about how many there are.
class Invoke {
 public:
  Invoke(const World& world, Random& random) {
    const bool root = random() % 8 == 0;
    fd_ = random() % 16 == 0 ? world.descriptors.any(random) : root ? world.root : world.service;
    count_ = random() % 16 == 0 ? random() % 70 : random() % 8;
    bytes_.resize(sizeof(qcom_tee_object_invoke_arg) + count_ * sizeof(qcom_tee_param));
    for (std::size_t i = 0; i < count_; i++) set(i, garbage_param(world, random));

    qcom_tee_object_invoke_arg head{};
    head.num_params = static_cast<std::uint32_t>(random() % 16 == 0 ? random() : count_);
    head.op = root ? static_cast<std::uint32_t>(random() % 12) : service_op(world, random);
    if (random() % 32 == 0) head.op = static_cast<std::uint32_t>(random()) | 0xFFFC;
    std::memcpy(bytes_.data(), &head, sizeof head);
  }

  void run(World& world, Random& random) {
    qcom_tee_ioctl_data data{reinterpret_cast<std::uintptr_t>(bytes_.data()), bytes_.size()};
    if (random() % 16 == 0) data.buf_ptr = world.pages.address(random);
    if (random() % 16 == 0) data.buf_len = garbage_length(random);
    const int ret = ioctl(fd_, QCOM_TEE_IOCTL_INVOKE, random() % 64 == 0 ? nullptr : &data);
    world.calls.fetch_add(1, std::memory_order_relaxed);
    if (ret != 0 || data.buf_ptr != reinterpret_cast<std::uintptr_t>(bytes_.data())) return;
    qcom_tee_object_invoke_arg head;
    std::memcpy(&head, bytes_.data(), sizeof head);
    if (head.result != 0) return;
    world.successes.fetch_add(1, std::memory_order_relaxed);
    close_outputs(head.num_params);
  }

 private:
  void set(std::size_t i, const qcom_tee_param& param) {
    std::memcpy(bytes_.data() + sizeof(qcom_tee_object_invoke_arg) + i * sizeof param, &param, sizeof param);
  }
  qcom_tee_param get(std::size_t i) const {
    qcom_tee_param param;
    std::memcpy(&param, bytes_.data() + sizeof(qcom_tee_object_invoke_arg) + i * sizeof param, sizeof param);
    return param;
  }

  // Operations that end by themselves: no `work` for a random time, nothing that changes the firmware's ways for good.
  std::uint32_t service_op(const World& world, Random& random) {
    using vsoc::Op;
    constexpr Op ops[] = {Op::null, Op::echo, Op::mirror, Op::mirror, Op::mirror,   Op::fail, Op::nest, Op::callback,
                          Op::hold, Op::give, Op::drop,   Op::create, Op::checksum, Op::map,  Op::lie};
    const Op op = ops[random() % std::size(ops)];
    // What is structured has to look right to get anywhere.
    if (op == Op::callback || op == Op::lie || op == Op::nest) make_callback(world, random, op);
    return static_cast<std::uint32_t>(op);
  }

  void make_callback(const World& world, Random& random, vsoc::Op op) {
    const auto request = world.pages.good().subspan(random() % 64 * 64, sizeof(vsoc::LieRequest));
    const auto kind = static_cast<std::uint32_t>(random() % 60);
    if (op == vsoc::Op::lie) {
      const vsoc::LieRequest lie{kind, static_cast<std::uint32_t>(random() % 8),
                                 random() % 4 ? random() % 8192 : random()};
      std::memcpy(request.data(), &lie, sizeof lie);
    } else {
      const vsoc::CallbackRequest callback{static_cast<std::uint32_t>(random() % 8), 1};
      std::memcpy(request.data(), &callback, sizeof callback);
    }
    const std::size_t size = op == vsoc::Op::nest       ? sizeof(std::uint32_t)
                             : op == vsoc::Op::callback ? sizeof(vsoc::CallbackRequest)
                                                        : sizeof(vsoc::LieRequest);
    count_ = std::max<std::size_t>(count_, 3);
    bytes_.resize(sizeof(qcom_tee_object_invoke_arg) + count_ * sizeof(qcom_tee_param));
    qcom_tee_param param{};
    param.attr = QCOM_TEE_BUFFER;
    param.direction = 1;
    param.buffer.addr = reinterpret_cast<std::uintptr_t>(request.data());
    param.buffer.len = size;
    set(0, param);
    param = {};
    param.attr = QCOM_TEE_OBJECT;
    param.direction = 1;
    param.object.host_id = world.servers[random() % world.servers.size()];
    param.object.id = random() % 100;
    set(1, param);
    param = {};
    param.attr = QCOM_TEE_BUFFER;
    param.buffer.addr = reinterpret_cast<std::uintptr_t>(world.pages.good().data() + 8192);
    param.buffer.len = 4;
    set(2, param);
  }

  void close_outputs(std::size_t count) {
    for (std::size_t i = 0; i < std::min(count, count_); i++) {
      const qcom_tee_param param = get(i);
      if (param.direction == 0 && param.attr == QCOM_TEE_OBJECT && param.object.host_id < 0)
        close(static_cast<int>(param.object.id));
    }
  }

  int fd_ = -1;
  std::size_t count_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace

void act_as_client(World& world, std::uint64_t seed) {
  Random random(seed);
  while (!world.stop.load(std::memory_order_relaxed)) Invoke(world, random).run(world, random);
}

}  // namespace qtee::hostile
