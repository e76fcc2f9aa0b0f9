// SPDX-License-Identifier: BSD-2-Clause
#include "watch/namespaces.hpp"

#include "util/printable.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace brpath {

Result<void> WatchedNamespaces::add(Netns netns, std::string label) {
    const auto inode = netns.inode;
    const bool is_known = std::any_of(watches_.begin(), watches_.end(),
                                      [&](const auto &watch) { return watch.netns() == inode; });

    if (is_known)
        return {};
    auto watch = BridgeWatch::open(std::move(netns), std::move(label));
    if (!watch)
        return Failure(watch.error());
    watches_.push_back(std::move(*watch));
    return {};
}

Result<WatchedNamespaces> WatchedNamespaces::open(const std::string &only) {
    WatchedNamespaces namespaces;
    auto own = current_netns();

    if (!own)
        return Failure(own.error());
    namespaces.own_ = own->inode;
    auto first = only.empty() ? std::move(own) : open_netns(only);
    if (!first)
        return Failure(first.error());
    if (!only.empty()) {
        namespaces.only_ = first->inode;
        namespaces.names_[only] = first->inode;
    }
    if (auto done = namespaces.add(std::move(*first), printable(only)); !done)
        return Failure(done.error());
    namespaces.rescan();
    return namespaces;
}

std::vector<Change> WatchedNamespaces::rescan() {
    std::vector<Change> changes;
    std::map<std::string, std::uint32_t> now;

    if (only_)
        return changes;
    for (const auto &name : list_netns_names()) {
        auto netns = open_netns(name); // fails while `ip netns add` is about to make it
        if (!netns)
            continue;
        const auto inode = netns->inode;
        const auto before = watches_.size();
        now[name] = inode;
        if (const auto known = names_.find(name); known != names_.end() && known->second == inode)
            continue;
        if (const auto done = add(std::move(*netns), printable(name)); !done)
            blind_ = done.error().kind == ErrorKind::permission ? done.error().why : blind_;
        if (watches_.size() > before)
            for (auto &change : watches_.back().as_created())
                changes.push_back(std::move(change));
    }
    std::erase_if(watches_, [&](const BridgeWatch &watch) {
        return watch.netns() != own_ && std::none_of(now.begin(), now.end(), [&](const auto &named) {
                   return named.second == watch.netns();
               });
    });
    names_ = std::move(now);
    return changes;
}

std::string WatchedNamespaces::name_of(std::uint32_t inode) const {
    for (const auto &[name, number] : names_)
        if (number == inode)
            return printable(name);
    return inode == own_ || inode == 0 ? "" : fmt::format("net:[{}]", inode);
}

} // namespace brpath
