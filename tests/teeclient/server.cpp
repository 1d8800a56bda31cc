// SPDX-License-Identifier: BSD-3-Clause
#include "server.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

namespace qtee::tee {
namespace {

constexpr int kStopSignal = SIGUSR1;
constexpr std::uint64_t kMetaInout = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INOUT | TEE_IOCTL_PARAM_ATTR_META;
constexpr std::uint64_t kMetaOutput = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT | TEE_IOCTL_PARAM_ATTR_META;
constexpr std::int32_t kErrorBadObject = -92;

// A handler that does nothing, without SA_RESTART: the signal ends the receive that it interrupts.
void install_stop_signal() {
  static const bool installed = [] {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    return ::sigaction(kStopSignal, &action, nullptr) == 0;
  }();
  if (!installed) throw std::system_error(errno, std::generic_category(), "sigaction");
}

}  // namespace

bool Request::has_shape(std::size_t inputs, std::size_t outputs, std::size_t in_objects,
                        std::size_t out_objects) const {
  return inputs_.size() == inputs && outputs_.size() == outputs && in_objects_.size() == in_objects &&
         out_objects_.size() == out_objects;
}

void Request::reply(std::size_t index, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(data);
  outputs_.at(index).assign(bytes, bytes + size);
}

Server::Server(std::shared_ptr<TeeDevice> device, Options options) : device_(std::move(device)), options_(options) {
  install_stop_signal();
  for (unsigned i = 0; i < options_.threads; i++) {
    workers_.push_back(std::make_unique<Worker>());
    Worker& worker = *workers_.back();
    worker.thread = std::thread([this, &worker] { serve(worker); });
  }
}

Server::~Server() { stop(); }

void Server::stop() {
  stopping_ = true;
  for (const auto& worker : workers_) {
    if (!worker->thread.joinable()) continue;
    // The signal may come just before the thread enters the ioctl and be lost: again until it is out.
    while (!worker->done) {
      if (worker->receiving) ::pthread_kill(worker->thread.native_handle(), kStopSignal);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    worker->thread.join();
  }
}

std::uint64_t Server::add(std::shared_ptr<Callback> callback) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = next_id_++;
  entries_[id].callback = std::move(callback);
  return id;
}

void Server::remove(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  entry->second.removed = true;
  drop_if_unused(entry);
}

void Server::drop_if_unused(std::map<std::uint64_t, Entry>::iterator entry) {
  if (entry->second.removed && entry->second.references == 0) entries_.erase(entry);
}

std::size_t Server::references(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  return entry == entries_.end() ? 0 : entry->second.references;
}

std::size_t Server::references() const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const auto& [id, entry] : entries_) sum += entry.references;
  return sum;
}

bool Server::wait_references(std::uint64_t id, std::size_t count, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] {
    const auto entry = entries_.find(id);
    return (entry == entries_.end() ? 0 : entry->second.references) == count;
  });
}

std::vector<std::string> Server::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

void Server::fault(std::string text) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(std::move(text));
}

void Server::sent(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry != entries_.end()) entry->second.references++;
}

void Server::unsent(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry == entries_.end() || entry->second.references == 0) return;
  entry->second.references--;
  drop_if_unused(entry);
  changed_.notify_all();
}

void Server::release(std::uint64_t id) {
  std::shared_ptr<Callback> callback;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(id);
    if (entry == entries_.end() || entry->second.references == 0) {
      faults_.push_back("release of object " + std::to_string(id) + ", which QTEE does not hold");
      return;
    }
    callback = entry->second.callback;
  }
  // Told before it is counted: who waits for the count looks at what came of it.
  callback->released();
  releases_++;
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  if (entry->second.references > 0) entry->second.references--;
  drop_if_unused(entry);
  changed_.notify_all();
}

void Server::serve(Worker& worker) {
  std::vector<std::uint64_t> buffer((options_.buffer_size + 7) / 8);
  while (!stopping_) {
    std::vector<Param> params(options_.params, Param{});
    params[0] = {kMetaInout, reinterpret_cast<std::uintptr_t>(buffer.data()), options_.buffer_size, 0};
    std::uint32_t func = 0;
    worker.receiving = true;
    const int error = device_->receive(func, params);
    worker.receiving = false;
    if (error == EINTR) continue;
    if (error != 0) {
      fault("receive failed: " + std::generic_category().message(error));
      break;
    }
    if (params.empty()) {
      fault("a request without its meta parameter");
      continue;
    }
    if (func == kOpRelease) {
      if (params.size() != 1) fault("a release with parameters");
      release(params[0].a);
      continue;
    }
    Request request;
    if (parse(func, std::move(params), request)) answer(request);
  }
  worker.done = true;
}

bool Server::parse(std::uint32_t func, std::vector<Param> params, Request& request) {
  request.object_id_ = params[0].a;
  request.op_ = func;
  for (std::size_t i = 1; i < params.size(); i++) {
    const Param& param = params[i];
    switch (param.attr) {
      case TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_INPUT:
        request.inputs_.emplace_back(reinterpret_cast<const std::byte*>(param.a), param.b);
        break;
      case TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT:
        request.output_sizes_.push_back(param.b);
        break;
      case TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_INPUT:
        request.in_objects_.emplace_back(device_, param);
        break;
      case TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT:
        request.out_objects_.emplace_back();
        break;
      default:
        fault("a request with a parameter of attribute " + std::to_string(param.attr));
        return false;
    }
  }
  request.outputs_.resize(request.output_sizes_.size());
  request.params_ = std::move(params);
  return true;
}

void Server::answer(Request& request) {
  std::shared_ptr<Callback> callback;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(request.object_id_);
    if (entry != entries_.end()) callback = entry->second.callback;
  }
  std::int32_t result = kErrorBadObject;
  if (callback != nullptr) {
    result = callback->invoke(request);
  } else {
    fault("a request to object " + std::to_string(request.object_id_) + ", which is not there");
  }

  std::vector<Param> params = std::move(request.params_);
  params[0] = {kMetaOutput, params[0].b, 0, 0};
  std::vector<Request::OutObject> sent_objects;
  if (result != 0) {
    params.resize(1);
  } else {
    std::size_t output = 0;
    std::size_t object = 0;
    for (Param& param : params) {
      if (param.attr == TEE_IOCTL_PARAM_ATTR_TYPE_UBUF_OUTPUT) {
        param.a = reinterpret_cast<std::uintptr_t>(request.outputs_[output].data());
        param.b = request.outputs_[output].size();
        output++;
      } else if (param.attr == TEE_IOCTL_PARAM_ATTR_TYPE_OBJREF_OUTPUT) {
        const Request::OutObject& out = request.out_objects_[object++];
        out.ref.store(param);
        if (out.server != nullptr) {
          out.server->sent(out.ref.id);
          sent_objects.push_back(out);
        }
      }
    }
  }
  const int error = device_->send(static_cast<std::uint32_t>(result), params);
  requests_++;
  if (error != 0) {
    refused_++;
    for (const Request::OutObject& out : sent_objects) out.server->unsent(out.ref.id);
  }
}

}  // namespace qtee::tee
