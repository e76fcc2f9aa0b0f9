// SPDX-License-Identifier: BSD-2-Clause
// Sources that are files in a few folders: libcni's result cache, host-local's reservations, libvirt's
// domains.
#pragma once

#include "names/source.hpp"
#include "names/watched_folder.hpp"

#include <memory>
#include <string>
#include <vector>

namespace brpath {

// /var/lib/cni/results and /var/lib/cni/cache/results: pods' names, addresses and ports, of every runtime
// that uses libcni (containerd, CRI-O, Podman of old). `root` goes before the paths.
std::unique_ptr<NameSource> make_cni_source(const std::string &root);

// /var/lib/cni/networks/NET/ADDRESS has a container's id.
std::unique_ptr<NameSource> make_ipam_source(const std::string &root);

// /run/libvirt/qemu/NAME.xml: a virtual machine's name, by its tap devices and MACs.
std::unique_ptr<NameSource> make_libvirt_source(const std::string &root);

} // namespace brpath
