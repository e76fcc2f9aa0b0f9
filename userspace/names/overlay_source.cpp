// SPDX-License-Identifier: BSD-2-Clause
#include "names/overlay_source.hpp"

#include "kernel/links.hpp"
#include "kernel/read_file.hpp"
#include "kernel/routes.hpp"
#include "names/other_nodes.hpp"
#include "util/printable.hpp"

#include <utility>

namespace brpath {

namespace {

constexpr std::size_t subnet_file_bytes_max = 65536;

Result<Overlay> read_overlay(const std::string &root) {
    Overlay overlay;
    auto links = list_links();
    auto routes = list_routes();
    auto addresses = list_neighbours(NeighbourTable::addresses);
    auto forwarding = list_neighbours(NeighbourTable::forwarding);

    if (!links)
        return Failure(links.error());
    if (!routes)
        return Failure(routes.error());
    if (!addresses)
        return Failure(addresses.error());
    if (!forwarding)
        return Failure(forwarding.error());
    overlay.links = std::move(*links);
    overlay.routes = std::move(*routes);
    overlay.addresses = std::move(*addresses);
    overlay.forwarding = std::move(*forwarding);
    if (const auto file = read_file(root + "/run/flannel/subnet.env", subnet_file_bytes_max))
        overlay.cluster_network = parse_flannel_network(*file);
    return overlay;
}

class OverlaySource : public NameSource {
  public:
    explicit OverlaySource(std::string root) : root_(std::move(root)) {}

    [[nodiscard]] const char *id() const override { return "overlay"; }

    [[nodiscard]] SourceReport report() override {
        const auto overlay = read_overlay(root_);
        if (!overlay)
            return {SourceReport::State::down,
                    printable("cannot " + overlay.error().tried + ": " + overlay.error().why), known_};
        NameSet names;
        names.networks = networks_of_other_nodes(*overlay);
        if (names != *known_)
            known_ = std::make_shared<const NameSet>(std::move(names));
        return {known_->networks.empty() ? SourceReport::State::absent : SourceReport::State::up, "", known_};
    }

  private:
    std::string root_;
    std::shared_ptr<const NameSet> known_ = std::make_shared<const NameSet>();
};

} // namespace

std::unique_ptr<NameSource> make_overlay_source(const std::string &root) {
    return std::make_unique<OverlaySource>(root);
}

} // namespace brpath
