// SPDX-License-Identifier: BSD-3-Clause
//
// Settings of a platform as a file: packaging/profiles/NAME.json.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "settings.hpp"

namespace qtee::tune {

/// Version of such files.
inline constexpr int kProfileSchema = 1;

struct Profile {
  std::string name;
  std::string description;
  Settings settings;
};

/// Folders in which profiles are looked for: $QTEE_PROFILES, that beside the program's, /etc/qtee/profiles,
/// /usr/share/qtee/profiles.
std::vector<std::filesystem::path> profile_folders();
/// By its name, or by its file's where that has a slash in it. Throws std::runtime_error, which says what is wrong.
Profile profile_load(const std::string& name, const std::vector<std::filesystem::path>& folders = profile_folders());
/// All that can be loaded in these folders, by name; the first of each.
std::vector<Profile> profiles_list(const std::vector<std::filesystem::path>& folders = profile_folders());

/// Throws std::runtime_error with `where` in it.
Profile profile_parse(const std::string& text, const std::string& where);
std::string profile_format(const Profile& profile);

}  // namespace qtee::tune
