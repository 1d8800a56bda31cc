// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include "alive.hpp"
#include "scenarios.hpp"

namespace qtee::inject {
namespace {

constexpr char kRoot[] = "/dev/qtee";
constexpr char kServer[] = "/dev/qtee-ree";

Outcome outcome_of(long value) { return {value < 0 ? errno : 0, 0}; }

/// A call that leaves nothing.
class Plain final : public Scenario {
 public:
  Plain(std::string name, Rules rules, std::function<Outcome()> call)
      : Scenario(std::move(name), std::move(rules)), call_(std::move(call)) {}
  Outcome act() override { return call_(); }

 private:
  const std::function<Outcome()> call_;
};

class Open final : public Scenario {
 public:
  Open(const char* path, Rules rules) : Scenario(std::string("open: ") + path, std::move(rules)), path_(path) {}
  Outcome act() override {
    fd_ = FileDescriptor(::open(path_, O_RDWR | O_CLOEXEC));
    return outcome_of(fd_.get());
  }
  void clean(const Outcome&) override { fd_.reset(); }

 private:
  const char* const path_;
  FileDescriptor fd_;
};

/// Never fails, whatever it meets.
Rules close_rules() {
  Rules rules;
  rules.may_have_no_points = true;
  return rules;
}

class Close final : public Scenario {
 public:
  Close(std::string name, std::function<FileDescriptor()> open)
      : Scenario(std::move(name), close_rules()), open_(std::move(open)) {}
  void prepare() override { fd_ = open_(); }
  Outcome act() override { return outcome_of(::close(fd_.release())); }

 private:
  const std::function<FileDescriptor()> open_;
  FileDescriptor fd_;
};

/// A server goes that has a request under way, one in its queue, and a notification.
class CloseBusyServer final : public Scenario {
 public:
  explicit CloseBusyServer(Bench& bench) : Scenario("close: a busy server", close_rules()), bench_(bench) {}

  void prepare() override {
    ids_ = bench_.callback_ids();
    server_ = test::server_open();
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      calls_[i].emplace(kOpCallback, std::initializer_list<qcom_tee_param>{param_in(&kRequest, sizeof kRequest),
                                                                           param_object(2, server_.get())});
      invokers_[i] = invoke_elsewhere(bench_.service_fd(), *calls_[i]);
      request_wait(server_.get());
      RawRequest request;
      if (i == 0 && request.receive(server_.get()) != 0) throw std::runtime_error("a request can't be received");
    }
    RawInvoke passed(kOpMirror, {param_object(3, server_.get())});
    expect(passed.invoke(bench_.service_fd()) == 0, "the object can't be passed");
    bench_.settle(ids_ + calls_.size());
  }
  Outcome act() override { return outcome_of(::close(server_.release())); }
  void clean(const Outcome&) override {
    for (auto& invoker : invokers_) {
      const Outcome invoked = invoker.get();
      expect(invoked.error == 0 && invoked.result == static_cast<std::int32_t>(Result::defunct),
             fmt::format("an invoker gets error {}, result {}", invoked.error, invoked.result));
    }
    bench_.settle(ids_);
  }

 private:
  static constexpr vsoc::CallbackRequest kRequest{5, 1};

  Bench& bench_;
  std::uint64_t ids_ = 0;
  FileDescriptor server_;
  std::array<std::optional<RawInvoke>, 2> calls_;
  std::array<std::future<Outcome>, 2> invokers_;
};

/// Opens, reads and closes a file.
Outcome file_read(const char* path) {
  std::array<char, 4096> text{};
  const FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return outcome_of(-1);
  return outcome_of(::read(file.get(), text.data(), text.size()));
}

}  // namespace

void file_scenarios_add(Scenarios& scenarios, Bench& bench) {
  const Rules copies{{EFAULT}};
  const Rules allocates{{ENOMEM, EFAULT}};
  const auto plain = [&](std::string name, Rules rules, std::function<Outcome()> call) {
    scenarios.push_back(std::make_unique<Plain>(std::move(name), std::move(rules), std::move(call)));
  };
  const auto version = [](int fd) {
    qcom_tee_version_arg arg{};
    return Outcome{test::raw_ioctl_with(fd, QCOM_TEE_IOCTL_VERSION, arg), 0};
  };

  plain("version: /dev/qtee", copies, [&bench, version] { return version(bench.root().object().fd()); });
  plain("version: /dev/qtee-ree", copies, [&bench, version] { return version(bench.server()); });
  plain("server: timeout", copies, [&bench] {
    qcom_tee_server_arg arg{0, 0};
    return Outcome{test::raw_ioctl_with(bench.server(), QCOM_TEE_IOCTL_SERVER, arg), 0};
  });
  // More than poll() keeps on its stack.
  plain("poll", allocates, [&bench] {
    std::array<pollfd, 300> fds;
    fds.fill({bench.server(), POLLIN, 0});
    return outcome_of(::poll(fds.data(), fds.size(), 0));
  });

  scenarios.push_back(std::make_unique<Open>(kRoot, allocates));
  scenarios.push_back(std::make_unique<Open>(kServer, allocates));
  scenarios.push_back(std::make_unique<Close>("close: /dev/qtee", test::root_open));
  scenarios.push_back(std::make_unique<Close>("close: /dev/qtee-ree", [] { return test::server_open(); }));
  scenarios.push_back(std::make_unique<Close>("close: a TEE object",
                                              [&bench] { return FileDescriptor(bench.service().create().release()); }));
  scenarios.push_back(std::make_unique<CloseBusyServer>(bench));

  // Looked for here: what fails in the scenario is the file's opening and writing, not the search for it.
  plain("sysfs: flush", Rules{kInvokeErrors}, [path = test::driver_folder() + "objects/flush"] {
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file ? outcome_of(::write(file.get(), "1", 1)) : outcome_of(-1);
  });
  plain("debugfs: objects", allocates, [] { return file_read("/sys/kernel/debug/qtee/objects"); });
  plain("debugfs: memory objects", allocates, [] { return file_read("/sys/kernel/debug/qtee/memory_objects"); });
}

}  // namespace qtee::inject
