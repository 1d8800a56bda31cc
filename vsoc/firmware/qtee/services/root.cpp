// SPDX-License-Identifier: BSD-3-Clause
//
// The root object: registration, and the boot services that only it has.
#include <atomic>
#include <cstring>

#include "app.hpp"
#include "client_env.hpp"
#include "services.hpp"
#include "vsoc/interfaces.hpp"

namespace qtee::fw {
namespace {

namespace env = vsoc::client_env;

constexpr std::uint64_t kPage = 4096;
constexpr std::size_t kWhitelistMax = 64;  // UIDs

Result env_give(Call& call, Client client) {
  TeeRef made = client_env_new(std::move(client));
  if (!made) return kKmem;
  call.object_out(0, std::move(made));
  return kOk;
}

// Asks a credentials object of the io interface for all it has. `client` is filled only where the result is kOk.
Task<Result> credentials_read(Call& call, const NsRef& source, Client& client) {
  std::uint64_t length = 0;
  {
    CallbackArgs args;
    args.add_out_value(length);
    const Result result = co_await call.callback(source, vsoc::io::kGetLength, args);
    if (result != kOk) co_return result;
    if (args.out_size(0) != sizeof length || length == 0 || length > vsoc::io::kMaxCredentials) co_return kInvalid;
  }
  const Buffer content(length);
  if (!content.ok()) co_return kKmem;
  const std::uint64_t offset = 0;
  CallbackArgs args;
  args.add_in_value(offset);
  args.add_out(content.bytes());
  const Result result = co_await call.callback(source, vsoc::io::kReadAtOffset, args);
  if (result != kOk) co_return result;
  if (args.out_size(0) != length || !credentials_parse(content.bytes(), client.credentials)) co_return kInvalid;
  co_return kOk;
}

class Root final : public Object {
 public:
  Root() : Object(Lifetime::fixed) {}

  Task<Result> invoke(Call& call, std::uint32_t op) override {
    const auto ready = [](Result result) { return Task<Result>::ready(result); };
    switch (op) {
      case env::kOpen:
        return ready(client_env_open(call, Client{}));
      case env::kRegisterLegacy:
        return ready(call.shape(1, 0, 0, 1) ? register_legacy(call) : kInvalid);
      case env::kRegisterAsClient:
        if (!call.shape(0, 0, 1, 1)) break;
        return register_as_client(call);
      case env::kRegisterWithWhitelist:
        if (!call.shape(1, 0, 1, 1)) break;
        return register_with_whitelist(call);
      case env::kRegisterWithCredentials:
        if (!call.shape(0, 0, 1, 1)) break;
        return register_with_credentials(call);
      case env::kLoadCmnlibFromBuffer:
        return ready(call.shape(1, 0, 0, 0) ? load_cmnlib(call) : kInvalid);
      case env::kConfigTaRegion:
        return ready(call.shape(1, 0, 0, 0) ? config_ta_region(call) : kInvalid);
      case env::kNotifyDomainChange:  // there are no domains whose change could matter
      case env::kAdciShutdown:        // nobody is ever accepted, so there is nobody to send home
        return ready(call.shape(0, 0, 0, 0) ? kOk : kInvalid);
      case env::kAdciAccept:  // would keep its CPU here until a shutdown that may never come
        return ready(call.shape(0, 0, 0, 0) ? kUnavail : kInvalid);
      default:
        break;
    }
    return ready(kInvalid);
  }

 private:
  static Result register_legacy(Call& call) {
    const auto shared = call.in(0);
    if (shared.empty() || shared.size() > vsoc::io::kMaxCredentials) return kInvalid;
    const Buffer copy(shared.size());
    if (!copy.ok()) return kKmem;
    std::memcpy(copy.data(), shared.data(), shared.size());
    Client client;
    if (!credentials_parse(copy.bytes(), client.credentials)) return kInvalid;
    return env_give(call, std::move(client));
  }

  // NULL would be the kernel's privilege, which this operation can't give.
  static Result credentials_source_check(const ObjectRef& source) {
    if (source.is_null()) return kInvalid;
    return source.is_ns() ? kOk : kBadObject;
  }

  static Task<Result> register_as_client(Call& call) {
    if (const Result bad = credentials_source_check(call.object_in(0))) co_return bad;
    Client client;
    const Result result = co_await credentials_read(call, call.object_in(0).ns(), client);
    if (result != kOk) co_return result;
    co_return env_give(call, std::move(client));
  }

  static Task<Result> register_with_whitelist(Call& call) {
    if (const Result bad = credentials_source_check(call.object_in(0))) co_return bad;
    const auto shared = call.in(0);
    if (shared.size() % sizeof(std::uint32_t) != 0 || shared.size() > kWhitelistMax * sizeof(std::uint32_t))
      co_return kInvalid;
    Client client;
    client.whitelisted = true;
    if (!shared.empty()) {
      client.whitelist = Buffer(shared.size());
      if (!client.whitelist.ok()) co_return kKmem;
      std::memcpy(client.whitelist.data(), shared.data(), shared.size());
    }
    const Result result = co_await credentials_read(call, call.object_in(0).ns(), client);
    if (result != kOk) co_return result;
    co_return env_give(call, std::move(client));
  }

  static Task<Result> register_with_credentials(Call& call) {
    Client client;
    const ObjectRef& source = call.object_in(0);
    if (source.is_null()) {
      client.kernel = true;
      co_return env_give(call, std::move(client));
    }
    if (!source.is_ns()) co_return kBadObject;
    static constexpr char name[] = {'u', 'i', 'd'};
    std::uint64_t uid = 0;
    CallbackArgs args;
    args.add_in(std::as_bytes(std::span(name)));
    args.add_out_value(uid);
    const Result result = co_await call.callback(source.ns(), vsoc::credentials::kGetValueByName, args);
    if (result == kOk) {
      // A u32 leaves the upper half as it was: zero.
      if (args.out_size(0) != sizeof(std::uint32_t) && args.out_size(0) != sizeof uid) co_return kInvalid;
      client.credentials.uid = uid;
      client.credentials.has_uid = true;
    } else if (result != vsoc::credentials::kErrorNotFound) {
      co_return result;
    }
    co_return env_give(call, std::move(client));
  }

  // The libraries are checked as any image is, and forgotten: TAs here need none.
  Result load_cmnlib(Call& call) {
    const auto shared = call.in(0);
    if (shared.empty()) return kInvalid;
    const Buffer copy(shared.size());
    if (!copy.ok()) return kKmem;
    std::memcpy(copy.data(), shared.data(), shared.size());
    TaImage image;
    if (ta_image_check(copy.bytes(), image) != kOk) return kInvalid;
    return cmnlib_loaded_.exchange(true) ? env::kErrorCommonlibsAlreadyLoaded : kOk;
  }

  // Clients send the struct packed, or with the padding that C gives it.
  static Result config_ta_region(Call& call) {
    const auto shared = call.in(0);
    if (shared.size() != sizeof(env::TaRegion) && shared.size() != 16) return kInvalid;
    env::TaRegion region;
    std::memcpy(&region, shared.data(), sizeof region);
    const std::uint64_t address = region.address;
    const std::uint32_t size = region.size;
    if (size == 0 || size % kPage != 0 || address % kPage != 0 || address + size < address) return kInvalid;
    return app_region_set(address, size) ? kOk : env::kErrorAppRegionAlreadySet;
  }

  std::atomic<bool> cmnlib_loaded_{false};
};

}  // namespace

TeeRef root_new() { return object_new<Root>(); }

}  // namespace qtee::fw
