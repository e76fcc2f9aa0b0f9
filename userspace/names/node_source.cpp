// SPDX-License-Identifier: BSD-2-Clause
#include "names/node_source.hpp"

#include "kernel/links.hpp"
#include "util/printable.hpp"

#include <sys/utsname.h>
#include <utility>

namespace brpath {

SourceReport NodeSource::report() {
    const auto now = std::chrono::steady_clock::now();

    if (now < next_)
        return report_;
    next_ = now + std::chrono::seconds(1);
    auto addresses = list_addresses();
    if (!addresses) {
        report_.state = SourceReport::State::down;
        report_.why = addresses.error().tried + ": " + addresses.error().why;
        return report_;
    }
    utsname system{};
    ::uname(&system);
    NameSet names;
    if (!addresses->empty())
        names.endpoints.push_back({printable(system.nodename), "", "", std::move(*addresses), 0});
    report_.state = SourceReport::State::up;
    report_.why.clear();
    if (names != *report_.names)
        report_.names = std::make_shared<const NameSet>(std::move(names));
    return report_;
}

} // namespace brpath
