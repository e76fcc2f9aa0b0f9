// SPDX-License-Identifier: BSD-2-Clause
// What the path of a control group tells about who is in it.
#pragma once

#include <string>
#include <string_view>

namespace brpath {

struct CgroupWords {
    std::string unit;      // the innermost one of systemd that is no slice: "ssh.service", "session-3.scope"
    std::string container; // the first twelve characters of its id
    std::string pod_uid;   // with dashes
};

// By the names that systemd, Docker, Podman, containerd, CRI-O and the kubelet give, under both of the
// kubelet's drivers:
// "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUID.slice/cri-containerd-ID.scope",
// "/kubepods/burstable/podUID/ID", "/system.slice/docker-ID.scope", "/docker/ID", "libpod-ID.scope".
CgroupWords cgroup_words(std::string_view path);

// "namespace/name" of the pod, by the folder that the kubelet keeps of its logs (NAMESPACE_NAME_UID); the uid
// if there is none. `folder` but for tests.
std::string pod_name(const std::string &uid, const std::string &folder = "/var/log/pods");

} // namespace brpath
