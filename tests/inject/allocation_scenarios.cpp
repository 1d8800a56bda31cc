// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "scenarios.hpp"

namespace qtee::inject {
namespace {

constexpr std::size_t kBytes = 100'000;

qcom_tee_alloc_arg alloc_arg(std::int32_t kind) {
  qcom_tee_alloc_arg arg{};
  arg.size = kBytes;
  arg.host_id = kind;
  arg.fd_flags = O_RDWR | O_CLOEXEC;
  return arg;
}

FileDescriptor alloc(int device, std::int32_t kind) {
  qcom_tee_alloc_arg arg = alloc_arg(kind);
  return FileDescriptor(test::raw_ioctl_with(device, QCOM_TEE_IOCTL_ALLOC, arg) == 0 ? arg.fd : -1);
}

/// ALLOC, and what was made is closed.
class Alloc final : public Scenario {
 public:
  Alloc(Bench& bench, std::string name, std::int32_t kind)
      : Scenario(std::move(name), Rules{{ENOMEM, EFAULT}}), device_(bench.root().object().fd()), kind_(kind) {}

  void prepare() override { arg_ = alloc_arg(kind_); }
  Outcome act() override { return {test::raw_ioctl_with(device_, QCOM_TEE_IOCTL_ALLOC, arg_), 0}; }
  void clean(const Outcome& outcome) override {
    if (!outcome.ok()) return;
    expect(arg_.size >= kBytes && arg_.size % 4096 == 0, "a size that was not asked for");
    expect(::close(arg_.fd) == 0, "there is no descriptor");
  }

 private:
  const int device_;
  const std::int32_t kind_;
  qcom_tee_alloc_arg arg_{};
};

/// mmap of memory of ALLOC. The page tables are the kernel's to allocate.
class Map final : public Scenario {
 public:
  Map(Bench& bench, std::string name, std::int32_t kind)
      : Scenario(std::move(name), Rules{{ENOMEM}}), fd_(alloc(bench.root().object().fd(), kind)) {}

  Outcome act() override {
    memory_ = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    return {memory_ == MAP_FAILED ? errno : 0, 0};
  }
  void clean(const Outcome& outcome) override {
    if (outcome.ok()) ::munmap(memory_, kBytes);
  }

 private:
  const FileDescriptor fd_;
  void* memory_ = nullptr;
};

/// INVOKE with an input and an output in place, and one of each beside them.
class Placed final : public Scenario {
 public:
  explicit Placed(Bench& bench)
      : Scenario("invoke: in a message buffer", Rules{kInvokeErrors}),
        bench_(bench),
        buffer_(MessageBuffer::allocate(kBytes)) {
    std::ranges::generate(input(), [i = 0u]() mutable { return std::byte{vsoc::pattern(5, i++)}; });
  }

  void prepare() override {
    std::ranges::fill(output(), std::byte{});
    copied_ = {};
    call_.emplace(kOpMirror,
                  std::initializer_list<qcom_tee_param>{placed(true, input()), param_in(&kNumber, sizeof kNumber),
                                                        placed(false, output()), param_out(&copied_, sizeof copied_)});
  }
  Outcome act() override {
    const int error = call_->invoke(bench_.service_fd());
    return {error, error != 0 ? 0 : call_->head().result};
  }
  void clean(const Outcome& outcome) override {
    if (!outcome.ok()) return;
    expect(std::ranges::equal(input(), output()) && copied_ == kNumber, "the outputs are not what they should be");
  }

 private:
  static constexpr std::uint64_t kNumber = 0x1122334455667788;

  std::span<std::byte> input() const { return buffer_.bytes().first(40'000); }
  std::span<std::byte> output() const { return buffer_.bytes().last(40'000); }
  qcom_tee_param placed(bool in, std::span<const std::byte> part) const {
    return test::param_placed(buffer_.fd(), in, static_cast<std::uint32_t>(part.data() - buffer_.bytes().data()),
                              part.size());
  }

  Bench& bench_;
  const MessageBuffer buffer_;
  std::uint64_t copied_ = 0;
  std::optional<RawInvoke> call_;
};

}  // namespace

void allocation_scenarios_add(Scenarios& scenarios, Bench& bench) {
  for (const auto& [name, kind] : {std::pair<std::string, std::int32_t>{"memory object", QCOM_TEE_MEMORY_OBJECT},
                                   {"message buffer", QCOM_TEE_MESSAGE_BUFFER}}) {
    scenarios.push_back(std::make_unique<Alloc>(bench, "alloc: a " + name, kind));
    scenarios.push_back(std::make_unique<Map>(bench, "map: a " + name, kind));
  }
  scenarios.push_back(std::make_unique<Placed>(bench));
}

}  // namespace qtee::inject
