// SPDX-License-Identifier: BSD-3-Clause
//
// Serves callback objects: threads that receive QTEE's requests and send the answers.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "object.hpp"

namespace qtee::tee {

class Server;

// A request to a callback object, and its answer in the making. Inputs are valid until the handler returns.
class Request final {
 public:
  std::uint64_t object_id() const { return object_id_; }
  std::uint32_t op() const { return op_; }

  // Whether the request has just these counts of each kind.
  bool has_shape(std::size_t inputs, std::size_t outputs, std::size_t in_objects, std::size_t out_objects) const;

  const std::vector<std::span<const std::byte>>& inputs() const { return inputs_; }
  // The value of an input buffer, which must have the size of T.
  template <typename T>
  bool input_value(std::size_t index, T& value) const {
    if (index >= inputs_.size() || inputs_[index].size() != sizeof(T)) return false;
    __builtin_memcpy(&value, inputs_[index].data(), sizeof(T));
    return true;
  }

  // The most that QTEE takes in each output buffer.
  const std::vector<std::size_t>& output_sizes() const { return output_sizes_; }
  // Fills an output buffer with a copy; one that is not filled comes back empty.
  void reply(std::size_t index, const void* data, std::size_t size);
  template <typename T>
  void reply_value(std::size_t index, const T& value) {
    reply(index, &value, sizeof(T));
  }

  // Objects that came in; those that QTEE hosts are released after the answer unless they are taken.
  std::vector<Received>& in_objects() { return in_objects_; }

  std::size_t out_objects() const { return out_objects_.size(); }
  // What goes out; an object that is not set is NULL. The handler's owner keeps what it passes.
  void reply_ref(std::size_t index, Ref ref) { out_objects_.at(index) = {ref, nullptr}; }
  void reply_callback(std::size_t index, Server& server, std::uint64_t id) {
    out_objects_.at(index) = {Ref::user(id), &server};
  }

 private:
  friend class Server;

  struct OutObject {
    Ref ref;
    Server* server = nullptr;
  };

  std::uint64_t object_id_ = 0;
  std::uint32_t op_ = 0;
  std::vector<Param> params_;
  std::vector<std::span<const std::byte>> inputs_;
  std::vector<std::size_t> output_sizes_;
  std::vector<std::vector<std::byte>> outputs_;
  std::vector<Received> in_objects_;
  std::vector<OutObject> out_objects_;
};

// A callback object. Any thread of its server may call it, several at once.
class Callback {
 public:
  virtual ~Callback() = default;
  // Answers a request: 0, or an error; with an error nothing goes out.
  virtual std::int32_t invoke(Request& request) = 0;
  // QTEE let go of one reference.
  virtual void released() {}
};

class Server final {
 public:
  struct Options {
    unsigned threads = 1;
    std::size_t buffer_size = 1024;  // room for the inputs of one request
    std::size_t params = 11;         // one for the request itself, the others for arguments
  };

  explicit Server(std::shared_ptr<TeeDevice> device) : Server(std::move(device), Options()) {}
  Server(std::shared_ptr<TeeDevice> device, Options options);
  // Stops the threads. Callbacks that QTEE still refers to are dropped.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Gives the object a number to pass it under. It lives until remove() and the last release.
  std::uint64_t add(std::shared_ptr<Callback> callback);
  void remove(std::uint64_t id);

  // References that QTEE holds: on one object, on all.
  std::size_t references(std::uint64_t id) const;
  std::size_t references() const;
  // Waits until QTEE holds none; false at the deadline. Releases ride on other answers of QTEE, so that whoever waits
  // has to see to it that there are some.
  bool wait_references(std::uint64_t id, std::size_t count, std::chrono::milliseconds timeout) const;

  // Requests answered, and releases heard of.
  std::uint64_t requests() const { return requests_; }
  std::uint64_t releases() const { return releases_; }
  // Protocol errors of the kernel, in words: a release of what is not held, a request to an unknown object, a receive
  // that failed. None in a run that is right.
  std::vector<std::string> faults() const;
  // Answers that the kernel refused, as it must when the invoker is gone.
  std::uint64_t refused() const { return refused_; }

  const std::shared_ptr<TeeDevice>& device() const { return device_; }

  // Ends all threads that wait for a request.
  void stop();

  // Counts a reference that goes to QTEE, and takes the count back. For those who pass an object.
  void sent(std::uint64_t id);
  void unsent(std::uint64_t id);

 private:
  struct Entry {
    std::shared_ptr<Callback> callback;
    std::size_t references = 0;
    bool removed = false;
  };
  struct Worker {
    std::thread thread;
    std::atomic<bool> receiving = false;
    std::atomic<bool> done = false;
  };

  void serve(Worker& worker);
  bool parse(std::uint32_t func, std::vector<Param> params, Request& request);
  void answer(Request& request);
  void release(std::uint64_t id);
  void fault(std::string text);
  void drop_if_unused(std::map<std::uint64_t, Entry>::iterator entry);

  std::shared_ptr<TeeDevice> device_;
  Options options_;
  mutable std::mutex mutex_;  // guards entries_, next_id_, faults_
  mutable std::condition_variable changed_;
  std::map<std::uint64_t, Entry> entries_;
  std::uint64_t next_id_ = 1;
  std::vector<std::string> faults_;
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::uint64_t> releases_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<bool> stopping_ = false;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace qtee::tee
