// SPDX-License-Identifier: BSD-3-Clause
#include "profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

namespace qtee::tune {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Profile profile_read(const fs::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(fmt::format("{}: it can't be read", path.string()));
  return profile_parse(std::string(std::istreambuf_iterator<char>(file), {}), path.string());
}

}  // namespace

std::vector<fs::path> profile_folders() {
  std::vector<fs::path> folders;
  if (const char* folder = std::getenv("QTEE_PROFILES")) folders.emplace_back(folder);
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (!error) folders.push_back(self.parent_path().parent_path() / "profiles");
  folders.emplace_back("/etc/qtee/profiles");
  folders.emplace_back("/usr/share/qtee/profiles");
  return folders;
}

Profile profile_parse(const std::string& text, const std::string& where) {
  try {
    const Json json = Json::parse(text);
    if (json.at("schema") != kProfileSchema)
      throw std::invalid_argument(
          fmt::format("its schema is {}, this knows {}", json.at("schema").dump(), kProfileSchema));
    Profile profile{json.at("name"), json.value("description", ""), {}};
    for (const auto& [name, value] : json.at("settings").items()) {
      const Tunable& known = tunable(name);
      const Values values = value.is_array() ? value.get<Values>() : Values{value.get<std::uint32_t>()};
      values_check(known, values);
      profile.settings.emplace(name, values);
    }
    settings_check(profile.settings);
    return profile;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: this is no profile: {}", where, error.what()));
  }
}

std::string profile_format(const Profile& profile) {
  Json json = {{"schema", kProfileSchema}, {"name", profile.name}, {"description", profile.description}};
  Json& settings = json["settings"] = Json::object();
  for (const auto& [name, values] : profile.settings)
    settings[name] = tunable(name).count == 1 ? Json(values[0]) : Json(values);
  return json.dump(2) + "\n";
}

std::vector<Profile> profiles_list(const std::vector<fs::path>& folders) {
  std::vector<Profile> profiles;
  std::set<std::string> known;
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().extension() != ".json" || !known.insert(entry.path().stem()).second) continue;
      profiles.push_back(profile_read(entry.path()));
    }
  }
  std::ranges::sort(profiles, {}, &Profile::name);
  return profiles;
}

Profile profile_load(const std::string& name, const std::vector<fs::path>& folders) {
  if (name.find('/') != name.npos) return profile_read(name);
  std::string places;
  for (const fs::path& folder : folders) {
    const fs::path path = folder / (name + ".json");
    if (fs::exists(path)) return profile_read(path);
    places.append(places.empty() ? "" : ", ").append(folder.string());
  }
  throw std::runtime_error(
      fmt::format("there is no profile {} in {}; --profiles lists those that there are", name, places));
}

}  // namespace qtee::tune
