// SPDX-License-Identifier: BSD-2-Clause
// Containers of Docker and of Podman, which has the same interface.
#pragma once

#include "names/source.hpp"

#include <memory>
#include <string>

namespace brpath {

constexpr const char *docker_socket = "/var/run/docker.sock";
constexpr const char *podman_socket = "/run/podman/podman.sock";

// Asks in a thread of its own, follows the events, and asks again when one came. Absent as long as there was
// no socket. `id` must outlive it.
std::unique_ptr<NameSource> make_docker_source(const char *id, std::string socket_path);

} // namespace brpath
