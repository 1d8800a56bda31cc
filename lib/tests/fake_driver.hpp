// SPDX-License-Identifier: BSD-3-Clause
//
// A driver in memory, behind the library's Transport. Its files are real: an object is the writing end of a pipe, so
// that the end of its last descriptor is seen; a callback server is one end of a socket, so that poll() works.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "qtee/detail/uapi.hpp"
#include "qtee/file_descriptor.hpp"
#include "qtee/transport.hpp"

namespace qtee::test {

inline constexpr std::int32_t kRefused = -100'000;
constexpr std::int32_t refused(int error) { return kRefused - error; }

/// One INVOKE as the driver sees it; params are the caller's own memory.
struct FakeCall {
  std::uint32_t op;
  std::span<qcom_tee_param> params;

  std::span<const std::uint8_t> input(std::size_t index) const;
  void set_output(std::size_t index, std::span<const std::uint8_t> bytes) const;
};

/// Answers QTEE's result, or refused(errno) for an INVOKE that fails.
using FakeHandler = std::function<std::int32_t(FakeCall&)>;

/// An argument of a callback and what came of it.
struct FakeArgument {
  qcom_tee_param param{};
  std::vector<std::uint8_t> bytes;     // an input's content; for an output, its capacity, then what was written
  std::shared_ptr<FileDescriptor> fd;  // of an answer: the driver's own hold on an object
};

struct FakeAnswer {
  int status = 0;  // 0, or a negative errno when there was no answer
  std::int32_t result = 0;
  std::vector<FakeArgument> arguments;
};

class FakeDriver final : public Transport {
 public:
  /// Puts itself in place.
  FakeDriver();
  ~FakeDriver() override;

  int open(const char* path, int flags) noexcept override;
  int ioctl(int fd, unsigned long request, void* argument) noexcept override;
  int poll(std::span<pollfd> fds) noexcept override;

  /// What the root object does.
  FakeHandler root;

  /// A new object, as a descriptor for the caller to own.
  int object_open(FakeHandler handler);
  /// Objects that somebody has a descriptor of.
  std::size_t objects_alive();

  /// Calls an object of the server that `host_id` named; waits for its answer.
  FakeAnswer callback(int host_id, std::uint64_t id, std::uint32_t op, std::vector<FakeArgument> arguments = {});
  /// Tells the server that an object is released.
  void release(int host_id, std::uint64_t id);

  /// The next REPLY of those to come fails so, and the request still waits.
  void fail_reply(int error);
  /// RECEIVE fails so from now on.
  void fail_receive(int error);
  /// begin and end of CPU access, as flags
  std::vector<std::uint64_t> syncs;
  /// What ALLOC was last asked, and what it answers: 0 or -errno.
  qcom_tee_alloc_arg allocated{};
  int alloc_status = 0;
  /// number of ENOSPC answers
  int no_space = 0;

 private:
  struct Request {
    std::uint32_t request_id = 0;
    std::uint64_t id = 0;
    std::uint32_t op = 0;
    std::vector<FakeArgument> arguments;
    bool answered = false;
    FakeAnswer answer;
  };
  struct Server {
    FileDescriptor peer;
    std::deque<Request*> queue;
    std::map<std::uint32_t, Request*> pending;
    std::deque<Request> notifications;
  };
  struct FakeObject {
    FileDescriptor peer;
    FakeHandler handler;
  };

  int alloc(qcom_tee_alloc_arg& arg);
  int invoke(int fd, qcom_tee_ioctl_data& data);
  int receive(int fd, qcom_tee_ioctl_data& data);
  int reply(int fd, qcom_tee_ioctl_data& data);
  void queue(Server& server, Request& request);
  static ino_t inode(int fd);

  std::mutex mutex_;
  std::condition_variable answered_;
  std::map<ino_t, FakeObject> objects_;
  std::map<ino_t, Server> servers_;
  std::uint32_t next_request_ = 1;
  int fail_reply_ = 0;
  int fail_receive_ = 0;
  Transport* before_;
};

/// Descriptors that the process has open.
std::size_t fds_open();

}  // namespace qtee::test
