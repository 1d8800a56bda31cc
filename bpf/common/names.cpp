// SPDX-License-Identifier: BSD-3-Clause
#include "names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <stdexcept>

#include "quantity.hpp"

namespace qtee::bpf {
namespace {

struct Name {
  std::int64_t number;
  std::string_view text;
};

constexpr Name kAnyOps[] = {{0xffff, "RELEASE"}, {0xfffe, "RETAIN"}};
constexpr Name kRootOps[] = {{0, "open"},
                             {1, "registerLegacy"},
                             {2, "registerAsClient"},
                             {3, "registerWithWhitelist"},
                             {4, "notifyDomainChange"},
                             {5, "registerWithCredentials"},
                             {6, "loadCmnlibFromBuffer"},
                             {7, "configTaRegion"},
                             {8, "adciAccept"},
                             {9, "adciShutdown"}};
constexpr Name kPrimordialOps[] = {{0, "MAP_REGION"}, {1, "YIELD"}, {2, "SLEEP"}};
constexpr Name kResults[] = {{0, "OK"},        {1, "ERROR"},     {2, "INVALID"},      {3, "SIZE_IN"},
                             {4, "SIZE_OUT"},  {5, "MEM"},       {-90, "DEFUNCT"},    {-91, "ABORT"},
                             {-92, "BADOBJ"},  {-93, "NOSLOTS"}, {-94, "MAXARGS"},    {-95, "MAXDATA"},
                             {-96, "UNAVAIL"}, {-97, "KMEM"},    {-98, "REMOTE"},     {-99, "BUSY"},
                             {-100, "AUTH"},   {-101, "REPLAY"}, {-102, "MAXREPLAY"}, {-103, "TIMEOUT"}};
constexpr Name kErrors[] = {
    {0, "none"},     {-1, "EPERM"},   {-2, "ENOENT"},   {-4, "EINTR"},     {-5, "EIO"},         {-7, "E2BIG"},
    {-9, "EBADF"},   {-11, "EAGAIN"}, {-12, "ENOMEM"},  {-14, "EFAULT"},   {-16, "EBUSY"},      {-19, "ENODEV"},
    {-22, "EINVAL"}, {-28, "ENOSPC"}, {-74, "EBADMSG"}, {-90, "EMSGSIZE"}, {-95, "EOPNOTSUPP"}, {-110, "ETIMEDOUT"}};
constexpr Name kTransports[] = {{0, "scm"}, {1, "smc"}, {2, "direct"}};
constexpr Name kSmcs[] = {{0, "invoke"}, {1, "respond"}, {2, "reenter"}, {3, "resume"}};
constexpr Name kAnswers[] = {{0, "final"}, {1, "callback"}, {2, "interrupted"},
                             {3, "sleep"}, {4, "busy"},     {5, "refused"}};
constexpr Name kFates[] = {{0, "released"}, {1, "unsent"}, {2, "failed"}, {3, "dropped"}};

std::string_view name_of(std::span<const Name> names, std::int64_t number) {
  const auto found = std::ranges::find(names, number, &Name::number);
  return found == names.end() ? std::string_view() : found->text;
}

std::string name_or_number(std::span<const Name> names, std::int64_t number) {
  const std::string_view name = name_of(names, number);
  return name.empty() ? std::to_string(number) : std::string(name);
}

std::string number_and_name(std::span<const Name> names, std::int64_t number) {
  const std::string_view name = name_of(names, number);
  return name.empty() ? std::to_string(number) : fmt::format("{}({})", number, name);
}

}  // namespace

std::string operation_name(std::uint32_t object, std::uint32_t op) {
  if (object == kRootObject) return name_or_number(kRootOps, op);
  if (object == kPrimordialObject) return name_or_number(kPrimordialOps, op);
  return operation_name(op);
}

std::string operation_name(std::uint32_t op) { return name_or_number(kAnyOps, op); }
std::string result_name(std::int32_t result) { return number_and_name(kResults, result); }
std::string error_name(std::int32_t error) { return number_and_name(kErrors, error); }
std::string object_name(std::uint64_t object) { return fmt::format("{:#x}", object); }
std::string transport_name(std::uint32_t transport) { return name_or_number(kTransports, transport); }
std::string smc_name(std::uint32_t kind) { return name_or_number(kSmcs, kind); }
std::string answer_name(std::uint32_t answer) { return name_or_number(kAnswers, answer); }
std::string fate_name(std::uint32_t fate) { return name_or_number(kFates, fate); }

Operation operation_parse(std::string_view text) {
  std::string all;
  const auto find = [&](std::span<const Name> names) -> const Name* {
    for (const Name& name : names) {
      if (name.text == text) return &name;
      all.append(all.empty() ? "" : ", ").append(name.text);
    }
    return nullptr;
  };
  const auto op = [](const Name* name) { return static_cast<std::uint32_t>(name->number); };
  if (const Name* name = find(kAnyOps)) return {op(name), std::nullopt};
  if (const Name* name = find(kRootOps)) return {op(name), kRootObject};
  if (const Name* name = find(kPrimordialOps)) return {op(name), kPrimordialObject};
  try {
    return {static_cast<std::uint32_t>(number_parse(text, 0xffff)), std::nullopt};
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument(fmt::format("{} is no operation: a number from 0 to 65535, or one of {}", text, all));
  }
}

}  // namespace qtee::bpf
